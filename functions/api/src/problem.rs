//! Problem details (RFC 9457): every answer that is not a success has this shape and one of the types below.
//!
//! What a caller reads and what an operator reads are two things: `detail` goes out, `cause` (the chain of a
//! database's or a service's error) stays in the response's extensions for the access log and never enters a body.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The stable types of problems, one slug each; docs/api.md lists them with what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A query argument or header is missing, malformed or contradicts another.
    InvalidArgument,
    /// A JSON body could not be read.
    InvalidBody,
    /// An origin or destination that is neither a port's code nor a region's slug.
    UnknownPlace,
    /// No API key, or one that is not valid (any more).
    Unauthenticated,
    /// The key is valid and lacks the scope of this call.
    ScopeMissing,
    /// The key is limited to other datasets.
    DatasetNotGranted,
    /// There is no such path.
    NotFound,
    /// There is no such batch, or not for this key.
    BatchNotFound,
    /// There is no such dataset, or not for this key.
    DatasetNotFound,
    /// The path is there and does not know the method.
    MethodNotAllowed,
    /// The batch is in a state or a dataset that cannot be undone.
    NotUndoable,
    /// The batch is in a state that cannot be cancelled.
    NotCancellable,
    /// The batch is in a state that cannot be replayed.
    NotReplayable,
    /// The upload's object is not there, or not whole.
    UploadIncomplete,
    /// The first request with this idempotency key has not been answered yet.
    IdempotencyRunning,
    /// The batch named by `after_batch` is not to be seen by this reader (yet, or ever).
    BatchNotVisible,
    /// The body is larger than this way in takes.
    ContentTooLarge,
    /// The content's type or encoding is none that the dataset accepts.
    UnsupportedMediaType,
    /// The idempotency key was used for another request before.
    IdempotencyMismatch,
    /// A defect of ours.
    Internal,
    /// The database cannot be reached, or has no room for the request.
    DatabaseUnavailable,
    /// The object storage or the queue cannot be reached.
    StorageUnavailable,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::InvalidArgument,
        Self::InvalidBody,
        Self::UnknownPlace,
        Self::Unauthenticated,
        Self::ScopeMissing,
        Self::DatasetNotGranted,
        Self::NotFound,
        Self::BatchNotFound,
        Self::DatasetNotFound,
        Self::MethodNotAllowed,
        Self::NotUndoable,
        Self::NotCancellable,
        Self::NotReplayable,
        Self::UploadIncomplete,
        Self::IdempotencyRunning,
        Self::BatchNotVisible,
        Self::ContentTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyMismatch,
        Self::Internal,
        Self::DatabaseUnavailable,
        Self::StorageUnavailable,
    ];

    fn parts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidArgument => (
                "invalid-argument",
                400,
                "An argument is missing or malformed",
            ),
            Self::InvalidBody => ("invalid-body", 400, "The body could not be read"),
            Self::UnknownPlace => ("unknown-place", 400, "Neither a port nor a region"),
            Self::Unauthenticated => ("unauthenticated", 401, "A valid API key is needed"),
            Self::ScopeMissing => ("scope-missing", 403, "The API key lacks a scope"),
            Self::DatasetNotGranted => (
                "dataset-not-granted",
                403,
                "The API key is limited to other datasets",
            ),
            Self::NotFound => ("not-found", 404, "There is no such path"),
            Self::BatchNotFound => ("batch-not-found", 404, "There is no such batch"),
            Self::DatasetNotFound => ("dataset-not-found", 404, "There is no such dataset"),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                405,
                "The path does not know this method",
            ),
            Self::NotUndoable => ("not-undoable", 409, "The batch cannot be undone"),
            Self::NotCancellable => ("not-cancellable", 409, "The batch cannot be cancelled"),
            Self::NotReplayable => ("not-replayable", 409, "The batch cannot be replayed"),
            Self::UploadIncomplete => ("upload-incomplete", 409, "The upload is not complete"),
            Self::IdempotencyRunning => (
                "idempotency-running",
                409,
                "The first request is still running",
            ),
            Self::BatchNotVisible => (
                "batch-not-visible",
                409,
                "The batch is not visible to this reader",
            ),
            Self::ContentTooLarge => ("content-too-large", 413, "The body is too large"),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                415,
                "The content's type is not accepted",
            ),
            Self::IdempotencyMismatch => (
                "idempotency-mismatch",
                422,
                "The idempotency key belongs to another request",
            ),
            Self::Internal => ("internal", 500, "Something went wrong on our side"),
            Self::DatabaseUnavailable => (
                "database-unavailable",
                503,
                "The database cannot be reached",
            ),
            Self::StorageUnavailable => {
                ("storage-unavailable", 503, "The storage cannot be reached")
            }
        }
    }

    /// The part of `type` after `/problems/`; it never changes.
    pub fn slug(self) -> &'static str {
        self.parts().0
    }

    /// The HTTP status this kind is always sent with.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.parts().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The same few words for every problem of this kind.
    pub fn title(self) -> &'static str {
        self.parts().2
    }
}

/// What an operator reads about a failed request; taken out of the response by the access log.
#[derive(Clone, Debug)]
pub(crate) struct Cause(pub(crate) String);

/// A problem on its way to the caller.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

impl Problem {
    /// A problem with its sentence for the caller: what happened, to what, what to do next.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            members: Map::new(),
            headers: Vec::new(),
            cause: None,
        }
    }

    /// An argument that is missing or malformed, named in the member `argument`.
    pub fn argument(name: &str, detail: impl Into<String>) -> Self {
        Self::new(Kind::InvalidArgument, detail).with("argument", name)
    }

    /// Adds an extension member.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Tells the caller when another try makes sense.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.header(header::RETRY_AFTER, &seconds.to_string())
    }

    /// Keeps an error's whole chain for the log; it does not reach the caller.
    #[must_use]
    pub fn caused_by(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        self.cause = Some(ledger::chain(error));
        self
    }

    /// A defect of ours: the caller learns nothing but that, the log everything.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(
            Kind::Internal,
            "The request could not be answered because of a defect. It has been logged.",
        )
        .caused_by(error)
    }

    /// The database is away, full or too slow; the caller should come back.
    pub fn database(cause: impl Into<String>) -> Self {
        let mut problem = Self::new(
            Kind::DatabaseUnavailable,
            "The database cannot be reached at the moment. Send the request again in a few seconds.",
        )
        .retry_after(RETRY_AFTER_SECONDS);
        problem.cause = Some(cause.into());
        problem
    }

    /// The object storage or the queue is away.
    pub fn storage(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(
            Kind::StorageUnavailable,
            "The storage for submitted content did not answer as it should. Send the request again, with the same Idempotency-Key if it had one.",
        )
        .retry_after(RETRY_AFTER_SECONDS)
        .caused_by(error)
    }

    /// The kind, for those who decide by it.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

/// Long enough for a failover's first seconds, short enough for a person.
const RETRY_AFTER_SECONDS: u32 = 5;

impl From<ledger::Error> for Problem {
    fn from(error: ledger::Error) -> Self {
        match error.kind() {
            ledger::ErrorKind::Unreachable
            | ledger::ErrorKind::LoginRefused
            | ledger::ErrorKind::Config => {
                let chain = ledger::chain(&error);
                Self::database(chain)
            }
            _ => Self::internal(&error),
        }
    }
}

/// The body of every answer that is not a success (`application/problem+json`). Further members depend on the type.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body {
    /// `/problems/<slug>`; stable, listed in the documentation.
    #[schema(example = "/problems/batch-not-found")]
    pub(crate) r#type: String,
    /// The same words for every problem of this type.
    pub(crate) title: String,
    /// The HTTP status, repeated.
    pub(crate) status: u16,
    /// What happened here and what to do next.
    pub(crate) detail: String,
    #[serde(flatten)]
    #[schema(ignore)]
    pub(crate) members: Map<String, Value>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.status();
        let body = Body {
            r#type: format!("/problems/{}", self.kind.slug()),
            title: self.kind.title().to_owned(),
            status: status.as_u16(),
            detail: self.detail,
            members: self.members,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(Cause(cause));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_documented_with_its_status_and_no_other_is() {
        let page = include_str!("../../../docs/api.md");
        let table = page
            .split("| `/problems/…` |")
            .nth(1)
            .expect("the table of problems");
        let mut documented: Vec<(String, String)> = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .map(|(slug, rest)| {
                (
                    slug.to_owned(),
                    rest.split(' ').next().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        let mut known: Vec<(String, String)> = Kind::ALL
            .iter()
            .map(|kind| (kind.slug().to_owned(), kind.status().as_str().to_owned()))
            .collect();
        documented.sort();
        known.sort();
        assert_eq!(documented, known);
    }

    #[test]
    fn the_cause_stays_out_of_the_body() {
        let response = Problem::database("secret-host refused").into_response();
        assert_eq!(
            response
                .extensions()
                .get::<Cause>()
                .map(|Cause(text)| text.as_str()),
            Some("secret-host refused")
        );
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }
}
