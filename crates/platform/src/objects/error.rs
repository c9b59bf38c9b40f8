//! What went wrong with an object, by what the caller can do about it.

use std::fmt;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata, SdkError};

/// What the caller acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectErrorKind {
    /// No such object, version or upload; or it was deleted.
    Gone,
    /// Another content than the one asked for.
    Changed,
    /// No answer, a broken one, or the store is busy.
    Unreachable,
    /// The store does not let us.
    Denied,
    /// The request was wrong: a part missing, a checksum that does not match.
    Refused,
}

/// An object could not be had.
#[derive(Debug)]
pub struct ObjectError {
    kind: ObjectErrorKind,
    bucket: String,
    key: String,
    what: &'static str,
    source: Option<BoxError>,
}

impl ObjectError {
    pub(super) fn new(bucket: &str, key: &str, kind: ObjectErrorKind, what: &'static str) -> Self {
        ObjectError {
            kind,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            what,
            source: None,
        }
    }

    pub(super) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sorts a failed call by what its answer says.
    pub(super) fn of<E>(bucket: &str, key: &str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        let code = match &error {
            SdkError::ServiceError(service) => service.err().code(),
            _ => None,
        };
        let (kind, what) = judge(status, code);
        ObjectError::new(bucket, key, kind, what).caused_by(error)
    }

    /// What the caller acts on.
    pub fn kind(&self) -> ObjectErrorKind {
        self.kind
    }
}

/// The S3 API reference's error codes, by what can be done about them.
fn judge(status: Option<u16>, code: Option<&str>) -> (ObjectErrorKind, &'static str) {
    use ObjectErrorKind::{Changed, Denied, Gone, Refused, Unreachable};
    match (status, code) {
        (_, Some("NoSuchBucket")) => (Denied, "there is no such bucket"),
        (_, Some("NoSuchUpload")) => (Gone, "there is no such upload (any more)"),
        // A delete marker asked for by its version answers 405.
        (Some(404 | 405), _) => (Gone, "the object is not there (any more)"),
        (Some(412), _) => (Changed, "the object was replaced"),
        (Some(401 | 403), _) => (Denied, "the store does not allow it"),
        (Some(408 | 429 | 500..=599), _)
        | (_, Some("SlowDown" | "RequestTimeout" | "InternalError" | "OperationAborted")) => {
            (Unreachable, "the store is busy or unwell")
        }
        (Some(400..=499), _) => (Refused, "the store refused the request"),
        _ => (Unreachable, "the store did not answer"),
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: s3://{}/{}", self.what, self.bucket, self.key)
    }
}

impl std::error::Error for ObjectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

impl From<ObjectError> for loader::SourceError {
    fn from(error: ObjectError) -> Self {
        let kind = match error.kind {
            ObjectErrorKind::Gone => loader::SourceErrorKind::Gone,
            ObjectErrorKind::Changed => loader::SourceErrorKind::Changed,
            ObjectErrorKind::Unreachable => loader::SourceErrorKind::Unreachable,
            ObjectErrorKind::Denied | ObjectErrorKind::Refused => loader::SourceErrorKind::Denied,
        };
        let detail = error.to_string();
        match error.source {
            Some(source) => loader::SourceError::new(kind, detail).caused_by(source),
            None => loader::SourceError::new(kind, detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_sorted_by_what_can_be_done() {
        for (status, code, kind) in [
            (Some(404), Some("NoSuchKey"), ObjectErrorKind::Gone),
            (Some(404), Some("NoSuchVersion"), ObjectErrorKind::Gone),
            (Some(404), Some("NoSuchBucket"), ObjectErrorKind::Denied),
            (Some(405), Some("MethodNotAllowed"), ObjectErrorKind::Gone),
            (
                Some(412),
                Some("PreconditionFailed"),
                ObjectErrorKind::Changed,
            ),
            (Some(403), Some("AccessDenied"), ObjectErrorKind::Denied),
            (Some(503), Some("SlowDown"), ObjectErrorKind::Unreachable),
            (
                Some(400),
                Some("RequestTimeout"),
                ObjectErrorKind::Unreachable,
            ),
            (Some(400), Some("InvalidPart"), ObjectErrorKind::Refused),
            (None, None, ObjectErrorKind::Unreachable),
        ] {
            assert_eq!(judge(status, code).0, kind, "{status:?} {code:?}");
        }
    }
}
