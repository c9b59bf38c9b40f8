//! Jobs of the Spark lane: one execution of its state machine for a batch. Executions are numbered, since a machine takes a
//! name once: whoever comes while one runs finds it, and whoever comes after its end starts the next.

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::ExecutionStatus;
use futures_util::future::BoxFuture;
use ledger::BatchId;
use serde_json::json;
use thiserror::Error;

use crate::jobs::{Job, JobError, Jobs};
use crate::settings::Spark;

const SERVICE: &str = "Step Functions";
/// How many executions that nobody noted are gone past. More than one is unheard of: a note follows each start.
const UNNOTED: u32 = 10;

/// The executions of a batch were all begun already.
#[derive(Debug, Error)]
#[error("{UNNOTED} executions of the batch have ended, and the ledger knows of none")]
struct TooMany;

/// The state machine of the Spark lane.
#[derive(Debug, Clone)]
pub struct Executions {
    client: Client,
    settings: Spark,
    release: String,
}

impl Executions {
    /// With the machine of an environment, for jobs of a release.
    pub fn new(client: Client, settings: Spark, release: impl Into<String>) -> Self {
        Executions {
            client,
            settings,
            release: release.into(),
        }
    }

    async fn execute(&self, job: Job) -> Result<String, JobError> {
        let mut next = 1;
        let last = job.noted.and_then(|noted| number(&noted, job.batch));
        if let Some(last) = last {
            if self.runs(job.batch, last).await? {
                return Ok(name(job.batch, last));
            }
            next = last.saturating_add(1);
        }
        for number in (next..).take(UNNOTED as usize) {
            if self.start_one(job.batch, number).await? || self.runs(job.batch, number).await? {
                return Ok(name(job.batch, number));
            }
        }
        Err(JobError::new(SERVICE, "start an execution", TooMany))
    }

    /// `false`: there is, or was, one of that number.
    async fn start_one(&self, batch: BatchId, number: u32) -> Result<bool, JobError> {
        let input = json!({"batch": batch, "release": self.release});
        let started = self
            .client
            .start_execution()
            .state_machine_arn(&self.settings.machine)
            .name(name(batch, number))
            .input(input.to_string())
            .send()
            .await;
        match started {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_execution_already_exists()) =>
            {
                Ok(false)
            }
            Err(error) => Err(JobError::new(SERVICE, "start an execution", error)),
        }
    }

    /// Whether the execution of that number has not ended.
    async fn runs(&self, batch: BatchId, number: u32) -> Result<bool, JobError> {
        let found = self
            .client
            .describe_execution()
            .execution_arn(self.settings.execution(&name(batch, number)))
            .send()
            .await;
        match found {
            Ok(execution) => Ok(matches!(
                execution.status,
                ExecutionStatus::Running | ExecutionStatus::PendingRedrive
            )),
            // Forgotten: the machine keeps what has ended for ninety days.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_execution_does_not_exist()) =>
            {
                Ok(false)
            }
            Err(error) => Err(JobError::new(SERVICE, "say how an execution is", error)),
        }
    }
}

impl Jobs for Executions {
    fn start(&self, job: Job) -> BoxFuture<'_, Result<String, JobError>> {
        Box::pin(self.execute(job))
    }
}

fn name(batch: BatchId, number: u32) -> String {
    format!("{batch}-{number}")
}

/// The number of a batch's execution; `None` for a job that is none, as of the lane that the batch was in before.
fn number(noted: &str, batch: BatchId) -> Option<u32> {
    noted
        .strip_prefix(&format!("{batch}-"))?
        .parse()
        .ok()
        .filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_is_named_after_its_batch_and_numbered() {
        let batch = BatchId::fresh();
        assert_eq!(number(&name(batch, 7), batch), Some(7));
        // Names of Step Functions.
        assert!(name(batch, u32::MAX).len() <= 80);
    }

    #[test]
    fn a_job_of_another_lane_or_batch_is_no_execution() {
        let batch = BatchId::fresh();
        for noted in [
            "9c1b5a7e-2d51-4b58-8f0c-000000000000",
            &name(BatchId::fresh(), 1),
            &format!("{batch}"),
            &format!("{batch}-0"),
        ] {
            assert_eq!(number(noted, batch), None, "{noted}");
        }
    }
}
