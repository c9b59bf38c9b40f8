//! The external sort: rows come in file order and leave in the order of the target's widest index.
//!
//! A run that fills its memory is sorted and spilled; what is left at the end is merged with the spilled
//! runs into the one COPY, which then meets the index in a single ascending pass. When the scratch
//! budget is full, or the disk refuses, everything held so far is merged and sent as one such pass, and
//! spilling begins anew. Without scratch every run is a pass of its own. A batch that fits into one run
//! never touches the disk.
//!
//! Until the first pass nothing has left for the server: a batch that turns out wrong before is simply
//! forgotten.

use std::cell::OnceCell;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::oneshot;

use crate::encode::RowPlan;
use crate::error::{LoadError, LoadErrorKind};
use crate::merge::{MergeError, merge};
use crate::pieces::Pieces;
use crate::runs::Rows;
use crate::scratch::Scratch;
use crate::settings::{LoadSettings, ScratchSettings};

/// Takes rows and fills runs with them; the thread that sorts, spills and merges is behind it.
pub(crate) struct Sorter {
    filling: Rows,
    full: Sender<Run>,
    empty: Receiver<Rows>,
    budget: usize,
    ended: oneshot::Receiver<Result<(), MergeError>>,
}

enum Run {
    Full(Rows),
    /// No more will come, and the batch is good as far as reading can tell.
    Last(Rows),
}

impl Sorter {
    pub(crate) fn start(settings: &LoadSettings, plan: Arc<RowPlan>, pieces: Pieces) -> Self {
        let (full, full_runs) = bounded(0);
        let (empty_runs, empty) = bounded(1);
        let (ending, ended) = oneshot::channel();
        let budget = settings.run_bytes;
        let _ = empty_runs.send(Rows::with_budget(budget));
        let settings = settings.scratch.clone();
        std::thread::spawn(move || {
            let mut sorting = Sorting {
                plan,
                settings,
                scratch: OnceCell::new(),
                pieces,
            };
            let outcome = sorting.run(&full_runs, &empty_runs);
            // Before the end is told, so that whoever waits for it finds the stream of rows closed.
            drop(sorting);
            let _ = ending.send(outcome);
        });
        Self {
            filling: Rows::with_budget(budget),
            full,
            empty,
            budget,
            ended,
        }
    }

    /// Adds rows, and hands on the run when it is full; false when nobody takes rows any more.
    pub(crate) fn take(&mut self, rows: &Rows) -> bool {
        if self.filling.size() + rows.size() > self.budget && !self.filling.is_empty() {
            let Ok(next) = self.empty.recv() else {
                return false;
            };
            let full = std::mem::replace(&mut self.filling, next);
            if self.full.send(Run::Full(full)).is_err() {
                return false;
            }
        }
        self.filling.append(rows);
        true
    }

    /// Sends everything; ends when all rows are on their way. A sorter that is dropped instead sends nothing more.
    pub(crate) async fn finish(self) -> Result<(), LoadError> {
        let Self {
            filling,
            full,
            empty,
            ended,
            ..
        } = self;
        // The other run's memory is not needed any more; the merge wants some.
        drop(empty);
        // The thread takes it as soon as it has spilled the run before; this one is async's.
        let handed = tokio::task::spawn_blocking(move || full.send(Run::Last(filling)).is_ok());
        let _ = handed.await;
        match ended.await {
            // Whoever took rows knows best why they ended.
            Ok(Ok(()) | Err(MergeError::Gone)) => Ok(()),
            Ok(Err(MergeError::Scratch(error))) => {
                let detail = "the sorted rows could not be read back from the scratch file; look at the disk under it";
                Err(LoadError::new(LoadErrorKind::Retry, detail).caused_by(error))
            }
            Err(_) => Err(LoadError::new(
                LoadErrorKind::Failed,
                "a defect stopped the sorting of the batch; the log has the panic",
            )),
        }
    }
}

/// What the sorter's thread owns.
struct Sorting {
    plan: Arc<RowPlan>,
    settings: ScratchSettings,
    /// Made for the first run that needs it; none where there is none to be had.
    scratch: OnceCell<Option<Scratch>>,
    pieces: Pieces,
}

impl Sorting {
    fn run(&mut self, runs: &Receiver<Run>, empty: &Sender<Rows>) -> Result<(), MergeError> {
        for run in runs {
            match run {
                Run::Full(mut rows) => {
                    rows.sort();
                    if !self.spill(&rows) {
                        self.send(&rows)?;
                    }
                    rows.clear();
                    let _ = empty.send(rows);
                }
                Run::Last(mut rows) => {
                    rows.sort();
                    return self.send(&rows);
                }
            }
        }
        Ok(())
    }

    /// Puts a run onto the disk; false where it has no room or refuses.
    fn spill(&mut self, rows: &Rows) -> bool {
        self.scratch.get_or_init(|| Scratch::open(&self.settings));
        let Some(Some(scratch)) = self.scratch.get_mut() else {
            return false;
        };
        if !scratch.has_room(rows) {
            tracing::info!(
                runs = scratch.runs(),
                "the scratch budget is full: what is sorted so far is written"
            );
            return false;
        }
        match scratch.add(rows) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(error = %error, "the scratch file takes no more: what is sorted so far is written");
                false
            }
        }
    }

    /// Sends everything spilled and a run in memory, in one ascending pass.
    fn send(&mut self, rows: &Rows) -> Result<(), MergeError> {
        let Some(Some(scratch)) = self.scratch.get_mut() else {
            return merge(None, rows, &self.plan, &mut self.pieces);
        };
        merge(Some(scratch), rows, &self.plan, &mut self.pieces)?;
        if let Err(error) = scratch.clear() {
            tracing::warn!(error = %error, "the scratch file cannot be emptied: the rest is sorted in memory only, run by run");
            self.scratch = OnceCell::from(None);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
