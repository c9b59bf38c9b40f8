//! Taking a committed batch's rows out again, and asking for another try.

use contract::Mode;
use tokio_postgres::Client;

use crate::{
    batch::{Batch, ObjectName, word},
    error::{Error, ErrorKind, Result},
    ids::{BatchId, BatchNumber},
    places::take_out,
    queue::requeue,
    receive::find,
    settle::{event, raise_version},
    state::{Lane, State},
};

/// What stands before the name of whoever asked.
const ASKED: &str = "undo asked for by ";

/// A batch that was undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// Its id.
    pub id: BatchId,
    /// Its number.
    pub number: BatchNumber,
    /// Rows that were taken out.
    pub rows: u64,
}

/// Whether a batch could be undone, without doing it: what [`undo`] would refuse is refused here, with the same
/// reasons.
pub async fn may_undo(client: &Client, id: BatchId) -> Result<Batch> {
    let batch = find(client, id)
        .await?
        .ok_or_else(|| Error::not_found("no such batch"))?;
    undoable(&batch.dataset, batch.state)?;
    Ok(batch)
}

/// Notes in the batch's timeline that `by` asked for it to be undone. The undoing itself needs the loader's role:
/// the caller passes the request on to something that calls [`undo`].
pub async fn request_undo(client: &Client, id: BatchId, by: &str) -> Result<Batch> {
    let batch = may_undo(client, id).await?;
    note(client, &batch, &format!("{ASKED}{by}")).await?;
    Ok(batch)
}

/// Who asked last for the batch to be undone, as its timeline has it.
pub fn undo_asked_by(batch: &Batch) -> Option<&str> {
    let mut notes = batch.timeline.iter().rev().map(|event| &event.note);
    notes.find_map(|note| note.as_deref()?.strip_prefix(ASKED))
}

/// Writes a line into the batch's timeline, whose state stays as it is. What its last line says already is not written
/// again: messages come twice.
pub async fn remark(client: &Client, id: BatchId, text: &str) -> Result<()> {
    client
        .execute(
            "INSERT INTO waybill.events (batch, state, attempt, note)
             SELECT number, state, attempt, $2::text FROM waybill.batches b
             WHERE id = $1 AND $2::text IS DISTINCT FROM (
                 SELECT note FROM waybill.events e WHERE e.batch = b.number ORDER BY e.id DESC LIMIT 1)",
            &[&id.0, &text],
        )
        .await?;
    Ok(())
}

/// Takes the rows of a committed batch out of its table and forgets its content, in one transaction.
///
/// Only for `append`: an upsert's rows have replaced others that are gone. What cannot be undone is
/// [`ErrorKind::Conflict`], its context being the reason; an unknown id is [`ErrorKind::NotFound`]. The session needs
/// the loader's role.
pub async fn undo(client: &mut Client, id: BatchId, by: &str) -> Result<Undone> {
    let txn = client.transaction().await?;
    // Of the locks that keep others from changing the batch the one that lets its timeline be written: this may take hours.
    let row = txn
        .query_opt(
            "SELECT number, dataset, state, attempt, sha256, rows, lane FROM waybill.batches WHERE id = $1 FOR NO KEY UPDATE",
            &[&id.0],
        )
        .await?
        .ok_or_else(|| Error::not_found("no such batch"))?;
    let number = BatchNumber(row.try_get("number")?);
    let dataset: String = row.try_get("dataset")?;
    let attempt: i32 = row.try_get("attempt")?;
    let sha256: Option<Vec<u8>> = row.try_get("sha256")?;
    let brought: Option<i64> = row.try_get("rows")?;
    let lane: Lane = word(&row, "lane")?;
    let table = undoable(&dataset, word(&row, "state")?)?;

    // As long as it takes: a batch may have a hundred million rows.
    txn.batch_execute("SET LOCAL statement_timeout = 0").await?;
    let brought = brought.unwrap_or(0).unsigned_abs();
    let taken = take_out(&txn, table, number, brought).await;
    let rows = taken.map_err(|error| {
        let error = Error::from(error);
        if error.kind() == ErrorKind::Data {
            Error::conflict("rows of other tables refer to rows of this batch").with_source(error)
        } else {
            error
        }
    })?;
    // The content may be there once more, forced: then that batch is what the memory names from now on.
    if let Some(sha256) = sha256 {
        txn.execute(
            "DELETE FROM waybill.contents WHERE dataset = $1 AND sha256 = $2 AND batch = $3",
            &[&dataset, &sha256, &id.0],
        )
        .await?;
        txn.execute(
            "INSERT INTO waybill.contents (dataset, sha256, batch)
             SELECT dataset, sha256, id FROM waybill.batches
             WHERE dataset = $1 AND sha256 = $2 AND state = 'committed' AND number <> $3
             ORDER BY number LIMIT 1
             ON CONFLICT (dataset, sha256) DO NOTHING",
            &[&dataset, &sha256, &number.0],
        )
        .await?;
    }
    txn.execute(
        "UPDATE waybill.batches SET state = 'undone', finished_at = clock_timestamp() WHERE number = $1",
        &[&number.0],
    )
    .await?;
    let note = match lane {
        // A contract may send what the Spark lane loads into the lake alone. Whether it said so then, nobody noted, so the
        // rows were looked for all the same.
        Lane::Spark if rows == 0 && brought > 0 => {
            format!("no rows of it were in the table, asked for by {by}")
        }
        _ => format!("{rows} rows taken out, asked for by {by}"),
    };
    event(&txn, number, State::Undone, attempt, Some(&note)).await?;
    raise_version(&txn, &dataset, number).await?;
    txn.commit().await?;
    Ok(Undone { id, number, rows })
}

/// The table whose rows would go, or why not.
fn undoable(dataset: &str, state: State) -> Result<&'static str> {
    let contract = contract::find(dataset).ok_or_else(|| {
        Error::conflict(format!("this release does not know the dataset {dataset}"))
    })?;
    match state {
        State::Committed => {}
        State::Undone => return Err(Error::conflict("the batch is undone already")),
        State::Received | State::Loading => {
            return Err(Error::conflict(
                "the batch is not settled yet: wait until it is committed",
            ));
        }
        other => {
            return Err(Error::conflict(format!(
                "the batch is {other}: it has no rows to take out"
            )));
        }
    }
    match contract.mode {
        Mode::Append => Ok(&contract.table),
        _ => Err(Error::conflict(format!(
            "batches of {dataset} replace rows that are then gone, so they cannot be undone: send a batch that corrects it"
        ))),
    }
}

/// What to put back on the queue for another try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The batch.
    pub id: BatchId,
    /// What it is of.
    pub dataset: String,
    /// Where its bytes lie.
    pub source: ObjectName,
    /// The object's size, where it is known.
    pub object_bytes: Option<u64>,
}

impl Replay {
    /// What [`replay`] would answer or refuse, without noting that anybody asked.
    pub async fn of(client: &Client, id: BatchId) -> Result<Self> {
        replayable(client, id).await.map(Self::from)
    }
}

impl From<Batch> for Replay {
    fn from(batch: Batch) -> Self {
        Self {
            id: batch.id,
            dataset: batch.dataset,
            source: batch.source,
            object_bytes: batch.progress.total_bytes,
        }
    }
}

/// Asks for another try of a batch that failed, or whose announcement or loader was lost: it waits again. The state changes
/// only when a loader claims it; the caller tells somebody to come. [`ErrorKind::Conflict`] says why not.
pub async fn replay(client: &Client, id: BatchId, by: &str) -> Result<Replay> {
    let batch = replayable(client, id).await?;
    note(client, &batch, &format!("replay asked for by {by}")).await?;
    // At once, so that whoever cancels it from now on finds it.
    requeue(client, id).await?;
    Ok(batch.into())
}

async fn replayable(client: &Client, id: BatchId) -> Result<Batch> {
    let batch = find(client, id)
        .await?
        .ok_or_else(|| Error::not_found("no such batch"))?;
    match batch.state {
        State::Failed | State::Received => {}
        State::Loading => {
            let over: bool = client
                .query_one(
                    "SELECT coalesce(lease_until < clock_timestamp(), true) FROM waybill.batches WHERE number = $1",
                    &[&batch.number.0],
                )
                .await?
                .try_get(0)?;
            if !over {
                return Err(Error::conflict(
                    "the batch is being loaded: wait for its end",
                ));
            }
        }
        State::Rejected => {
            return Err(Error::conflict(
                "the batch was rejected for its data: send a corrected file, see its errors",
            ));
        }
        State::Duplicate => {
            return Err(Error::conflict(
                "the batch's content was loaded before: send it with force to load it again",
            ));
        }
        State::Undone => return Err(Error::conflict("the batch was undone: send its file again")),
        State::Committed => return Err(Error::conflict("the batch is committed already")),
        State::Checked => {
            return Err(Error::conflict(
                "the batch was a dry run: send its file without it",
            ));
        }
    }
    Ok(batch)
}

async fn note(client: &Client, batch: &Batch, text: &str) -> Result<()> {
    client
        .execute(
            "INSERT INTO waybill.events (batch, state, attempt, note) VALUES ($1, $2, $3, $4)",
            &[
                &batch.number.0,
                &batch.state.as_str(),
                &batch.attempt.0,
                &text,
            ],
        )
        .await?;
    Ok(())
}
