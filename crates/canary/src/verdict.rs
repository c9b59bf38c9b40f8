//! What is to be done, and why.

use serde::{Deserialize, Serialize};

/// What is to be done with a step, and why, in sentences for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// On to the next step.
    Promote {
        /// Why.
        reasons: Vec<String>,
    },
    /// Look again later.
    Wait {
        /// What for.
        reasons: Vec<String>,
    },
    /// Make requests, add them to the evidence, and look again.
    AskForTraffic {
        /// How many, to which functions.
        traffic: Vec<Traffic>,
        /// Why.
        reasons: Vec<String>,
    },
    /// Back to the old version.
    TakeBack {
        /// Why.
        reasons: Vec<String>,
    },
}

/// Synthetic requests to make to the new version; as many to the old one make the comparison fair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// The function.
    pub function: String,
    /// How many more than there were.
    pub requests: u64,
}

impl Verdict {
    /// Why.
    pub fn reasons(&self) -> &[String] {
        match self {
            Verdict::Promote { reasons }
            | Verdict::Wait { reasons }
            | Verdict::AskForTraffic { reasons, .. }
            | Verdict::TakeBack { reasons } => reasons,
        }
    }
}
