//! Arguments from query strings and bodies, refused as problem details where axum would answer plain text.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::limits;
use crate::problem::{Kind, Problem};

/// The query string, as a struct that says `deny_unknown_fields` where a misspelt argument would do harm.
pub(crate) struct Arguments<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Arguments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::<T>::try_from_uri(&parts.uri)
            .map(|Query(value)| Self(value))
            .map_err(|rejection| {
                let text = rejection.body_text();
                let reason = text
                    .rsplit_once("query string: ")
                    .map_or(text.as_str(), |(_, reason)| reason);
                Problem::new(
                    Kind::InvalidArgument,
                    format!("The query string could not be read: {reason}."),
                )
            })
    }
}

/// A batch's id in the path. What is no id names no batch.
pub(crate) struct Id(pub(crate) ledger::BatchId);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::internal(&error))?;
        text.parse().map(Self).map_err(|_| no_such_batch(&text))
    }
}

/// The one answer for a batch that does not exist and for one that the key may not see.
pub(crate) fn no_such_batch(id: &str) -> Problem {
    Problem::new(
        Kind::BatchNotFound,
        format!("There is no batch `{id}` that this API key can see."),
    )
}

/// A request's whole body, at most [`limits::BODY_BYTES`].
pub(crate) struct Content(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Content {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Bytes::from_request(request, state)
            .await
            .map(Self)
            .map_err(|rejection| refuse_body(&rejection))
    }
}

fn refuse_body(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(
            Kind::ContentTooLarge,
            format!(
                "A body may have at most {} bytes. Larger content goes through POST /v1/uploads, which answers with a place to put it.",
                limits::BODY_BYTES
            ),
        )
        .with("limit_bytes", limits::BODY_BYTES)
        .with("uploads", "/v1/uploads");
    }
    Problem::new(Kind::InvalidBody, "The body ended before it was whole.")
}

/// Reads a JSON body; the problem names the place in it.
pub(crate) fn json<T: DeserializeOwned>(content: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(content).map_err(|error| {
        Problem::new(
            Kind::InvalidBody,
            format!("The JSON body could not be read: {error}."),
        )
    })
}
