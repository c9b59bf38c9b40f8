//! Functions by their name and version: called, listed, removed.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;

use crate::ReleaseError;

/// The environment's functions.
#[derive(Debug, Clone)]
pub struct Functions(Client);

/// What came of a call that reached the function.
pub(crate) type Called = Result<Value, String>;

impl Functions {
    /// As this client reaches them.
    pub fn new(client: Client) -> Self {
        Functions(client)
    }

    /// Calls a version and waits for it. The inner error is the function's own.
    pub(crate) async fn call(
        &self,
        name: &str,
        version: &str,
        event: &Value,
    ) -> Result<Called, ReleaseError> {
        let answer = self
            .0
            .invoke()
            .function_name(name)
            .qualifier(version)
            .payload(Blob::new(event.to_string()))
            .send()
            .await
            .map_err(|error| unreachable(format!("calling version {version} of {name}"), error))?;
        let bytes = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if answer.function_error.is_none() {
            return Ok(Ok(value));
        }
        Ok(Err(value["errorMessage"]
            .as_str()
            .unwrap_or("the function ended without an answer")
            .to_owned()))
    }

    /// The numbers of all published versions.
    pub(crate) async fn versions(&self, name: &str) -> Result<Vec<u64>, ReleaseError> {
        let mut pages = self
            .0
            .list_versions_by_function()
            .function_name(name)
            .into_paginator()
            .send();
        let mut numbers = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| unreachable(format!("listing versions of {name}"), error))?;
            let published = page.versions.unwrap_or_default();
            // `$LATEST` is no number.
            numbers.extend(
                published
                    .iter()
                    .filter_map(|found| found.version.as_deref()?.parse::<u64>().ok()),
            );
        }
        Ok(numbers)
    }

    /// The versions that any alias leads to, in part or whole.
    pub(crate) async fn in_use(&self, name: &str) -> Result<Vec<u64>, ReleaseError> {
        let mut pages = self
            .0
            .list_aliases()
            .function_name(name)
            .into_paginator()
            .send();
        let mut numbers = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| unreachable(format!("listing aliases of {name}"), error))?;
            for alias in page.aliases.unwrap_or_default() {
                let weights = alias
                    .routing_config
                    .and_then(|routing| routing.additional_version_weights)
                    .unwrap_or_default();
                let named = alias
                    .function_version
                    .into_iter()
                    .chain(weights.into_keys());
                numbers.extend(named.filter_map(|version| version.parse::<u64>().ok()));
            }
        }
        Ok(numbers)
    }

    /// Removes one version.
    pub(crate) async fn remove(&self, name: &str, version: u64) -> Result<(), ReleaseError> {
        // Never without a version: that would be the function itself.
        self.0
            .delete_function()
            .function_name(name)
            .qualifier(version.to_string())
            .send()
            .await
            .map(drop)
            .map_err(|error| unreachable(format!("removing version {version} of {name}"), error))
    }
}

/// A failure of AWS' in its own words.
pub(crate) fn unreachable<E, R>(what: String, error: SdkError<E, R>) -> ReleaseError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let why = match error
        .as_service_error()
        .and_then(ProvideErrorMetadata::message)
    {
        Some(message) => message.to_owned(),
        None => ledger::chain(&error),
    };
    ReleaseError::Unreachable { what, why }
}
