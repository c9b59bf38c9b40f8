//! A task lane that only notes what it is asked for.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use ledger::BatchId;
use platform::jobs::{Job, JobError, Jobs, Tasks};

use crate::World;

/// The lane.
#[derive(Default)]
pub(crate) struct TaskLane {
    loads: Mutex<Vec<(BatchId, Option<u64>)>>,
    undone: Mutex<Vec<BatchId>>,
}

impl TaskLane {
    /// The batches that a job was asked for, and how much content each was said to have.
    pub(crate) fn loads(&self) -> Vec<(BatchId, Option<u64>)> {
        self.loads.lock().expect("not poisoned").clone()
    }

    /// The batches that it was to undo.
    pub(crate) fn undone(&self) -> Vec<BatchId> {
        self.undone.lock().expect("not poisoned").clone()
    }
}

impl Jobs for TaskLane {
    fn start(&self, job: Job) -> BoxFuture<'_, Result<String, JobError>> {
        let mut loads = self.loads.lock().expect("not poisoned");
        loads.push((job.batch, job.bytes));
        Box::pin(async { Ok("4711".to_owned()) })
    }
}

impl Tasks for TaskLane {
    fn undo(&self, batch: BatchId) -> BoxFuture<'_, Result<String, JobError>> {
        self.undone.lock().expect("not poisoned").push(batch);
        Box::pin(async { Ok("4711".to_owned()) })
    }
}

impl World {
    /// With a task lane that undoes what has more rows.
    pub(crate) fn with_tasks(&mut self, undo_rows: u64) -> Arc<TaskLane> {
        let tasks = Arc::new(TaskLane::default());
        self.intake.tasks = Some(tasks.clone());
        self.intake.undo_rows = undo_rows;
        tasks
    }
}
