//! The database of the local stack, with its owner. Everything inside is made by the migrations.

use ledger::migrate::{Bootstrap, bootstrap};
use ledger::{DatabaseConfig, Secret, connect};

use crate::failure::{OrFail as _, Outcome};

/// Makes owner and database, or completes what is there. `superuser` is the address of the server's own login.
pub(crate) async fn ensure(superuser: &str, database: &str, owner_password: &str) -> Outcome<()> {
    let config = DatabaseConfig::from_url(superuser).or_failed("the database server's address")?;
    let session = connect(&config).await?;
    bootstrap(
        &session,
        &Bootstrap {
            database,
            owner: &Secret::new(owner_password),
        },
    )
    .await?;
    Ok(())
}
