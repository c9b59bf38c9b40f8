//! A committed batch is to be taken back.

use std::time::Instant;

use ledger::{BatchId, ErrorKind};
use tokio::time::timeout_at;

use crate::verdict::Verdict;
use crate::{Deadline, Intake};

impl Intake {
    pub(crate) async fn undo(&mut self, id: BatchId, by: &str, deadline: Deadline) -> Verdict {
        let began = Instant::now();
        let database = &mut self.loading.sessions.database;
        let undoing = async {
            let session = database.session().await?;
            ledger::undo(session, id, by).await
        };
        let Ok(undone) = timeout_at(deadline.stop(), undoing).await else {
            // The transaction ends with its session: nothing is taken out.
            database.close();
            tracing::error!(
                batch = %id,
                elapsed_s = began.elapsed().as_secs(),
                "undoing the batch exceeded the function's time"
            );
            // The ledger cannot say so: the batch stays committed. Perhaps a lock was in the way;
            // if not, the dead letter tells.
            return Verdict::Again;
        };
        match undone {
            Ok(undone) => {
                tracing::info!(batch = %id, rows = undone.rows, "the batch was undone");
                Verdict::Done
            }
            Err(error) if error.kind() == ErrorKind::Conflict => {
                tracing::warn!(batch = %id, reason = error.context(), "the batch is not undone");
                Verdict::Done
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tracing::error!(batch = %id, "the ledger does not know this batch");
                Verdict::Poison
            }
            Err(error) => {
                database.close();
                self.unsettled(&error, "the batch could not be undone")
            }
        }
    }
}
