//! A function called once and waited for, and its error in its own words.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::target;

/// Invokes a version or alias of a function. `what` is what a failure says was being done.
pub(crate) async fn invoke(
    client: &Client,
    function: &str,
    qualifier: &str,
    payload: &Value,
    what: &str,
) -> Outcome<Value> {
    let answer = client
        .invoke()
        .function_name(function)
        .qualifier(qualifier)
        .payload(Blob::new(payload.to_string()))
        .send()
        .await
        .map_err(|error| {
            let missing = error
                .as_service_error()
                .is_some_and(InvokeError::is_resource_not_found_exception);
            let failure =
                Failure::unreachable(format!("{what}: function {function} could not be invoked"))
                    .because(error);
            if missing {
                failure.advice(target::ACCOUNT)
            } else {
                failure
            }
        })?;
    let body = answer.payload.map(Blob::into_inner).unwrap_or_default();
    let value: Value = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body).into_owned()));
    if answer.function_error.is_none() {
        return Ok(value);
    }
    let message = value["errorMessage"]
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    Err(Failure::failed(what).because(message))
}
