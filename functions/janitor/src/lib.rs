//! The janitor function: stops the database servers of environments that sleep outside hours, and starts them again.
//!
//! A schedule calls it. A server that is already as it should be, or on its way there, is left alone, so that the call
//! can be repeated; AWS starts a server that was stopped for seven days by itself, and the next evening's call stops it.

use aws_sdk_rds::Client;
use aws_sdk_rds::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};

/// `{"action":"stop"}` or `{"action":"start"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Request {
    /// The evening.
    Stop,
    /// The morning.
    Start,
}

/// What became of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The server's identifier.
    pub server: String,
    /// What it was when it was looked at: `available`, `stopped`, …
    pub status: String,
    /// Whether it was told to change.
    pub changed: bool,
}

/// Why not.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct JanitorError {
    what: String,
    why: String,
}

impl From<JanitorError> for Diagnostic {
    fn from(error: JanitorError) -> Diagnostic {
        Diagnostic {
            error_type: "JanitorFailed".to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// Brings every server to what is asked for. All are tried; the first that could not be told is the error.
///
/// A replica keeps its primary from being stopped, and the environments that sleep have none; were there one, the
/// servers are stopped from the last to the first, and started the other way round.
pub async fn handle(
    client: &Client,
    servers: &[String],
    request: Request,
) -> Result<Vec<Done>, JanitorError> {
    let mut done = Vec::new();
    let mut failed = None;
    let mut order: Vec<&String> = servers.iter().collect();
    if request == Request::Stop {
        order.reverse();
    }
    for server in order {
        match bring(client, server, request).await {
            Ok(one) => done.push(one),
            Err(error) => {
                tracing::error!(server, %error, "the server was not told");
                failed.get_or_insert(error);
            }
        }
    }
    match failed {
        None => Ok(done),
        Some(error) => Err(error),
    }
}

/// Whether every server can be seen.
pub async fn look(client: &Client, servers: &[String]) -> Result<(), JanitorError> {
    for server in servers {
        status(client, server).await?;
    }
    Ok(())
}

async fn bring(client: &Client, server: &str, request: Request) -> Result<Done, JanitorError> {
    let status = status(client, server).await?;
    let changed = wants(request, &status);
    if changed {
        let told = match request {
            Request::Stop => client
                .stop_db_instance()
                .db_instance_identifier(server)
                .send()
                .await
                .map(drop)
                .map_err(why),
            Request::Start => client
                .start_db_instance()
                .db_instance_identifier(server)
                .send()
                .await
                .map(drop)
                .map_err(why),
        };
        told.map_err(|why| JanitorError {
            what: format!("{request:?} of database server {server}, which is {status}"),
            why,
        })?;
    }
    tracing::info!(server, status, changed, ?request, "the server is seen to");
    Ok(Done {
        server: server.to_owned(),
        status,
        changed,
    })
}

/// Whether a server in this status must be told. One that is being made, changed or saved is not stopped: the next
/// evening does it.
fn wants(request: Request, status: &str) -> bool {
    match request {
        Request::Stop => status == "available",
        Request::Start => status == "stopped",
    }
}

async fn status(client: &Client, server: &str) -> Result<String, JanitorError> {
    let error = |why| JanitorError {
        what: format!("looking at database server {server}"),
        why,
    };
    client
        .describe_db_instances()
        .db_instance_identifier(server)
        .send()
        .await
        .map_err(|sdk| error(why(sdk)))?
        .db_instances()
        .first()
        .and_then(|instance| instance.db_instance_status())
        .map(str::to_owned)
        .ok_or_else(|| error("the answer has no status".to_owned()))
}

/// The service's own words where it has any.
fn why<E, R>(error: SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match error
        .as_service_error()
        .and_then(|service| service.message())
    {
        Some(message) => message.to_owned(),
        None => DisplayErrorContext(error).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_told_only_when_that_changes_it() {
        for (status, stop, start) in [
            ("available", true, false),
            ("stopped", false, true),
            ("stopping", false, false),
            ("starting", false, false),
            ("backing-up", false, false),
            ("modifying", false, false),
        ] {
            assert_eq!(wants(Request::Stop, status), stop, "stop when {status}");
            assert_eq!(wants(Request::Start, status), start, "start when {status}");
        }
    }

    #[test]
    fn a_schedule_asks_with_an_action() {
        let read = |text: &str| serde_json::from_str::<Request>(text);
        assert_eq!(read(r#"{"action":"stop"}"#).expect("known"), Request::Stop);
        assert!(read(r#"{"action":"delete"}"#).is_err());
    }
}
