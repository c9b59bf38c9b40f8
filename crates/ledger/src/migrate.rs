//! The database brought to what this release needs: schema, roles, and proof that the contracts fit the tables.

mod concurrent;
mod migrations;
mod roles;
mod schema;
mod server;
mod verify;

use std::time::Duration;

use contract::Contract;
use tokio::time::Instant;
use tokio_postgres::Client;

use crate::{
    connect::Secret,
    error::{Error, ErrorKind, Result},
};

pub use migrations::{Migrations, fingerprint};
pub use roles::{Logins, roles};
pub use server::{Bootstrap, bootstrap, drop_database};
pub use verify::{Misfit, verify};

/// The key of the lock that lets one migration run at a time in a database: "waybill" in ASCII.
const LOCK: i64 = 0x0077_6179_6269_6c6c;
/// How often that lock is asked for.
const ASK: Duration = Duration::from_millis(100);

/// How to migrate.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// What is applied, where it is missing.
    pub migrations: Migrations,
    /// The contracts that must fit the tables afterwards.
    pub contracts: &'a [Contract],
    /// Passwords for the login roles, where they are to be set.
    pub logins: Option<Logins>,
    /// How long to wait for another migration to end.
    pub wait: Duration,
    /// How long one step may wait for a lock, readers and loaders queueing behind it meanwhile. More than the server's
    /// `deadlock_timeout` of one second, after which a vacuum gives way.
    pub lock: Duration,
    /// How long one statement may take, its locks being held. A migration that holds none that matter may set its own
    /// for its transaction.
    pub statement: Duration,
    /// How long a migration that cannot have its locks is tried again.
    pub patience: Duration,
    /// When all must have ended, where somebody ends it otherwise. It is the only limit of an index that is built
    /// concurrently.
    pub until: Option<Instant>,
}

impl Options<'static> {
    /// The shipped migrations and contracts, no passwords, limits that suit a release.
    pub fn shipped() -> Self {
        Self {
            migrations: Migrations::shipped(),
            contracts: contract::shipped(),
            logins: None,
            wait: Duration::from_secs(60),
            lock: Duration::from_secs(3),
            statement: Duration::from_secs(30),
            patience: Duration::from_secs(600),
            until: None,
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

    /// The same, ending in time.
    #[must_use]
    pub fn ending(mut self, until: Instant) -> Self {
        self.until = Some(until);
        self
    }

    /// The same for other contracts.
    #[must_use]
    pub fn with_contracts(self, contracts: &[Contract]) -> Options<'_> {
        Options {
            migrations: self.migrations,
            contracts,
            logins: self.logins,
            wait: self.wait,
            lock: self.lock,
            statement: self.statement,
            patience: self.patience,
            until: self.until,
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

/// Asks again and again. Whoever waits inside the server for a lock is a transaction, and an index that the other
/// migration builds concurrently waits for all of those: both would wait for each other.
async fn lock(client: &Client, wait: Duration) -> Result<()> {
    let end = Instant::now() + wait;
    loop {
        let ours: bool = client
            .query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK])
            .await?
            .try_get(0)?;
        if ours {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(Error::new(
                ErrorKind::Unreachable,
                format!(
                    "another migration is still running after {} s",
                    wait.as_secs()
                ),
            ));
        }
        tokio::time::sleep(ASK).await;
    }
}

/// Limits of the session from now on. `None` is without limit.
async fn limits(
    client: &Client,
    lock: Option<Duration>,
    statement: Option<Duration>,
) -> Result<()> {
    let milliseconds =
        |limit: Option<Duration>| limit.map_or(0, |limit| limit.as_millis()).to_string();
    client
        .execute(
            "SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false)",
            &[&milliseconds(lock), &milliseconds(statement)],
        )
        .await?;
    Ok(())
}

/// What is left until then; never nothing, which would be no limit.
fn time_left(until: Option<Instant>) -> Option<Duration> {
    let left = until?.saturating_duration_since(Instant::now());
    Some(left.max(Duration::from_millis(1)))
}

async fn locked(client: &mut Client, options: &Options<'_>) -> Result<Report> {
    let mut report = schema::expand(client, options).await?;
    limits(client, Some(options.lock), Some(options.statement)).await?;
    if let Some(logins) = &options.logins {
        roles(client, logins).await?;
        report.logins = true;
    }
    verify(client, options.contracts).await?;
    Ok(report)
}
