//! `migrate`: a database brought to this release's schema by its owner, without a function.

use ledger::{DatabaseConfig, Timeouts, connect, migrate};

use crate::cli::Database;
use crate::failure::{Exit, OrFail as _, Outcome};
use crate::target;
use crate::terminal::Terminal;

/// Applies what is missing and compares contracts and tables.
pub(crate) async fn migrate(database: &Database, terminal: Terminal) -> Outcome {
    let url = target::database_url(database)?;
    let config = DatabaseConfig::from_url(&url)
        .or_misuse("the database's address cannot be used")?
        .with_timeouts(Timeouts::MIGRATE);
    let bar = terminal.spinner("migrating");
    let mut session = connect(&config).await?;
    let report = migrate::run(&mut session, &migrate::Options::shipped()).await?;
    bar.finish_and_clear();
    terminal.either(&serde_json::json!({"applied": report.applied}), || {
        if report.applied.is_empty() {
            "nothing to apply: the schema is this release's".to_owned()
        } else {
            format!("applied: {}", report.applied.join(", "))
        }
    })?;
    Ok(Exit::Done)
}
