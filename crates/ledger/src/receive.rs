//! A batch becomes known.

use tokio_postgres::{Client, types::Json};

use crate::{
    batch::{Batch, COLUMNS, ObjectName, Options},
    error::{Error, Result},
    ids::BatchId,
    problem::Problem,
};

/// A batch that was announced, by an event or by the API.
#[derive(Debug, Clone)]
pub struct NewBatch<'a> {
    /// [`crate::batch_id_for_object`], or [`BatchId::fresh`] for what the API takes in.
    pub id: BatchId,
    /// What it is of.
    pub dataset: &'a str,
    /// Where its bytes lie or will lie.
    pub source: ObjectName,
    /// The object's size, where it is known.
    pub object_bytes: Option<u64>,
    /// The object's entity tag, where it is known.
    pub etag: Option<&'a str>,
    /// Who sent it.
    pub submitted_by: &'a str,
    /// What the sender asked for.
    pub options: Options,
}

/// Makes a batch known, or finds it.
///
/// A batch that is known keeps what it was registered with (sender, options, dataset); only what nobody could
/// know before the object existed (version, size, entity tag) is filled in, once. Where the answer's
/// `source.version` is not the one announced, the object was overwritten after the batch took up another version.
pub async fn receive(client: &Client, new: &NewBatch<'_>) -> Result<Batch> {
    let sha256 = new.options.expect_sha256.map(|hash| hash.to_vec());
    // One statement: the batch and its first event, or neither. An announced batch learns what its object turned out
    // to be; another object, or another version of it, changes nothing.
    let sql = "WITH batch AS (
            INSERT INTO waybill.batches AS b (id, dataset, bucket, object_key, object_version, object_bytes, etag,
                submitted_by, dry_run, force, expect_rows, expect_sha256, priority)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            ON CONFLICT (id) DO UPDATE SET
                object_version = coalesce(b.object_version, excluded.object_version),
                object_bytes = coalesce(excluded.object_bytes, b.object_bytes),
                etag = coalesce(excluded.etag, b.etag)
            WHERE b.bucket = excluded.bucket AND b.object_key = excluded.object_key
                AND (b.object_version IS NULL OR b.object_version = excluded.object_version)
            RETURNING b.number, (xmax = 0) AS fresh)
        INSERT INTO waybill.events (batch, state, attempt)
        SELECT number, 'received', 0 FROM batch WHERE fresh";
    client
        .execute(
            sql,
            &[
                &new.id.0,
                &new.dataset,
                &new.source.bucket,
                &new.source.key,
                &new.source.version,
                &new.object_bytes.map(|bytes| bytes as i64),
                &new.etag,
                &new.submitted_by,
                &new.options.dry_run,
                &new.options.force,
                &new.options.expect_rows.map(|rows| rows as i64),
                &sha256,
                &new.options.priority(),
            ],
        )
        .await?;
    find(client, new.id)
        .await?
        .ok_or_else(|| Error::internal("a batch vanished from the ledger"))
}

/// One batch with its timeline.
pub async fn find(client: &Client, id: BatchId) -> Result<Option<Batch>> {
    let sql = format!("SELECT {COLUMNS} FROM waybill.batches b WHERE b.id = $1");
    let row = client
        .query_typed_opt(&sql, &[(&id.0, tokio_postgres::types::Type::UUID)])
        .await?;
    row.as_ref().map(Batch::from_row).transpose()
}

/// Marks a batch failed that was announced and whose bytes then could not be stored. `false`: it has been begun
/// meanwhile, or there is none. The API's one way to change a state.
pub async fn withdraw(client: &Client, id: BatchId, problem: &Problem) -> Result<bool> {
    let row = client
        .query_one(
            "SELECT waybill.withdraw($1, $2, $3)",
            &[&id.0, &Json(problem), &problem.title],
        )
        .await?;
    Ok(row.try_get(0)?)
}
