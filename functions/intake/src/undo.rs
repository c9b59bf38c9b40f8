//! A committed batch is to be taken back: here, or where this function's time is too short, by a task.

use std::time::Instant;

use lane::{Stop, Undo};
use ledger::{BatchId, Error, ErrorKind};
use platform::jobs::Tasks;

use crate::verdict::Verdict;
use crate::{Deadline, Intake};

impl Intake {
    pub(crate) async fn undo(&mut self, id: BatchId, by: &str, deadline: Deadline) -> Verdict {
        if let Some(tasks) = self.tasks.clone() {
            match self.is_for_a_task(id).await {
                Ok(false) => {}
                Ok(true) => return self.undo_by_a_task(id, &*tasks).await,
                Err(error) => return self.unsettled(&error, "the batch could not be looked up"),
            }
        }
        let began = Instant::now();
        let sessions = &mut self.loading.sessions;
        match sessions.undo(id, by, deadline.over()).await {
            Undo::Done | Undo::Refused => Verdict::Done,
            Undo::Unknown => Verdict::Poison,
            Undo::Stopped(Stop::Interrupted) => Verdict::Again,
            Undo::Stopped(Stop::OutOfTime) => self.out_of_time(id, began.elapsed().as_secs()).await,
            Undo::Failed(error) => self.unsettled(&error, "the batch could not be undone"),
        }
    }

    /// Whether it would hardly be undone in a function's time. What may not be undone at all is found out here.
    async fn is_for_a_task(&mut self, id: BatchId) -> Result<bool, Error> {
        let session = self.loading.sessions.ledger.session().await?;
        match ledger::may_undo(session, id).await {
            Ok(batch) => Ok(batch.rows.is_some_and(|rows| rows > self.undo_rows)),
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Another try would take as long: a task has more time, or an operator must see to it.
    async fn out_of_time(&mut self, id: BatchId, seconds: u64) -> Verdict {
        if let Some(tasks) = self.tasks.clone() {
            return self.undo_by_a_task(id, &*tasks).await;
        }
        tracing::error!(batch = %id, elapsed_s = seconds, "the undo exceeded the function's time");
        match self.loading.sessions.remark_out_of_time(id, seconds).await {
            Ok(()) => Verdict::Done,
            Err(error) => self.unsettled(&error, "the undo's end could not be written down"),
        }
    }

    async fn undo_by_a_task(&mut self, id: BatchId, tasks: &dyn Tasks) -> Verdict {
        let job = match tasks.undo(id).await {
            Ok(job) => job,
            Err(error) => {
                tracing::warn!(batch = %id, error = ledger::chain(&error), "no job could be started");
                return Verdict::Again;
            }
        };
        tracing::info!(batch = %id, job, "a task undoes the batch");
        let text = format!("the undo is left to job {job}");
        match self.loading.sessions.remark(id, &text).await {
            Ok(()) => Verdict::Done,
            // Another delivery finds the job by its name.
            Err(error) => self.unsettled(&error, "the job could not be noted"),
        }
    }
}
