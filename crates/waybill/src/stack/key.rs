//! The API key that the local stack's own commands use: every scope, every dataset.

use ledger::{DatabaseConfig, connect, keys};

use crate::failure::{OrFail as _, Outcome};

/// A key that works: the one from before, else a new one.
pub(crate) async fn ensure(database_url: &str, earlier: &str) -> Outcome<String> {
    let config =
        DatabaseConfig::from_url(database_url).or_failed("the local database's address")?;
    let session = connect(&config).await?;
    if !earlier.is_empty() && keys::verify(&session, earlier).await?.is_some() {
        return Ok(earlier.to_owned());
    }
    let (_, plaintext) = keys::create(
        &session,
        "local",
        keys::Scope::ALL,
        &[keys::ALL_DATASETS.to_owned()],
    )
    .await?;
    Ok(plaintext.expose().to_owned())
}
