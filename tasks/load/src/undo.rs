//! Takes one batch back, however long that takes.

use std::future::Future;
use std::process::ExitCode;

use lane::{Sessions, Stop, Undo};
use ledger::{BatchId, Error};
use tokio::time::Instant;

use crate::AGAIN;

/// Whose the request is that nobody wrote down.
const NOBODY: &str = "an operator";

/// Takes the batch back, unless `stop` comes first. `by`: who asked, where its timeline is not to say that.
pub(crate) async fn undo(
    mut sessions: Sessions,
    batch: BatchId,
    by: Option<String>,
    stop: impl Future<Output = Stop>,
) -> anyhow::Result<ExitCode> {
    let by = match by {
        Some(by) => by,
        None => match asked_by(&mut sessions, batch).await {
            Ok(by) => by,
            Err(error) => return failed(error),
        },
    };
    let began = Instant::now();
    match sessions.undo(batch, &by, stop).await {
        Undo::Done | Undo::Refused => Ok(ExitCode::SUCCESS),
        Undo::Unknown => anyhow::bail!("the ledger does not know batch {batch}"),
        Undo::Stopped(Stop::Interrupted) => Ok(ExitCode::from(AGAIN)),
        Undo::Stopped(Stop::OutOfTime) => {
            let seconds = began.elapsed().as_secs();
            sessions.remark_out_of_time(batch, seconds).await?;
            anyhow::bail!("the undo was stopped after {seconds} s");
        }
        Undo::Failed(error) => failed(error),
    }
}

/// Who asked last.
async fn asked_by(sessions: &mut Sessions, batch: BatchId) -> Result<String, Error> {
    let session = sessions.ledger.session().await?;
    let found = ledger::find(session, batch).await?;
    let by = found.as_ref().and_then(ledger::undo_asked_by);
    Ok(by.unwrap_or(NOBODY).to_owned())
}

fn failed(error: Error) -> anyhow::Result<ExitCode> {
    if !error.is_retryable() {
        return Err(error.into());
    }
    tracing::warn!(
        error = ledger::chain(&error),
        "the database is out of reach"
    );
    Ok(ExitCode::from(AGAIN))
}
