//! Stopping a batch, wherever it is: one that waits ends at once, one that is being loaded at its loader's next beat.

use tokio_postgres::{Client, Transaction, types::Json};

use crate::{
    claim::Held,
    error::{Error, Result},
    ids::{BatchId, BatchNumber},
    problem::Problem,
    settle::event,
    state::State,
};

/// What came of asking for a batch to be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancel {
    /// It waited, and is cancelled.
    Done,
    /// Its loader stops within a few seconds, unless it is committing just now.
    Asked,
}

/// Cancels a batch. It is then `failed` with the problem [`Problem::CANCELLED`], and a replay loads it after all.
///
/// A batch that is settled is [`crate::ErrorKind::Conflict`], its context being the reason; an unknown id is
/// [`crate::ErrorKind::NotFound`].
pub async fn cancel(client: &Client, id: BatchId, by: &str) -> Result<Cancel> {
    let row = client
        .query_one(
            "SELECT waybill.cancel($1, $2, $3)",
            &[&id.0, &Json(Problem::cancelled(by)), &by],
        )
        .await?;
    match row.try_get::<_, Option<&str>>(0)? {
        None => Err(Error::not_found("no such batch")),
        Some("cancelled") => Ok(Cancel::Done),
        Some("loading") => Ok(Cancel::Asked),
        Some("failed") => Err(Error::conflict("the batch failed and is not tried again")),
        Some("committed") => Err(Error::conflict(
            "the batch is committed already: undo it instead",
        )),
        Some(state) => Err(Error::conflict(format!("the batch is {state} already"))),
    }
}

/// Settles a batch whose holder was told by [`crate::Beat::Cancelled`] to stop. `false`: it is somebody else's.
pub async fn cancelled(client: &mut Client, held: &Held) -> Result<bool> {
    let txn = client.transaction().await?;
    let done = asked_of(&txn, held).await?;
    txn.commit().await?;
    Ok(done)
}

/// Whether the holder was asked to stop and still holds the batch, which is settled then.
pub(crate) async fn asked_of(txn: &Transaction<'_>, held: &Held) -> Result<bool> {
    let ours = txn
        .query_opt(
            "SELECT FROM waybill.batches WHERE number = $1 AND attempt = $2 AND state = 'loading' FOR UPDATE",
            &[&held.number.0, &held.attempt.0],
        )
        .await?
        .is_some();
    Ok(ours && was_asked(txn, held.number).await?)
}

/// Whether the loader of a batch that nobody holds any more was asked to stop; the batch is settled then.
pub(crate) async fn was_asked(txn: &Transaction<'_>, number: BatchNumber) -> Result<bool> {
    let row = txn
        .query_one(
            "SELECT cancel_by, attempt FROM waybill.batches WHERE number = $1",
            &[&number.0],
        )
        .await?;
    let Some(by) = row.try_get::<_, Option<String>>("cancel_by")? else {
        return Ok(false);
    };
    txn.execute(
        "UPDATE waybill.batches
         SET state = 'failed', error = $2, finished_at = clock_timestamp(), lease_until = NULL, cancel_by = NULL
         WHERE number = $1",
        &[&number.0, &Json(Problem::cancelled(&by))],
    )
    .await?;
    let note = format!("cancelled by {by}");
    event(
        txn,
        number,
        State::Failed,
        row.try_get("attempt")?,
        Some(&note),
    )
    .await?;
    Ok(true)
}
