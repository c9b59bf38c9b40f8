//! The schema of the local database, brought up to date the way a release does it: by invoking the `migrate` function.

use aws_sdk_lambda::primitives::Blob;
use platform::names::{Function, Names};

use super::clients::Clients;
use crate::failure::{Failure, OrFail as _, Outcome};

/// Invokes a version of the `migrate` function and waits for it.
pub(crate) async fn migrate(clients: &Clients, names: &Names, version: &str) -> Outcome<()> {
    let function = names.function(Function::Migrate);
    let answer = clients
        .lambda
        .invoke()
        .function_name(&function)
        .qualifier(version)
        .payload(Blob::new(r#"{"action":"migrate"}"#))
        .send()
        .await
        .or_failed(format!("invoking function {function}"))?;
    if answer.function_error.is_none() {
        return Ok(());
    }
    let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
    let text = serde_json::from_slice::<serde_json::Value>(&payload)
        .ok()
        .and_then(|value| value["errorMessage"].as_str().map(str::to_owned))
        .unwrap_or_else(|| String::from_utf8_lossy(&payload).into_owned());
    Err(Failure::failed(format!(
        "the database could not be migrated: {text}"
    )))
}
