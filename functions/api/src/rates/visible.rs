//! `after_batch`: waiting until the database that reads go to shows a batch.
//!
//! The wait ends in 409 and not in a gateway's 504: a load that takes its time is no failure of the service, and
//! failures are what a release is judged by.

use std::time::Duration;

use ledger::{BatchId, State};
use tokio::time::{Instant, sleep};

use crate::limits;
use crate::pool::Pool;
use crate::problem::{Kind, Problem};

/// Returns as soon as the batch's rows are to be seen (or have been: an undone batch was there and is gone).
///
/// A batch that `reader` does not know is asked for in `ledger` once: where the primary does not know it either, no
/// replica will.
pub(super) async fn wait(reader: &Pool, ledger: &Pool, batch: BatchId) -> Result<(), Problem> {
    let end = Instant::now() + limits::VISIBLE_WITHIN;
    let mut pause = Duration::from_millis(20);
    let mut asked = false;
    loop {
        let state = state(reader, batch).await?;
        if state.is_none() && !asked {
            asked = true;
            // A primary that is away decides nothing: the replica may learn of the batch yet.
            if let Ok(None) = self::state(ledger, batch).await {
                let detail =
                    format!("There is no batch {batch} (yet); ask again, or check the id.");
                return Err(refuse(detail, None).retry_after(2));
            }
        }
        match state {
            // A duplicate's content was committed under another id before it was called one.
            Some(State::Committed | State::Undone | State::Duplicate) => return Ok(()),
            Some(state @ (State::Rejected | State::Checked)) => {
                return Err(refuse(
                    format!(
                        "The batch {batch} is `{}` and will not become visible.",
                        state.as_str()
                    ),
                    Some(state),
                ));
            }
            Some(State::Received | State::Loading | State::Failed) | None
                if Instant::now() < end =>
            {
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(250));
            }
            Some(state) => {
                let detail = format!(
                    "The batch {batch} is still `{}` after {} s; ask again.",
                    state.as_str(),
                    limits::VISIBLE_WITHIN.as_secs()
                );
                return Err(refuse(detail, Some(state)).retry_after(2));
            }
            None => {
                let detail = format!(
                    "The batch {batch} is not known to this reader after {} s; ask again, or check the id.",
                    limits::VISIBLE_WITHIN.as_secs()
                );
                return Err(refuse(detail, None).retry_after(2));
            }
        }
    }
}

async fn state(reader: &Pool, batch: BatchId) -> Result<Option<State>, Problem> {
    let client = reader.get().await?;
    let state = ledger::state(&client, batch).await?;
    client.settle();
    Ok(state)
}

fn refuse(detail: String, state: Option<State>) -> Problem {
    let problem = Problem::new(Kind::BatchNotVisible, detail);
    match state {
        Some(state) => problem.with("state", state.as_str()),
        None => problem,
    }
}
