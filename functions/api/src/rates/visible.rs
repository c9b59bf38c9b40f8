//! `after_batch`: waiting until the database that reads go to shows a batch.
//!
//! The wait ends in 409 and not in a gateway's 504: a load that takes its time is no failure of the service, and
//! failures are what a release is judged by.

use std::time::Duration;

use ledger::{BatchId, State};
use tokio::time::{Instant, sleep};

use crate::limits;
use crate::pool::{Lease, Pool, Question};
use crate::problem::{Kind, Problem};

/// Waits until the batch's rows are to be seen (or have been: an undone batch was there and is gone), and hands over the
/// session that saw them. Between two looks no session is held: those who wait must not keep others from reading.
///
/// A batch that `reader` does not know is asked for in `ledger` once: where the primary does not know it either, no
/// replica will.
pub(super) async fn wait(reader: &Pool, ledger: &Pool, batch: BatchId) -> Result<Lease, Problem> {
    let end = Instant::now() + limits::VISIBLE_WITHIN;
    let mut pause = Duration::from_millis(20);
    let mut asked = false;
    loop {
        let (client, state) = look(reader, batch).await?;
        // A duplicate's content was committed under another id before it was called one.
        if let Some(State::Committed | State::Undone | State::Duplicate) = state {
            return Ok(client);
        }
        client.settle();
        if let Some(state @ (State::Rejected | State::Checked)) = state {
            return Err(never(batch, state));
        }
        if state.is_none() && !asked {
            asked = true;
            // A primary that is away decides nothing: the replica may learn of the batch yet.
            if let Ok(None) = state_of(ledger, batch).await {
                let detail =
                    format!("There is no batch {batch} (yet); ask again, or check the id.");
                return Err(refuse(detail, None).retry_after(2));
            }
        }
        if Instant::now() >= end {
            return Err(overdue(ledger, batch, state).await);
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(250));
    }
}

async fn look(reader: &Pool, batch: BatchId) -> Result<(Lease, Option<State>), Problem> {
    let mut client = reader.get().await?;
    let state = reader.ask(&mut client, &WhereIs(batch)).await?;
    Ok((client, state))
}

struct WhereIs(BatchId);

impl Question for WhereIs {
    type Answer = Option<State>;

    async fn put(&self, client: &mut Lease) -> Result<Option<State>, Problem> {
        Ok(ledger::state(client, self.0).await?)
    }
}

async fn state_of(pool: &Pool, batch: BatchId) -> Result<Option<State>, Problem> {
    let (client, state) = look(pool, batch).await?;
    client.settle();
    Ok(state)
}

/// The wait was in vain. The primary knows best where the batch stands: the database that reads go to may be behind.
async fn overdue(ledger: &Pool, batch: BatchId, seen: Option<State>) -> Problem {
    let after = limits::VISIBLE_WITHIN.as_secs();
    let state = state_of(ledger, batch).await.ok().flatten().or(seen);
    let detail = match state {
        Some(state @ (State::Rejected | State::Checked)) => return never(batch, state),
        Some(state @ (State::Committed | State::Undone | State::Duplicate)) => format!(
            "The batch {batch} is `{}`, but after {after} s has not reached the database that reads go to; ask again.",
            state.as_str()
        ),
        Some(state) => format!(
            "The batch {batch} is still `{}` after {after} s; ask again.",
            state.as_str()
        ),
        None => format!(
            "The batch {batch} is not known to this reader after {after} s; ask again, or check the id."
        ),
    };
    refuse(detail, state).retry_after(2)
}

fn never(batch: BatchId, state: State) -> Problem {
    let detail = format!(
        "The batch {batch} is `{}` and will not become visible.",
        state.as_str()
    );
    refuse(detail, Some(state))
}

fn refuse(detail: String, state: Option<State>) -> Problem {
    let problem = Problem::new(Kind::BatchNotVisible, detail);
    match state {
        Some(state) => problem.with("state", state.as_str()),
        None => problem,
    }
}
