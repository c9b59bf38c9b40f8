//! A committed batch is taken back, in whichever lane has the time for it, and its timeline says what came of that.

use std::future::Future;
use std::time::Instant;

use ledger::{BatchId, Error, ErrorKind, State};

use crate::loading::{Sessions, Stop};

/// What came of an undo.
#[derive(Debug)]
pub enum Undo {
    /// The batch is undone, now or since before.
    Done,
    /// It may not be undone.
    Refused,
    /// The ledger does not know it.
    Unknown,
    /// It was stopped, and nothing is taken out.
    Stopped(Stop),
    /// The database was out of reach, or refused.
    Failed(Error),
}

impl Sessions {
    /// Takes a batch back that `by` asked to be undone, unless `stop` comes first. To be repeated at will.
    pub async fn undo(&mut self, id: BatchId, by: &str, stop: impl Future<Output = Stop>) -> Undo {
        let began = Instant::now();
        let database = &mut self.database;
        let undoing = async {
            let session = database.session().await?;
            ledger::undo(session, id, by).await
        };
        let undone = tokio::select! {
            biased;
            undone = undoing => Ok(undone),
            stop = stop => Err(stop),
        };
        let elapsed_s = began.elapsed().as_secs();
        match undone {
            Ok(Ok(undone)) => {
                tracing::info!(batch = %id, rows = undone.rows, elapsed_s, "the batch was undone");
                Undo::Done
            }
            Ok(Err(error)) if error.kind() == ErrorKind::Conflict => {
                self.refused(id, by, error.context()).await
            }
            Ok(Err(error)) if error.kind() == ErrorKind::NotFound => {
                tracing::error!(batch = %id, "the ledger does not know this batch");
                Undo::Unknown
            }
            Ok(Err(error)) => {
                self.database.close();
                Undo::Failed(error)
            }
            Err(stop) => {
                // The transaction ends with its session: nothing is taken out.
                self.database.close();
                tracing::warn!(batch = %id, elapsed_s, why = ?stop, "the undo is stopped before its end");
                Undo::Stopped(stop)
            }
        }
    }

    /// Writes a line into a batch's timeline.
    pub async fn remark(&mut self, id: BatchId, text: &str) -> Result<(), Error> {
        let told = match self.ledger.session().await {
            Ok(session) => ledger::remark(session, id, text).await,
            Err(error) => Err(error),
        };
        if told.is_err() {
            self.ledger.close();
        }
        told
    }

    /// Says in the timeline that an undo had all the time that there is, and who can give it more.
    pub async fn remark_out_of_time(&mut self, id: BatchId, seconds: u64) -> Result<(), Error> {
        let text = format!(
            "the undo was stopped after {seconds} s, all that it is given, and nothing was taken out: whoever runs this \
             system can have it done without that limit (docs/runbooks/batches-failed.md)"
        );
        self.remark(id, &text).await
    }

    /// Whoever asked was told that it will be done: why it is not, the timeline says.
    async fn refused(&mut self, id: BatchId, by: &str, reason: &str) -> Undo {
        let state = match self.ledger.session().await {
            Ok(session) => ledger::state(session, id).await,
            Err(error) => Err(error),
        };
        match state {
            Ok(Some(State::Undone)) => {
                tracing::info!(batch = %id, "the batch is undone already");
                return Undo::Done;
            }
            Ok(_) => {}
            Err(error) => {
                self.ledger.close();
                return Undo::Failed(error);
            }
        }
        tracing::warn!(batch = %id, reason, "the batch is not undone");
        let text = format!("not undone, as {by} asked: {reason}");
        match self.remark(id, &text).await {
            Ok(()) => Undo::Refused,
            Err(error) => Undo::Failed(error),
        }
    }
}
