//! Jobs, one for a batch: those of the task lane, on AWS Batch, in the queue of its size class. Those of the Spark lane are
//! in [`crate::executions`].

use aws_sdk_batch::Client;
use aws_sdk_batch::error::BoxError;
use aws_sdk_batch::types::{JobStatus, KeyValuesPair};
use futures_util::future::BoxFuture;
use ledger::BatchId;
use thiserror::Error;

use crate::settings::{Bulk, Class};

const SERVICE: &str = "AWS Batch";

/// The parameter of a job definition that stands for the batch: `Ref::batch` in its command.
pub const BATCH_PARAMETER: &str = "batch";

/// What a job is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The batch.
    pub batch: BatchId,
    /// The size of its content, as far as it can be told; `None`: it may be any.
    pub bytes: Option<u64>,
    /// Before all that is not urgent.
    pub urgent: bool,
    /// The last job that the ledger noted for it.
    pub noted: Option<String>,
}

impl Job {
    /// The name that every delivery of the same event gives it, so that none starts another while it has not ended.
    pub fn name(&self) -> String {
        format!("load-{}", self.batch)
    }

    /// The batch that a job of that name is for.
    pub fn batch_of(name: &str) -> Option<BatchId> {
        name.strip_prefix("load-")?.parse().ok()
    }
}

/// Something that runs jobs.
pub trait Jobs: Send + Sync {
    /// Starts a job unless it has been, and answers its id.
    fn start(&self, job: Job) -> BoxFuture<'_, Result<String, JobError>>;
}

/// What runs jobs could not be reached, or refused.
#[derive(Debug, Error)]
#[error("{service} did not {what}")]
pub struct JobError {
    service: &'static str,
    what: &'static str,
    #[source]
    source: BoxError,
}

impl JobError {
    pub(crate) fn new<E>(service: &'static str, what: &'static str, error: E) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        JobError {
            service,
            what,
            source: Box::new(error),
        }
    }
}

/// AWS Batch.
#[derive(Debug, Clone)]
pub struct BatchJobs {
    client: Client,
    settings: Bulk,
    release: String,
}

impl BatchJobs {
    /// With the queues of an environment and the job definitions of a release.
    pub fn new(client: Client, settings: Bulk, release: impl Into<String>) -> Self {
        BatchJobs {
            client,
            settings,
            release: release.into(),
        }
    }

    /// A job of that name that has not ended. Batch itself takes any number of the same name.
    async fn find(&self, class: &Class, name: &str) -> Result<Option<String>, JobError> {
        let by_name = KeyValuesPair::builder()
            .name("JOB_NAME")
            .values(name)
            .build();
        let found = self
            .client
            .list_jobs()
            .job_queue(&class.queue)
            .filters(by_name)
            .send()
            .await
            .map_err(|error| JobError::new(SERVICE, "list jobs", error))?;
        Ok(found
            .job_summary_list
            .unwrap_or_default()
            .into_iter()
            .filter(|job| job.job_name.as_deref() == Some(name))
            .find(|job| !matches!(job.status, Some(JobStatus::Succeeded | JobStatus::Failed)))
            .and_then(|job| job.job_id))
    }

    async fn submit(&self, job: Job) -> Result<String, JobError> {
        let class = self.settings.class(job.bytes, job.urgent);
        let name = job.name();
        if let Some(id) = self.find(class, &name).await? {
            return Ok(id);
        }
        let submitted = self
            .client
            .submit_job()
            .job_name(name)
            .job_queue(&class.queue)
            .job_definition(class.definition_of(&self.release))
            .parameters(BATCH_PARAMETER, job.batch.to_string())
            .send()
            .await
            .map_err(|error| JobError::new(SERVICE, "take a job", error))?;
        Ok(submitted.job_id.unwrap_or_default())
    }
}

impl Jobs for BatchJobs {
    fn start(&self, job: Job) -> BoxFuture<'_, Result<String, JobError>> {
        Box::pin(self.submit(job))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_named_after_its_batch() {
        let batch = BatchId::fresh();
        let job = Job {
            batch,
            bytes: None,
            urgent: false,
            noted: None,
        };
        assert_eq!(job.name(), format!("load-{batch}"));
        assert_eq!(Job::batch_of(&job.name()), Some(batch));
        assert_eq!(Job::batch_of("load-x"), None);
    }
}
