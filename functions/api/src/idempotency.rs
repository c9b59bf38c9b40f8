//! `Idempotency-Key`: a request that is sent again is answered again, not done again.
//!
//! Only success is remembered. A refusal or a failure gives the key free, because the next try may go better.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use ledger::idempotency::{self as kept, Begin};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use crate::app::App;
use crate::auth::Caller;
use crate::limits;
use crate::problem::{Kind, Problem};

/// The header, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "the shape for the OpenAPI document; the header is read from the map"
)]
pub(crate) struct KeyHeader {
    /// A name of your own for this request, at most 255 bytes. Sent again with the same request within 24 hours, it
    /// gets the same answer; with another request 422; while the first one runs 409.
    #[param(rename = "Idempotency-Key", required = false)]
    idempotency_key: String,
}

/// What a piece of work came to, when it went well.
pub(crate) struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: String,
    lasting: Duration,
}

impl Answer {
    /// An answer with a JSON body.
    pub(crate) fn new(status: StatusCode, body: &Value) -> Self {
        Self {
            status,
            location: None,
            body: body.to_string(),
            lasting: kept::REMEMBERED,
        }
    }

    /// For an answer that is of no use later: it is remembered no longer than this.
    pub(crate) fn lasting(mut self, lasting: Duration) -> Self {
        self.lasting = lasting;
        self
    }

    /// The address of what was made.
    pub(crate) fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    fn keep(&self) -> kept::Answer {
        kept::Answer {
            status: self.status.as_u16(),
            headers: self
                .location
                .iter()
                .map(|location| ("location".to_owned(), location.clone()))
                .collect(),
            body: self.body.clone(),
        }
    }
}

/// Does the work once for each idempotency key of the caller; without the header simply does it. `described` is what
/// of the request matters beside the body: method, path, arguments, the content's type.
pub(crate) async fn once(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    described: &str,
    body: &[u8],
    work: impl Future<Output = Result<Answer, Problem>> + Send,
) -> Result<Response, Problem> {
    let Some(key) = key(headers)? else {
        return Ok(respond(&work.await?.keep()));
    };
    let hash = fingerprint(described, body);
    let client = app.ledger().get().await?;
    let begun = kept::begin(&client, caller.key_id(), key, &hash).await?;
    client.settle();
    let ticket = match begun {
        Begin::Fresh(ticket) => ticket,
        Begin::Replay(answer) => return Ok(respond(&answer)),
        Begin::Mismatch => {
            return Err(Problem::new(
                Kind::IdempotencyMismatch,
                "This Idempotency-Key was used for another request in the last 24 hours. Use a new one for a new request.",
            ));
        }
        Begin::Running => {
            return Err(Problem::new(
                Kind::IdempotencyRunning,
                "The first request with this Idempotency-Key has not been answered yet. Send this one again in a moment.",
            )
            .retry_after(1));
        }
    };
    match work.await {
        Ok(answer) => {
            let lasting = answer.lasting;
            let answer = answer.keep();
            // The work is done and cannot be taken back: an answer that could not be kept is given all the same.
            if let Err(problem) = keep(app, &ticket, &answer, lasting).await {
                tracing::warn!(error = ?problem, "an answer could not be kept for its idempotency key");
            }
            Ok(respond(&answer))
        }
        Err(problem) => {
            if let Err(second) = forget(app, &ticket).await {
                tracing::warn!(error = ?second, "an idempotency key could not be given free");
            }
            Err(problem)
        }
    }
}

async fn keep(
    app: &App,
    ticket: &kept::Ticket,
    answer: &kept::Answer,
    lasting: Duration,
) -> Result<(), Problem> {
    let client = app.ledger().get().await?;
    kept::finish_for(&client, ticket, answer, lasting).await?;
    client.settle();
    Ok(())
}

async fn forget(app: &App, ticket: &kept::Ticket) -> Result<(), Problem> {
    let client = app.ledger().get().await?;
    kept::abandon(&client, ticket).await?;
    client.settle();
    Ok(())
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .filter(|key| !key.is_empty() && key.len() <= limits::IDEMPOTENCY_KEY_BYTES)
        .map(Some)
        .ok_or_else(|| {
            Problem::argument(
                "Idempotency-Key",
                format!(
                    "An Idempotency-Key is printable ASCII of 1 to {} characters.",
                    limits::IDEMPOTENCY_KEY_BYTES
                ),
            )
        })
}

/// A name of the request that no other has: of the caller, of the idempotency key, of all that was sent. None without a
/// key.
pub(crate) fn name(
    caller: &Caller,
    headers: &HeaderMap,
    described: &str,
    body: &[u8],
) -> Result<Option<Vec<u8>>, Problem> {
    Ok(key(headers)?.map(|key| {
        let hash = fingerprint(described, body);
        [
            caller.key_id().as_bytes(),
            b"\0",
            key.as_bytes(),
            b"\0",
            &hash,
        ]
        .concat()
    }))
}

fn fingerprint(described: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((described.len() as u64).to_be_bytes());
    hash.update(described.as_bytes());
    hash.update(body);
    hash.finalize().into()
}

fn respond(answer: &kept::Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}
