//! The release function: what a release needs and its state machine cannot do by itself. It asks new versions who they
//! are before anybody calls them, weighs how they do beside the old ones, makes requests where too few come by
//! themselves, and removes versions that nobody needs any more.
//!
//! The machine (iac/modules/release/definition.asl.json) calls the version of this function that it is bringing out, so
//! that both are always of one commit. By which rule it judges is in the crate `canary`.

mod calls;
mod clean;
mod evidence;
mod judge;
mod metrics;
mod questions;
mod smoke;
mod traffic;

use canary::{Synthetic, Traffic, Verdict};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use calls::Functions;
pub use judge::{Look, Step};

/// One function in a release, as the machine tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Target {
    /// The function's short name: `intake`.
    pub function: String,
    /// Its whole name: `waybill-dev-intake`.
    pub name: String,
    /// The version that is replaced.
    pub from: String,
    /// The version that replaces it; the same where nothing changed.
    pub to: String,
}

/// `{"task":"smoke",…}`, `{"task":"judge",…}`, `{"task":"traffic",…}`, `{"task":"clean",…}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Request {
    /// Ask every new version who it is and what it reaches.
    Smoke {
        /// The release that must answer; null where versions of different releases go live.
        release: Option<String>,
        /// Whom to ask.
        targets: Vec<Target>,
    },
    /// Weigh the new versions against the old ones.
    Judge(Look),
    /// Make requests of the new versions, and as many of the old ones.
    Traffic {
        /// Of whom.
        targets: Vec<Target>,
        /// How many of each.
        traffic: Vec<Traffic>,
        /// Those made before, in this step.
        synthetic: Vec<Synthetic>,
    },
    /// Remove old versions.
    Clean {
        /// Whose.
        targets: Vec<Target>,
        /// How many versions of each to keep.
        keep: usize,
    },
}

/// What was done.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The functions that answered as they must.
    Smoke {
        /// Their short names.
        answered: Vec<String>,
    },
    /// What becomes of the new versions.
    Verdict(Verdict),
    /// All requests that were made in this step.
    Traffic(Vec<Synthetic>),
    /// The versions that are gone, as `name:version`.
    Clean {
        /// Each.
        removed: Vec<String>,
    },
}

/// Why not.
#[derive(Debug, Error)]
pub enum ReleaseError {
    /// New versions that must not be called.
    #[error("{0}")]
    Smoke(String),
    /// AWS did not answer as expected; another try can help.
    #[error("{what}: {why}")]
    Unreachable {
        /// What was being done.
        what: String,
        /// What came of it.
        why: String,
    },
}

impl From<ReleaseError> for Diagnostic {
    fn from(error: ReleaseError) -> Diagnostic {
        let kind = match &error {
            ReleaseError::Smoke(_) => "SmokeTestFailed",
            ReleaseError::Unreachable { .. } => "Unreachable",
        };
        Diagnostic {
            error_type: kind.to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// One instance of the function.
#[derive(Debug)]
pub struct Release {
    /// The environment's functions.
    pub functions: Functions,
    /// Metrics and alarms.
    pub watch: aws_sdk_cloudwatch::Client,
    /// The environment, by which metrics are found.
    pub environment: String,
}

impl Release {
    /// Does one task.
    pub async fn handle(&self, request: Request) -> Result<Answer, ReleaseError> {
        match request {
            Request::Smoke { release, targets } => {
                let answered = smoke::test(&self.functions, release.as_deref(), &targets).await?;
                Ok(Answer::Smoke { answered })
            }
            Request::Judge(look) => judge::judge(&self.watch, &self.environment, look)
                .await
                .map(Answer::Verdict),
            Request::Traffic {
                targets,
                traffic,
                synthetic,
            } => traffic::make(&self.functions, &targets, &traffic, synthetic)
                .await
                .map(Answer::Traffic),
            Request::Clean { targets, keep } => {
                let removed = clean::clean(&self.functions, &targets, keep).await?;
                Ok(Answer::Clean { removed })
            }
        }
    }
}
