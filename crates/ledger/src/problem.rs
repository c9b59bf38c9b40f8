//! Why a batch stands where it stands, in the shape of RFC 9457.

use serde::{Deserialize, Serialize};

/// A problem document. `detail` is written for the partner: no internals, no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A stable name, `/problems/<word>`.
    pub r#type: String,
    /// What kind of problem, the same for every occurrence.
    pub title: String,
    /// The HTTP status that fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What happened this time and what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Problem {
    /// The word of a load that was cut off and is tried again without anyone's doing.
    pub const INTERRUPTED: &str = "interrupted";

    /// The word of a batch that somebody stopped.
    pub const CANCELLED: &str = "cancelled";

    /// A batch that somebody stopped.
    pub fn cancelled(by: &str) -> Self {
        Self::new(Self::CANCELLED, "The batch was cancelled")
            .with_status(409)
            .with_detail(format!(
                "{by} asked for it; nothing of it was loaded, and a replay loads it"
            ))
    }

    /// The word of a load that had all the time that its lane gives.
    pub const OUT_OF_TIME: &str = "out-of-time";

    /// The word of a batch that was begun too often.
    pub const GIVEN_UP: &str = "given-up";

    /// A batch that was begun so often.
    pub(crate) fn given_up(tries: i32) -> Self {
        Self::new(Self::GIVEN_UP, "The load was tried too often")
            .with_status(500)
            .with_detail(format!(
                "{tries} attempts did not come to an end; an operator has to look, and a replay tries again"
            ))
    }

    /// How the type of that word is written.
    pub(crate) fn type_of(word: &str) -> String {
        format!("/problems/{word}")
    }

    /// A problem of the type `/problems/<word>`.
    pub fn new(word: &str, title: impl Into<String>) -> Self {
        Self {
            r#type: Self::type_of(word),
            title: title.into(),
            status: None,
            detail: None,
        }
    }

    /// Whether it is of the type `/problems/<word>`.
    pub fn is(&self, word: &str) -> bool {
        self.r#type.strip_prefix("/problems/") == Some(word)
    }

    /// The same problem with the status that fits.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same problem, saying what happened this time.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
