//! Who waits, and who is next.
//!
//! Messages only say that somebody waits; the order is decided here, when a loader is free, so that it can be fair:
//! what is urgent goes first, then whoever of the datasets and partners has the fewest loads running, then whoever
//! was served longest ago, then whoever came first. A thousand files of one partner hold up another's single file by
//! one load.

use std::time::Duration;

use tokio_postgres::{Client, Row, Transaction, types::Json};

use crate::{
    batch::word,
    cancel,
    claim::{Held, Taken, abandoned, commit_claim, take},
    error::Result,
    ids::{Attempt, BatchId, BatchNumber},
    problem::Problem,
    settle::{Outcome, event, write_end},
    state::{Lane, State},
};

/// How often a batch is begun before an operator must look; whoever asks for another try is given as many again. With the pauses between them (`lane::pause`) attempts span
/// fifteen hours, so that a store which is out of reach for a night is outlived.
pub const ATTEMPTS: i32 = 100;

/// A loader that beats every other second and has not for this long is looked after.
const QUIET: Duration = Duration::from_secs(3);

/// Puts a batch whose object is there into a lane, and answers the one that it waits in. `None`: it does not wait,
/// because it was begun or settled.
///
/// To be repeated at will: a batch that waits already goes on waiting, in the lane it is in.
pub async fn enqueue(
    client: &Client,
    id: BatchId,
    lane: Lane,
    partner: &str,
) -> Result<Option<Lane>> {
    // A batch that was interrupted waits again: a release before this one left that to its message. One that was given
    // up before it was begun, because its content seemed not to arrive, did arrive.
    let row = client
        .query_opt(
            "WITH batch AS (
                UPDATE waybill.batches SET lane = $2, partner = $3
                WHERE id = $1 AND (state = 'received' OR state = 'failed'
                        AND (error ->> 'type' = $4 OR attempt = 0 AND error ->> 'type' <> $5))
                    AND NOT EXISTS (SELECT FROM waybill.queue q WHERE q.batch = number)
                RETURNING number, priority, dataset)
            , queued AS (
                INSERT INTO waybill.queue (batch, lane, priority, dataset, partner)
                SELECT number, $2, priority, dataset, $3 FROM batch
                ON CONFLICT (batch) DO NOTHING)
            SELECT $2 AS lane FROM batch
            UNION ALL
            SELECT q.lane FROM waybill.queue q JOIN waybill.batches b ON b.number = q.batch WHERE b.id = $1",
            &[&id.0, &lane.as_str(), &partner, &Problem::type_of(Problem::INTERRUPTED), &Problem::type_of(Problem::CANCELLED)],
        )
        .await?;
    row.map(|row| word(&row, "lane")).transpose()
}

/// Puts a batch that failed back into its lane, because somebody asked for another try.
/// `false`: it is not one that can wait.
pub async fn requeue(client: &Client, id: BatchId) -> Result<bool> {
    let row = client
        .query_one(
            "WITH batch AS (
                UPDATE waybill.batches SET cancel_by = NULL, tries_from = attempt
                WHERE id = $1 AND state IN ('received', 'failed')
                RETURNING number, lane, priority, dataset, partner)
            , queued AS (
                INSERT INTO waybill.queue (batch, lane, priority, dataset, partner)
                SELECT number, lane, priority, dataset, coalesce(partner, '') FROM batch
                ON CONFLICT (batch) DO UPDATE SET due_at = clock_timestamp())
            SELECT EXISTS (SELECT FROM batch)",
            &[&id.0],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// What came of [`postpone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Postponed {
    /// The batch waits.
    Waits,
    /// Somebody had asked for it to be cancelled: it is.
    Cancelled,
    /// It was begun too often, and waits no more.
    GivenUp,
    /// It is somebody else's.
    Lost,
}

/// Ends an attempt that was interrupted, and puts the batch back into its lane for a time from now, or into another one.
pub async fn postpone(
    client: &mut Client,
    held: &Held,
    problem: Problem,
    pause: Duration,
    lane: Option<Lane>,
) -> Result<Postponed> {
    let txn = client.transaction().await?;
    // Asked for after the last beat: the end that is written next would forget it.
    if cancel::asked_of(&txn, held).await? {
        txn.commit().await?;
        return Ok(Postponed::Cancelled);
    }
    if !write_end(&txn, held, Outcome::Failed { problem }).await? {
        txn.rollback().await?;
        return Ok(Postponed::Lost);
    }
    let again = held.tries < ATTEMPTS;
    if again {
        txn.execute(
            "WITH batch AS (
                UPDATE waybill.batches SET lane = coalesce($3, lane) WHERE number = $1
                RETURNING number, lane, priority, dataset, partner)
             INSERT INTO waybill.queue (batch, lane, priority, dataset, partner, due_at)
             SELECT number, lane, priority, dataset, coalesce(partner, ''),
                 clock_timestamp() + make_interval(secs => $2)
             FROM batch",
            &[
                &held.number.0,
                &pause.as_secs_f64(),
                &lane.map(Lane::as_str),
            ],
        )
        .await?;
    } else {
        give_up(&txn, held.number).await?;
    }
    txn.commit().await?;
    Ok(if again {
        Postponed::Waits
    } else {
        Postponed::GivenUp
    })
}

/// Claims whichever batch of a lane is next, as [`crate::claim()`] claims one; `None`: nobody waits that is due.
///
/// Before those that wait come batches whose loader is gone: they have waited longest.
pub async fn claim_next(
    client: &mut Client,
    lane: Lane,
    lease: Duration,
    release: &str,
) -> Result<Option<Held>> {
    // Each round takes something off: a batch, or an entry that means nothing any more.
    loop {
        let txn = client.transaction().await?;
        let next = match left_behind(&txn, lane, lease).await? {
            Some((number, note)) => Some((number, Some(note))),
            None => longest_waiting(&txn, lane)
                .await?
                .map(|number| (number, None)),
        };
        let Some((number, note)) = next else {
            txn.rollback().await?;
            return Ok(None);
        };
        if let Some(Taken::Held(held)) = take_if_free(&txn, number, lease, release, note).await? {
            commit_claim(txn.commit().await, client, &held).await?;
            return Ok(Some(held));
        }
        txn.commit().await?;
    }
}

/// Takes the batch, or clears away what kept it in the queue although it is no longer to be loaded.
async fn take_if_free(
    txn: &Transaction<'_>,
    number: BatchNumber,
    lease: Duration,
    release: &str,
    note: Option<&str>,
) -> Result<Option<Taken>> {
    let row = txn
        .query_one(
            "SELECT state FROM waybill.batches WHERE number = $1 FOR UPDATE",
            &[&number.0],
        )
        .await?;
    let state: State = word(&row, "state")?;
    let free = match state {
        State::Received | State::Failed => true,
        // Found by its loader's silence; anything else that is loading is its loader's.
        State::Loading => note.is_some(),
        _ => false,
    };
    if free {
        return Ok(Some(take(txn, number, lease, release, note).await?));
    }
    txn.execute("DELETE FROM waybill.queue WHERE batch = $1", &[&number.0])
        .await?;
    Ok(None)
}

/// A batch that was begun too often is left to an operator.
pub(crate) async fn give_up(txn: &Transaction<'_>, number: BatchNumber) -> Result<()> {
    let problem = Problem::given_up(ATTEMPTS);
    let row = txn
        .query_one(
            "UPDATE waybill.batches
             SET state = 'failed', error = $2, finished_at = clock_timestamp(), lease_until = NULL
             WHERE number = $1 RETURNING attempt",
            &[&number.0, &Json(&problem)],
        )
        .await?;
    let attempt = row.try_get("attempt")?;
    event(txn, number, State::Failed, attempt, Some(&problem.title)).await
}

/// A batch of the lane whose loader is gone or frozen, and how that is known.
async fn left_behind(
    txn: &Transaction<'_>,
    lane: Lane,
    lease: Duration,
) -> Result<Option<(BatchNumber, &'static str)>> {
    let quiet = lease.saturating_sub(QUIET);
    let rows = txn
        .query(
            "SELECT number, attempt, lease_until > clock_timestamp() AS leased FROM waybill.batches
             WHERE state = 'loading' AND lane = $1 AND lease_until < clock_timestamp() + make_interval(secs => $2)
             ORDER BY number FOR UPDATE SKIP LOCKED",
            &[&lane.as_str(), &quiet.as_secs_f64()],
        )
        .await?;
    for row in rows {
        let number = BatchNumber(row.try_get("number")?);
        let attempt = Attempt(row.try_get("attempt")?);
        if let Some(note) = abandoned(txn, number, attempt, row.try_get("leased")?).await? {
            return Ok(Some((number, note)));
        }
    }
    Ok(None)
}

/// The datasets and partners that wait, who is next first. A step into the index for each, however many wait.
const WHO: &str = "
    WITH RECURSIVE waiting AS (
        (SELECT priority, dataset, partner FROM waybill.queue WHERE lane = $1
         ORDER BY priority, dataset, partner LIMIT 1)
        UNION ALL
        SELECT next.* FROM waiting w CROSS JOIN LATERAL (
            SELECT q.priority, q.dataset, q.partner FROM waybill.queue q
            WHERE q.lane = $1 AND (q.priority, q.dataset, q.partner) > (w.priority, w.dataset, w.partner)
            ORDER BY q.priority, q.dataset, q.partner LIMIT 1) next
    ), busy AS (
        SELECT dataset, coalesce(partner, '') AS partner, count(*) AS loads FROM waybill.batches
        WHERE state = 'loading' AND lane = $1 GROUP BY 1, 2
    )
    SELECT w.priority, w.dataset, w.partner FROM waiting w
    LEFT JOIN busy b ON b.dataset = w.dataset AND b.partner = w.partner
    LEFT JOIN waybill.turns t ON t.lane = $1 AND t.dataset = w.dataset AND t.partner = w.partner
    ORDER BY w.priority, coalesce(b.loads, 0), t.at NULLS FIRST, w.dataset, w.partner";

/// The batch that is next, its queue entry held by the transaction, and the turn taken.
async fn longest_waiting(txn: &Transaction<'_>, lane: Lane) -> Result<Option<BatchNumber>> {
    for who in txn.query(WHO, &[&lane.as_str()]).await? {
        if let Some(number) = first_of(txn, lane, &who).await? {
            txn.execute(
                "INSERT INTO waybill.turns AS t (lane, dataset, partner, at) VALUES ($1, $2, $3, clock_timestamp())
                 ON CONFLICT (lane, dataset, partner) DO UPDATE SET at = excluded.at",
                &[
                    &lane.as_str(),
                    &who.try_get::<_, &str>("dataset")?,
                    &who.try_get::<_, &str>("partner")?,
                ],
            )
            .await?;
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// The first of one dataset and partner that is due and that no other loader is taking just now.
async fn first_of(txn: &Transaction<'_>, lane: Lane, who: &Row) -> Result<Option<BatchNumber>> {
    let row = txn
        .query_opt(
            "SELECT q.batch FROM waybill.queue q JOIN waybill.batches b ON b.number = q.batch
             WHERE q.lane = $1 AND q.priority = $2 AND q.dataset = $3 AND q.partner = $4
                 AND q.due_at <= clock_timestamp()
             ORDER BY q.due_at, q.batch LIMIT 1 FOR UPDATE SKIP LOCKED",
            &[
                &lane.as_str(),
                &who.try_get::<_, i16>("priority")?,
                &who.try_get::<_, &str>("dataset")?,
                &who.try_get::<_, &str>("partner")?,
            ],
        )
        .await?;
    row.map(|row| Ok(BatchNumber(row.try_get(0)?))).transpose()
}
