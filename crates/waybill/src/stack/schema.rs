//! The local database, made and brought up to date the way a new environment and a release do it: by invoking the
//! functions `provision` and `migrate`.

use platform::names::{Function, Names};
use serde_json::json;

use super::clients::Clients;
use crate::failure::Outcome;
use crate::invoke::invoke;

/// Makes the database and its owner, or completes what is there.
pub(crate) async fn provision(clients: &Clients, names: &Names, version: &str) -> Outcome<()> {
    invoke(
        &clients.lambda,
        &names.function(Function::Provision),
        version,
        &json!({"environment": names.environment()}),
        "making the database",
    )
    .await
    .map(drop)
}

/// Brings the schema to this release's.
pub(crate) async fn migrate(clients: &Clients, names: &Names, version: &str) -> Outcome<()> {
    invoke(
        &clients.lambda,
        &names.function(Function::Migrate),
        version,
        &json!({"action": "migrate"}),
        "migrating the database",
    )
    .await
    .map(drop)
    .map_err(|failure| {
        failure.advice("mend it and run `waybill local up` again; a migration that failed was not applied, and what ran before runs on")
    })
}
