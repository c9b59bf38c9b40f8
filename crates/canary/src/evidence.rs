//! What was counted while a step runs.

use serde::{Deserialize, Serialize};

/// Requests, and how many of them went wrong. A request is whatever an indicator counts: an HTTP request, an
/// invocation, a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// All of them, those that went wrong included.
    pub requests: u64,
    /// Those that went wrong.
    pub errors: u64,
}

impl Counts {
    /// Metrics arrive one by one: an error may be known before its request is.
    pub(crate) fn whole(self) -> Self {
        Counts {
            requests: self.requests.max(self.errors),
            errors: self.errors,
        }
    }

    pub(crate) fn plus(self, other: Counts) -> Self {
        Counts {
            requests: self.requests + other.requests,
            errors: self.errors + other.errors,
        }
    }
}

/// What an indicator's errors are, which decides how many more are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// We failed: a server error, an invocation that ended in an error, a batch that failed.
    Failed,
    /// A batch was rejected: as a rule its sender's doing.
    Rejected,
    /// A request took longer than [`slow_above_ms`](crate::slow_above_ms).
    Slow,
}

/// One thing that is counted of both versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// What is counted, as reasons name it: `api requests`.
    pub name: String,
    /// The function it is counted of: `api`. Indicators of one function count the same requests.
    pub function: String,
    /// What its errors are.
    pub kind: Kind,
    /// The new version's, since the step began.
    pub new: Counts,
    /// The old version's, over the same time.
    pub old: Counts,
    /// The old version's before the release began, over a day or as long as it was live.
    #[serde(default)]
    pub before: Counts,
}

/// Requests that were made for the sake of the verdict, since the step began, all of them together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synthetic {
    /// The function they were made to.
    pub function: String,
    /// Those to the new version.
    #[serde(default)]
    pub new: Counts,
    /// Those to the old version; none where only the new one is asked.
    #[serde(default)]
    pub old: Counts,
}

/// The environment's alarms, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarms {
    /// Those that were red when the release began. They say nothing about the new version.
    #[serde(default)]
    pub red_before: Vec<String>,
    /// Those that are red now, or were since the release began.
    #[serde(default)]
    pub red: Vec<String>,
}

impl Alarms {
    pub(crate) fn turned_red(&self) -> impl Iterator<Item = &str> {
        self.red
            .iter()
            .filter(|alarm| !self.red_before.contains(alarm))
            .map(String::as_str)
    }
}

/// All that one verdict is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Seconds since the step began.
    pub elapsed_s: u64,
    /// What was counted.
    pub indicators: Vec<Indicator>,
    /// Every function that synthetic requests can be made to, with those that were; zeros where none were yet.
    #[serde(default)]
    pub synthetic: Vec<Synthetic>,
    /// The environment's alarms.
    #[serde(default)]
    pub alarms: Alarms,
}
