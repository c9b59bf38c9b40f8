//! Who works on a batch: attempts, leases, and a sign of life.
//!
//! A claim raises the batch's attempt number, which every later write of the holder must match: that is the fence,
//! and it alone decides who may commit. The lease and the lock only decide how soon somebody else may try.
//! The lease covers a holder that is frozen; it ends by the server's clock. The lock covers one that was killed: an
//! advisory lock on (batch, attempt), held by the ledger session for as long as that session lives, so a batch
//! whose holder's session is gone can be claimed at once.

use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::{Client, Row, Transaction};

use crate::{
    batch::{Batch, ObjectName, Options, Progress, options, word},
    cancel,
    error::{Error, Result},
    ids::{Attempt, BatchId, BatchNumber},
    queue::{ATTEMPTS, give_up},
    receive::find,
    state::{Lane, State},
};

/// What came of claiming a batch.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and mostly the large one"
)]
#[derive(Debug)]
pub enum Claim {
    /// It is ours to load.
    Held(Held),
    /// Somebody alive works on it.
    Busy {
        /// Until when they need not be heard of.
        lease_until: Timestamp,
    },
    /// There is nothing to do.
    Settled(Box<Batch>),
}

/// What came of a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// The batch is still ours.
    Kept,
    /// It is somebody else's, or settled: the work should stop.
    Lost,
    /// Somebody asked for it to be cancelled: the work should stop and say so.
    Cancelled,
}

/// A claimed batch: the token for everything its holder writes.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its number.
    pub number: BatchNumber,
    /// Its id.
    pub id: BatchId,
    /// The fence.
    pub attempt: Attempt,
    /// How often it was begun since it arrived or somebody asked for another try: from 1 to [`crate::ATTEMPTS`].
    pub tries: i32,
    /// What it is of.
    pub dataset: String,
    /// Where its bytes lie.
    pub source: ObjectName,
    /// The object's size, where it is known.
    pub object_bytes: Option<u64>,
    /// The object's entity tag, where it is known.
    pub etag: Option<String>,
    /// Who sent it.
    pub submitted_by: String,
    /// What the sender asked for.
    pub options: Options,
    /// Where it is loaded.
    pub lane: Lane,
    /// Until when the holder need not beat.
    pub lease_until: Timestamp,
}

/// Claims a batch for the session behind `client`, which must stay open while the batch is worked on: its end
/// is taken as the holder's death. One session holds one batch at a time.
///
/// Free to take are `received` and `failed` batches, and `loading` ones whose lease is over or whose holder's
/// session is gone; a `failed` one only while it waits: what is to be tried again does. An unknown id is
/// [`crate::ErrorKind::NotFound`].
pub async fn claim(
    client: &mut Client,
    id: BatchId,
    lease: Duration,
    release: &str,
) -> Result<Claim> {
    let txn = client.transaction().await?;
    let row = txn
        .query_opt(
            "SELECT number, state, attempt, lease_until, coalesce(lease_until > clock_timestamp(), false) AS leased
             FROM waybill.batches WHERE id = $1 FOR UPDATE",
            &[&id.0],
        )
        .await?
        .ok_or_else(|| Error::not_found("no such batch"))?;
    let number = BatchNumber(row.try_get("number")?);
    let state: State = word(&row, "state")?;
    let free = match state {
        State::Failed => waits(&txn, number).await?,
        state => !state.is_settled(),
    };
    if !free {
        txn.rollback().await?;
        return settled(client, id).await;
    }
    let mut note = None;
    if state == State::Loading {
        let before = Attempt(row.try_get("attempt")?);
        note = abandoned(&txn, number, before, row.try_get("leased")?).await?;
        if note.is_none() {
            txn.rollback().await?;
            let lease_until = row.try_get("lease_until")?;
            return Ok(Claim::Busy { lease_until });
        }
    }
    match take(&txn, number, lease, release, note).await? {
        Taken::Held(held) => {
            commit_claim(txn.commit().await, client, &held).await?;
            Ok(Claim::Held(held))
        }
        Taken::Over => {
            txn.commit().await?;
            settled(client, id).await
        }
    }
}

/// A statement of its own, after the batch's row is locked: whoever cancels takes both away at once.
async fn waits(txn: &Transaction<'_>, number: BatchNumber) -> Result<bool> {
    let row = txn
        .query_one(
            "SELECT EXISTS (SELECT FROM waybill.queue WHERE batch = $1)",
            &[&number.0],
        )
        .await?;
    Ok(row.try_get(0)?)
}

async fn settled(client: &Client, id: BatchId) -> Result<Claim> {
    let batch = find(client, id).await?;
    Ok(Claim::Settled(Box::new(
        batch.ok_or_else(|| Error::not_found("no such batch"))?,
    )))
}

/// How it is known that nobody alive holds an attempt; `None`: somebody does.
pub(crate) async fn abandoned(
    txn: &Transaction<'_>,
    number: BatchNumber,
    attempt: Attempt,
    leased: bool,
) -> Result<Option<&'static str>> {
    if !leased {
        return Ok(Some("the loader before was silent past its lease"));
    }
    if !try_lock(txn, number, attempt).await? {
        return Ok(None);
    }
    unlock(txn, number, attempt).await?;
    Ok(Some("the loader before was gone"))
}

/// What came of taking a batch that was free.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and mostly the large one"
)]
pub(crate) enum Taken {
    Held(Held),
    /// It was still to be cancelled, or was tried too often: it is settled now.
    Over,
}

/// Takes a batch whose row the transaction holds and that is free.
pub(crate) async fn take(
    txn: &Transaction<'_>,
    number: BatchNumber,
    lease: Duration,
    release: &str,
    note: Option<&str>,
) -> Result<Taken> {
    txn.execute("DELETE FROM waybill.queue WHERE batch = $1", &[&number.0])
        .await?;
    if cancel::was_asked(txn, number).await? {
        return Ok(Taken::Over);
    }
    let row = txn
        .query_opt(
            "UPDATE waybill.batches b SET state = 'loading', attempt = b.attempt + 1, release = $2,
                 lease_until = clock_timestamp() + make_interval(secs => $3),
                 started_at = coalesce(b.started_at, clock_timestamp()), attempt_at = clock_timestamp(),
                 finished_at = NULL, error = NULL, progress_bytes = 0, progress_rows = 0, progress_copied = 0
             WHERE b.number = $1 AND b.attempt - b.tries_from < $4
             RETURNING b.number, b.id, b.attempt, b.dataset, b.bucket, b.object_key, b.object_version,
                 b.object_bytes, b.etag, b.submitted_by, b.dry_run, b.force, b.expect_rows, b.expect_sha256,
                 b.priority, b.lane, b.lease_until, b.attempt - b.tries_from AS tries",
            &[&number.0, &release, &lease.as_secs_f64(), &ATTEMPTS],
        )
        .await?;
    let Some(row) = row else {
        give_up(txn, number).await?;
        return Ok(Taken::Over);
    };
    let held = held(&row)?;
    txn.execute(
        "INSERT INTO waybill.events (batch, state, attempt, note) VALUES ($1, 'loading', $2, $3)",
        &[&number.0, &held.attempt.0, &note],
    )
    .await?;
    // Before the attempt can be seen: nobody may find a live attempt without its lock. It is the session's, so
    // it outlives this transaction; should the commit fail, the session is gone or lets go of it.
    try_lock(txn, number, held.attempt).await?;
    Ok(Taken::Held(held))
}

/// Lets go of the lock of a claim that was not committed.
pub(crate) async fn commit_claim(
    committed: std::result::Result<(), tokio_postgres::Error>,
    client: &Client,
    held: &Held,
) -> Result<()> {
    if let Err(error) = committed {
        let _ = release_claim(client, held).await;
        return Err(error.into());
    }
    Ok(())
}

fn held(row: &Row) -> Result<Held> {
    Ok(Held {
        number: BatchNumber(row.try_get("number")?),
        id: BatchId(row.try_get("id")?),
        attempt: Attempt(row.try_get("attempt")?),
        tries: row.try_get("tries")?,
        dataset: row.try_get("dataset")?,
        source: ObjectName {
            bucket: row.try_get("bucket")?,
            key: row.try_get("object_key")?,
            version: row.try_get("object_version")?,
        },
        object_bytes: row
            .try_get::<_, Option<i64>>("object_bytes")?
            .map(|bytes| bytes.max(0) as u64),
        etag: row.try_get("etag")?,
        submitted_by: row.try_get("submitted_by")?,
        options: options(row)?,
        lane: word(row, "lane")?,
        lease_until: row.try_get("lease_until")?,
    })
}

/// Renews the lease and shows progress.
///
/// Not to be called between [`crate::commit`] and the end of its transaction: it would wait for that.
pub async fn beat(
    client: &Client,
    held: &Held,
    lease: Duration,
    progress: Progress,
) -> Result<Beat> {
    let renewed = client
        .query_opt(
            "UPDATE waybill.batches
             SET lease_until = clock_timestamp() + make_interval(secs => $3), progress_bytes = $4, progress_rows = $5,
                 progress_copied = $6
             WHERE number = $1 AND attempt = $2 AND state = 'loading'
             RETURNING cancel_by IS NOT NULL",
            &[
                &held.number.0,
                &held.attempt.0,
                &lease.as_secs_f64(),
                &(progress.bytes as i64),
                &(progress.rows as i64),
                &(progress.copied as i64),
            ],
        )
        .await?;
    Ok(match renewed {
        None => Beat::Lost,
        Some(row) if row.try_get(0)? => Beat::Cancelled,
        Some(_) => Beat::Kept,
    })
}

/// Lets go of the sign of life. To be called on the claiming session whenever the work on a batch ends,
/// however it ends.
pub async fn release_claim(client: &Client, held: &Held) -> Result<()> {
    unlock(client, held.number, held.attempt).await
}

/// The two keys of a claim's lock. Numbers that are 2^31 apart share one, which costs no more than a wait.
fn keys(number: BatchNumber, attempt: Attempt) -> (i32, i32) {
    ((number.0 % i64::from(i32::MAX)) as i32, attempt.0)
}

async fn try_lock(
    client: &impl tokio_postgres::GenericClient,
    number: BatchNumber,
    attempt: Attempt,
) -> Result<bool> {
    let (a, b) = keys(number, attempt);
    let row = client
        .query_one("SELECT pg_try_advisory_lock($1, $2)", &[&a, &b])
        .await?;
    Ok(row.try_get(0)?)
}

async fn unlock(
    client: &impl tokio_postgres::GenericClient,
    number: BatchNumber,
    attempt: Attempt,
) -> Result<()> {
    let (a, b) = keys(number, attempt);
    client
        .query_one("SELECT pg_advisory_unlock($1, $2)", &[&a, &b])
        .await?;
    Ok(())
}
