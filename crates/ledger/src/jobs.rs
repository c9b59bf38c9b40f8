//! Batches of the lanes that have a job for each: who waits for one, who has one, and whose lane is gone.

use std::time::Duration;

use tokio_postgres::Client;

use crate::{
    error::Result,
    ids::{BatchId, BatchNumber},
    queue::{ATTEMPTS, give_up},
    state::Lane,
};

/// Those of a lane that have been due for so long, or whose loader has been silent for so long past its lease: at most
/// a hundred, first those that nobody may be on the way to, and of the others any. One for which as many jobs were started
/// as it may have attempts, and none of them began it, is given up.
pub async fn overdue(client: &mut Client, lane: Lane, since: Duration) -> Result<Vec<BatchId>> {
    let rows = client
        .query(
            "SELECT b.number, b.id, b.job IS NOT NULL AS has_job FROM waybill.batches b
             WHERE b.number IN (
                 SELECT q.batch FROM waybill.queue q
                 WHERE q.lane = $1 AND q.due_at < clock_timestamp() - make_interval(secs => $2)
                 UNION ALL
                 SELECT number FROM waybill.batches
                 WHERE state = 'loading' AND lane = $1 AND lease_until < clock_timestamp() - make_interval(secs => $2))
             ORDER BY has_job, random() LIMIT 100",
            &[&lane.as_str(), &since.as_secs_f64()],
        )
        .await?;
    let mut overdue = Vec::new();
    for row in rows {
        if !is_started_in_vain(client, BatchNumber(row.try_get("number")?), since).await? {
            overdue.push(BatchId(row.try_get("id")?));
        }
    }
    Ok(overdue)
}

/// Whether job after job was started for a batch and none of them began it; it is given up then.
async fn is_started_in_vain(
    client: &mut Client,
    number: BatchNumber,
    since: Duration,
) -> Result<bool> {
    let txn = client.transaction().await?;
    // As it is now: a job may have begun it meanwhile.
    let still = txn
        .query_opt(
            "SELECT FROM waybill.batches WHERE number = $1 AND (state IN ('received', 'failed')
                 OR state = 'loading' AND lease_until < clock_timestamp() - make_interval(secs => $2)) FOR UPDATE",
            &[&number.0, &since.as_secs_f64()],
        )
        .await?
        .is_some();
    let starts: i64 = txn
        .query_one(
            "SELECT count(*) FROM waybill.events e JOIN waybill.batches b ON b.number = e.batch
             WHERE e.batch = $1 AND e.attempt = b.attempt AND e.note LIKE 'job %'",
            &[&number.0],
        )
        .await?
        .try_get(0)?;
    let in_vain = still && starts >= i64::from(ATTEMPTS);
    if in_vain {
        txn.execute("DELETE FROM waybill.queue WHERE batch = $1", &[&number.0])
            .await?;
        give_up(&txn, number).await?;
    }
    txn.commit().await?;
    Ok(in_vain)
}

/// Notes the job that was started for a batch.
pub async fn note_job(client: &Client, id: BatchId, job: &str) -> Result<()> {
    client
        .execute(
            "WITH batch AS (
                UPDATE waybill.batches SET job = $2 WHERE id = $1 AND job IS DISTINCT FROM $2
                RETURNING number, state, attempt)
             INSERT INTO waybill.events (batch, state, attempt, note)
             SELECT number, state, attempt, 'job ' || $2 FROM batch",
            &[&id.0, &job],
        )
        .await?;
    Ok(())
}

/// Moves a batch that waits in a lane, or was left behind in it, to another one, since nobody comes for it there.
/// `false`: it is not there any more.
pub async fn change_lane(client: &Client, id: BatchId, from: Lane, to: Lane) -> Result<bool> {
    let moved = client
        .execute(
            "WITH batch AS (
                UPDATE waybill.batches b SET lane = $3 WHERE id = $1 AND lane = $2
                    AND (EXISTS (SELECT FROM waybill.queue q WHERE q.batch = b.number)
                        OR state = 'loading' AND lease_until < clock_timestamp())
                RETURNING number, state, attempt)
            , queued AS (
                UPDATE waybill.queue q SET lane = $3 FROM batch WHERE q.batch = batch.number)
            INSERT INTO waybill.events (batch, state, attempt, note)
            SELECT number, state, attempt, 'moved to lane ' || $3 || ': there is no lane ' || $2 FROM batch",
            &[&id.0, &from.as_str(), &to.as_str()],
        )
        .await?;
    Ok(moved == 1)
}
