//! Why a load did not settle its batch.

use std::fmt;

/// A load that ended without a verdict on the data. The batch's ledger entry still says `loading`
/// (or belongs to a later attempt); the caller settles it as failed or leaves it.
#[derive(Debug)]
pub struct LoadError {
    kind: LoadErrorKind,
    detail: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What the caller does about a [`LoadError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadErrorKind {
    /// The database or the store was out of reach: load again later.
    Retry,
    /// Another attempt has taken the batch: do nothing more.
    Superseded,
    /// Somebody asked for it: settle it so.
    Cancelled,
    /// We are wrong or something refused us: an operator must act before a replay.
    Failed,
}

impl LoadError {
    /// An error without an inner cause.
    pub fn new(kind: LoadErrorKind, detail: impl Into<String>) -> Self {
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

    /// What the caller does about it.
    pub fn kind(&self) -> LoadErrorKind {
        self.kind
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|e| &**e as &(dyn std::error::Error + 'static))
    }
}
