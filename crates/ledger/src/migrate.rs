//! The database brought to what this release needs: schema, roles, and proof that the contracts fit the tables.

mod roles;
mod server;
mod verify;

use std::time::Duration;

use contract::Contract;
use refinery::Target;
use tokio_postgres::Client;

use crate::{
    connect::Secret,
    error::{Error, ErrorKind, Result},
};

pub use roles::{Logins, roles};
pub use server::{Bootstrap, bootstrap, drop_database};
pub use verify::{Misfit, verify};

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// The key of the lock that lets one migration run at a time in a database: "waybill" in ASCII.
const LOCK: i64 = 0x0077_6179_6269_6c6c;
const HISTORY: &str = "waybill.migrations";

/// How to migrate.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// The contracts that must fit the tables afterwards.
    pub contracts: &'a [Contract],
    /// Passwords for the login roles, where they are to be set.
    pub logins: Option<Logins>,
    /// How long to wait for another migration to end.
    pub wait: Duration,
    /// How long one step may wait for a lock, readers and loaders queueing behind it meanwhile.
    pub lock: Duration,
    /// How long one statement may take.
    pub statement: Duration,
    /// How often a migration that could not get its locks is tried.
    pub tries: u32,
}

impl Options<'static> {
    /// The shipped contracts, no passwords, limits that suit a release.
    pub fn shipped() -> Self {
        Self {
            contracts: contract::shipped(),
            logins: None,
            wait: Duration::from_secs(60),
            lock: Duration::from_secs(3),
            statement: Duration::from_secs(300),
            tries: 5,
        }
    }
}

impl Options<'_> {
    /// The same, setting these passwords.
    #[must_use]
    pub fn with_logins(mut self, loader: Secret, reader: Secret, api: Secret) -> Self {
        self.logins = Some(Logins {
            loader,
            reader,
            api,
        });
        self
    }

    /// The same for other contracts.
    #[must_use]
    pub fn with_contracts(self, contracts: &[Contract]) -> Options<'_> {
        Options {
            contracts,
            logins: self.logins,
            wait: self.wait,
            lock: self.lock,
            statement: self.statement,
            tries: self.tries,
        }
    }
}

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// The migrations that were applied now, `V1__ledger`.
    pub applied: Vec<String>,
    /// The version the schema has now.
    pub version: i64,
    /// The newest version this release knows. Below `version` where a newer release has been here.
    pub known: i64,
    /// Whether the login roles were set.
    pub logins: bool,
}

/// Migrates, sets the login roles, and checks the contracts, all under one lock. The session is the owner's.
///
/// A schema that a newer release has migrated further is left as it is: migrations only ever expand under a release
/// that runs, so an older one keeps working on it.
pub async fn run(client: &mut Client, options: &Options<'_>) -> Result<Report> {
    lock(client, options.wait).await?;
    let outcome = locked(client, options).await;
    let unlocked = client
        .execute("SELECT pg_advisory_unlock($1)", &[&LOCK])
        .await;
    let report = outcome?;
    unlocked?;
    Ok(report)
}

async fn lock(client: &Client, wait: Duration) -> Result<()> {
    limits(client, wait, wait + Duration::from_secs(5)).await?;
    match client
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await
    {
        Ok(_) => Ok(()),
        Err(error)
            if error.code() == Some(&tokio_postgres::error::SqlState::LOCK_NOT_AVAILABLE) =>
        {
            Err(Error::new(
                ErrorKind::Unreachable,
                format!(
                    "another migration is still running after {} s",
                    wait.as_secs()
                ),
            )
            .with_source(Error::from(error)))
        }
        Err(error) => Err(error.into()),
    }
}

async fn limits(client: &Client, lock: Duration, statement: Duration) -> Result<()> {
    client
        .execute(
            "SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false)",
            &[&lock.as_millis().to_string(), &statement.as_millis().to_string()],
        )
        .await?;
    Ok(())
}

async fn locked(client: &mut Client, options: &Options<'_>) -> Result<Report> {
    limits(client, options.lock, options.statement).await?;
    let mut report = schema(client, options.tries).await?;
    if let Some(logins) = &options.logins {
        roles(client, logins).await?;
        report.logins = true;
    }
    verify(client, options.contracts).await?;
    Ok(report)
}

async fn schema(client: &mut Client, tries: u32) -> Result<Report> {
    let mut tried = 0;
    loop {
        tried += 1;
        match expand(client).await {
            Err(error) if tried < tries && error.sqlstate() == Some("55P03") => {
                tracing::info!(tried, "a migration waits for its locks");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            outcome => return outcome,
        }
    }
}

async fn expand(client: &mut Client) -> Result<Report> {
    client
        .batch_execute("CREATE SCHEMA IF NOT EXISTS waybill")
        .await?;
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name(HISTORY);
    let known = runner
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or(0);
    // What a newer release applied is not ours to miss; what we know must be there unchanged.
    let runner = runner.set_abort_missing(false).set_target(Target::Latest);
    let done = runner
        .run_async(client)
        .await
        .map_err(|error| migration_error(&error))?;
    let version = client
        .query_one(
            "SELECT coalesce(max(version), 0) FROM waybill.migrations",
            &[],
        )
        .await?
        .try_get(0)?;
    Ok(Report {
        applied: done
            .applied_migrations()
            .iter()
            .map(ToString::to_string)
            .collect(),
        version,
        known,
        logins: false,
    })
}

/// refinery's error without the server's detail.
fn migration_error(error: &refinery::Error) -> Error {
    use refinery::error::Kind;

    match error.kind() {
        Kind::Connection(doing, source) => {
            // refinery wraps some of its own errors again.
            let mut next: Option<&(dyn std::error::Error + 'static)> = Some(source.as_ref());
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
        Kind::MissingVersion(missing) => Error::new(
            ErrorKind::Conflict,
            format!("the migration {missing} is missing on one side"),
        ),
        other => Error::internal(other.to_string()),
    }
}

/// A number that changes with the migrations this release knows: names a template database in tests.
pub fn fingerprint() -> u64 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .fold(0, |all: u64, one| all.rotate_left(7) ^ one.checksum())
}
