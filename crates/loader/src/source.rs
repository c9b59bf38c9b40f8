//! Where a batch's bytes come from, as the loader sees it.

use std::fmt;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};

/// One stored object, opened at any offset and always the same version of it.
pub trait Source: Send + Sync {
    /// Opens the stored object at `offset` bytes. After the first call every further one must
    /// deliver the very same version, or say [`SourceErrorKind::Changed`].
    fn open(&self, offset: u64) -> BoxFuture<'_, Result<Opened, SourceError>>;
}

/// A stream of the object's bytes from the offset asked for.
pub struct Opened {
    /// The bytes, in pieces of any size.
    pub stream: BoxStream<'static, Result<Bytes, SourceError>>,
    /// Size of the whole stored object in bytes, where known.
    pub bytes: Option<u64>,
    /// The store's tag of this content, where it has one.
    pub etag: Option<String>,
}

/// Why an object could not be read.
#[derive(Debug)]
pub struct SourceError {
    /// What the caller acts on.
    pub kind: SourceErrorKind,
    /// What happened, to which object; without secrets.
    pub detail: String,
    /// The cause, where there is one.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What can be done about a [`SourceError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// The object is not there (any more): the sender must deliver it again.
    Gone,
    /// The object was replaced while it was read: its successor is a batch of its own.
    Changed,
    /// The store did not answer or broke off: worth another try.
    Unreachable,
    /// The store refused: an operator must act.
    Denied,
}

impl SourceError {
    /// An error without an inner cause.
    pub fn new(kind: SourceErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            source: None,
        }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|e| &**e as &(dyn std::error::Error + 'static))
    }
}

/// A source that is already in memory: small deliveries and tests.
pub struct BytesSource(Bytes);

impl BytesSource {
    /// Wraps the content of one object.
    pub fn new(content: impl Into<Bytes>) -> Self {
        Self(content.into())
    }
}

impl Source for BytesSource {
    fn open(&self, offset: u64) -> BoxFuture<'_, Result<Opened, SourceError>> {
        let from = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.0.len());
        let rest = self.0.slice(from..);
        let bytes = Some(self.0.len() as u64);
        Box::pin(async move {
            Ok(Opened {
                stream: stream::iter([Ok(rest)]).boxed(),
                bytes,
                etag: None,
            })
        })
    }
}
