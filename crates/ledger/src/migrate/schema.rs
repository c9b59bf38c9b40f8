//! The schema brought to what the release knows: one migration after the other, each recorded as it is applied.

use std::error::Error as StdError;
use std::time::Duration;

use refinery::{Migration, Target};
use tokio::time::Instant;
use tokio_postgres::Client;

use super::migrations::{Step, step};
use super::{Options, Report, limits, time_left};
use crate::error::{Error, ErrorKind, Result};

/// The longest pause between two tries.
const PAUSE: Duration = Duration::from_secs(15);

/// Applies what the database lacks. A migration that cannot have its locks is tried again, with pauses in which those
/// who queued behind it get theirs, until patience or time is at its end.
pub(super) async fn expand(client: &mut Client, options: &Options<'_>) -> Result<Report> {
    options.migrations.check()?;
    let patience = Instant::now() + options.patience;
    let give_up = options.until.map_or(patience, |until| until.min(patience));
    let mut applied = Vec::new();
    let mut pause = options.lock * 2;
    loop {
        match apply_missing(client, options, &mut applied).await {
            Ok(version) => {
                return Ok(Report {
                    applied,
                    version,
                    known: options.migrations.newest(),
                    logins: false,
                });
            }
            Err(error) if busy(&error) && Instant::now() + pause < give_up => {
                tracing::info!(
                    pause_ms = pause.as_millis(),
                    "a migration could not have its locks and is tried again"
                );
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE);
            }
            Err(error) => return Err(error),
        }
    }
}

/// No lock in time, or a deadlock that the server ended on our side.
fn busy(error: &Error) -> bool {
    matches!(error.sqlstate(), Some("55P03" | "40P01"))
}

/// The version that the schema has afterwards.
async fn apply_missing(
    client: &mut Client,
    options: &Options<'_>,
    applied: &mut Vec<String>,
) -> Result<i64> {
    set_limits(client, options).await?;
    let there = history(client, options).await?;
    for migration in options.migrations.missing(&there)? {
        // Anew for each: a migration may have set others for itself.
        set_limits(client, options).await?;
        apply(client, options, migration)
            .await
            .map_err(|error| told(error, migration))?;
        applied.push(migration.to_string());
    }
    let known = options.migrations.newest();
    Ok(there.into_iter().max().unwrap_or(0).max(known))
}

async fn set_limits(client: &Client, options: &Options<'_>) -> Result<()> {
    let statement =
        time_left(options.until).map_or(options.statement, |left| left.min(options.statement));
    limits(client, Some(options.lock), Some(statement)).await
}

/// The versions that were applied, by whichever release, after comparing them with what this one knows.
async fn history(client: &mut Client, options: &Options<'_>) -> Result<Vec<i64>> {
    client
        .batch_execute("CREATE SCHEMA IF NOT EXISTS waybill")
        .await?;
    // Versions begin with 1: this makes refinery's table and compares, and applies nothing.
    run(client, options, Target::Version(0)).await?;
    client
        .query("SELECT version FROM waybill.migrations", &[])
        .await?
        .iter()
        .map(|row| Ok(row.try_get(0)?))
        .collect()
}

async fn apply(client: &mut Client, options: &Options<'_>, migration: &Migration) -> Result<()> {
    let version = migration.version();
    match step(migration)? {
        Step::Transaction => run(client, options, Target::Version(version)).await,
        Step::Concurrent(statement) => {
            let sql = migration.sql().unwrap_or_default();
            statement
                .run(client, sql, options.lock, options.until)
                .await?;
            set_limits(client, options).await?;
            // Everything before it is applied: this records this one and runs nothing.
            run(client, options, Target::FakeVersion(version)).await
        }
    }
}

async fn run(client: &mut Client, options: &Options<'_>, target: Target) -> Result<()> {
    options
        .migrations
        .runner(target)
        .run_async(client)
        .await
        .map(drop)
        .map_err(|error| refinery_error(&error))
}

/// The error of a migration, saying which, that it was not applied, and what to do.
fn told(error: Error, migration: &Migration) -> Error {
    let text = match error.sqlstate() {
        Some("55P03" | "40P01") => format!(
            "{migration} was not applied: a load or a query holds a table that it changes, and did not let go of it in the time that there was; migrate again when that has ended"
        ),
        Some("57014") => format!(
            "{migration} was not applied: it was cancelled, or took longer than it may; docs/migrations.md says how to change a large table in small steps, and where to build an index that takes longer than a function may run"
        ),
        Some("25001") => format!(
            "{migration} was not applied: it has a statement that cannot run in a transaction; an index that is to be built concurrently has a file of its own, V<n>__<name>_concurrently.sql"
        ),
        Some(_) if error.kind() != ErrorKind::Unreachable => format!("{migration} was not applied"),
        _ => return error,
    };
    // Whoever asks what to do about it must not be told that the database was out of reach.
    let kind = match error.kind() {
        ErrorKind::Unreachable => ErrorKind::Internal,
        kind => kind,
    };
    match error.fault() {
        Some(fault) => Error::new(kind, text).with_source(fault.clone()),
        None => Error::new(kind, text).with_source(error),
    }
}

/// refinery's error without the server's detail.
fn refinery_error(error: &refinery::Error) -> Error {
    use refinery::error::Kind;

    match error.kind() {
        Kind::Connection(doing, source) => {
            // refinery wraps some of its own errors again.
            let mut next: Option<&(dyn StdError + 'static)> = Some(source.as_ref());
            while let Some(cause) = next {
                if let Some(database) = cause.downcast_ref::<tokio_postgres::Error>() {
                    return Error::from_driver(database).doing(doing.clone());
                }
                next = cause.source();
            }
            Error::internal(doing.clone())
        }
        Kind::DivergentVersion(applied, ours) => Error::new(
            ErrorKind::Conflict,
            format!(
                "the database had another migration {applied} than this release's {ours}: migrations are never edited; put it back as it was and write the change as the next one (where nothing is to be kept, drop the database: `waybill local down --purge` on your own machine)"
            ),
        ),
        other => Error::internal(other.to_string()),
    }
}
