//! Jobs, one for a batch: those of the task lane, on AWS Batch, in the queue of its size class: they load a batch, or take
//! it back. Those of the Spark lane are in [`crate::executions`].

use aws_sdk_batch::Client;
use aws_sdk_batch::error::BoxError;
use aws_sdk_batch::types::{ContainerOverrides, JobStatus, KeyValuesPair};
use futures_util::future::BoxFuture;
use ledger::BatchId;
use thiserror::Error;

use crate::settings::{Bulk, Class};

const SERVICE: &str = "AWS Batch";

/// The parameter of a job definition that stands for the batch: `Ref::batch` in its command.
pub const BATCH_PARAMETER: &str = "batch";

/// What a job of the task lane does with its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Loads it.
    Load,
    /// Takes it back.
    Undo,
}

impl Work {
    const ALL: [Work; 2] = [Work::Load, Work::Undo];

    /// The word for it, for people and for the task's program.
    pub fn word(self) -> &'static str {
        match self {
            Work::Load => "load",
            Work::Undo => "undo",
        }
    }

    /// The name that every delivery of the same message gives the job, so that none starts another while it has not ended.
    pub fn job(self, batch: BatchId) -> String {
        format!("{}-{batch}", self.word())
    }

    /// What a job of that name does, and with which batch.
    pub fn of_job(name: &str) -> Option<(Work, BatchId)> {
        Work::ALL.into_iter().find_map(|work| {
            let batch = name.strip_prefix(work.word())?.strip_prefix('-')?;
            Some((work, batch.parse().ok()?))
        })
    }

    /// The arguments of the task's program.
    pub fn arguments(self, batch: &str) -> Vec<String> {
        [self.word(), "--batch", batch].map(str::to_owned).into()
    }
}

/// What a load is for.
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

/// Something that runs jobs.
pub trait Jobs: Send + Sync {
    /// Starts a job unless it has been, and answers its id.
    fn start(&self, job: Job) -> BoxFuture<'_, Result<String, JobError>>;
}

/// The task lane: it has the time for an undo as well.
pub trait Tasks: Jobs {
    /// Starts the job that takes a batch back unless it has been, and answers its id.
    fn undo(&self, batch: BatchId) -> BoxFuture<'_, Result<String, JobError>>;
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

    async fn submit(&self, work: Work, batch: BatchId, class: &Class) -> Result<String, JobError> {
        let name = work.job(batch);
        // The definition says how to load.
        let overrides = (work != Work::Load).then(|| {
            let arguments = work.arguments(&batch.to_string());
            ContainerOverrides::builder()
                .set_command(Some(arguments))
                .build()
        });
        if let Some(id) = self.find(class, &name).await? {
            return Ok(id);
        }
        let submitted = self
            .client
            .submit_job()
            .job_name(name)
            .job_queue(&class.queue)
            .job_definition(class.definition_of(&self.release))
            .parameters(BATCH_PARAMETER, batch.to_string())
            .set_container_overrides(overrides)
            .send()
            .await
            .map_err(|error| JobError::new(SERVICE, "take a job", error))?;
        Ok(submitted.job_id.unwrap_or_default())
    }
}

impl Jobs for BatchJobs {
    fn start(&self, job: Job) -> BoxFuture<'_, Result<String, JobError>> {
        let class = self.settings.class(job.bytes, job.urgent);
        Box::pin(self.submit(Work::Load, job.batch, class))
    }
}

impl Tasks for BatchJobs {
    fn undo(&self, batch: BatchId) -> BoxFuture<'_, Result<String, JobError>> {
        // For the time that the class is given; the program itself only waits for the database.
        Box::pin(self.submit(Work::Undo, batch, &self.settings.large))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_named_after_its_work_and_its_batch() {
        let batch = BatchId::fresh();
        assert_eq!(Work::Load.job(batch), format!("load-{batch}"));
        for work in Work::ALL {
            assert_eq!(Work::of_job(&work.job(batch)), Some((work, batch)));
        }
        for name in ["load-x", "undo", &format!("{batch}"), &format!("x-{batch}")] {
            assert_eq!(Work::of_job(name), None, "{name}");
        }
    }
}
