//! Looking things up: batches, reports, what a dataset's readers must know.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use tokio_postgres::{Client, types::Type};

use crate::{
    batch::{Batch, COLUMNS, ReportSize, word},
    error::Result,
    ids::{BatchId, BatchNumber},
    state::State,
};

/// Which batches. What is `None` is not asked about.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of these datasets only: what the asker may see.
    pub datasets: Option<Vec<String>>,
    /// In this state.
    pub state: Option<State>,
    /// Received at this time or later.
    pub since: Option<Timestamp>,
    /// Received before this time.
    pub until: Option<Timestamp>,
}

/// Some batches, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    /// The batches.
    pub batches: Vec<Batch>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<BatchNumber>,
}

/// Batches, newest first: those numbered below `before`.
pub async fn list(
    client: &Client,
    filter: &Filter,
    before: Option<BatchNumber>,
    limit: u32,
) -> Result<Page> {
    let sql = format!(
        "SELECT {COLUMNS} FROM waybill.batches b
         WHERE ($1::text[] IS NULL OR b.dataset = ANY($1)) AND ($2::text IS NULL OR b.state = $2)
           AND ($3::timestamptz IS NULL OR b.received_at >= $3) AND ($4::timestamptz IS NULL OR b.received_at < $4)
           AND b.number < $5
         ORDER BY b.number DESC LIMIT $6"
    );
    let limit = limit.max(1);
    let rows = client
        .query(
            &sql,
            &[
                &filter.datasets,
                &filter.state.map(State::as_str),
                &filter.since,
                &filter.until,
                &before.map_or(i64::MAX, |number| number.0),
                &(i64::from(limit) + 1),
            ],
        )
        .await?;
    let mut batches = rows
        .iter()
        .map(Batch::from_row)
        .collect::<Result<Vec<_>>>()?;
    let more = batches.len() > limit as usize;
    batches.truncate(limit as usize);
    let next = if more {
        batches.last().map(|batch| batch.number)
    } else {
        None
    };
    Ok(Page { batches, next })
}

/// One entry of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its place in the report, from 1: the cursor.
    #[serde(skip)]
    pub ordinal: u32,
    /// The file that it is in, as its manifest names it; left out where the batch is one object. What follows counts
    /// in that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The data record, from 1.
    pub record: u64,
    /// The physical line where it starts, from 1.
    pub line: u64,
    /// The byte where it starts, from 0, in the decompressed content.
    pub byte: u64,
    /// The column; null where the record as a whole is wrong.
    pub column: Option<String>,
    /// The rule that is broken.
    pub rule: String,
    /// The value, shortened.
    pub value: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The partner's own record. In JSON, bytes that are not UTF-8 become U+FFFD.
    #[serde(serialize_with = "lossy")]
    pub row: Vec<u8>,
}

fn lossy<S: Serializer>(row: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(row))
}

/// Part of a report.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its entries, in file order.
    pub entries: Vec<Entry>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<u32>,
    /// How long the whole is.
    pub size: ReportSize,
    /// What it is of.
    pub dataset: String,
    /// The CSV header line as it was sent.
    pub header: Option<Vec<u8>>,
}

/// A batch's report: the entries after `after` (0 for the first). `None` where there is no such batch.
pub async fn errors(
    client: &Client,
    id: BatchId,
    after: u32,
    limit: u32,
) -> Result<Option<Report>> {
    let Some(batch) = client
        .query_typed_opt(
            "SELECT number, dataset, header, report_total, report_listed FROM waybill.batches WHERE id = $1",
            &[(&id.0, Type::UUID)],
        )
        .await?
    else {
        return Ok(None);
    };
    let number: i64 = batch.try_get("number")?;
    let limit = limit.max(1);
    let rows = client
        .query_typed(
            "SELECT ordinal, record, line, byte, column_name, rule, value, message, row, file
             FROM waybill.errors WHERE batch = $1 AND ordinal > $2 ORDER BY ordinal LIMIT $3",
            &[
                (&number, Type::INT8),
                (&i32::try_from(after).unwrap_or(i32::MAX), Type::INT4),
                (&(i64::from(limit) + 1), Type::INT8),
            ],
        )
        .await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        entries.push(Entry {
            ordinal: row.try_get::<_, i32>("ordinal")? as u32,
            file: row.try_get("file")?,
            record: row.try_get::<_, i64>("record")? as u64,
            line: row.try_get::<_, i64>("line")? as u64,
            byte: row.try_get::<_, i64>("byte")? as u64,
            column: row.try_get("column_name")?,
            rule: row.try_get("rule")?,
            value: row.try_get("value")?,
            message: row.try_get("message")?,
            row: row.try_get("row")?,
        });
    }
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = if more {
        entries.last().map(|entry| entry.ordinal)
    } else {
        None
    };
    Ok(Some(Report {
        entries,
        next,
        size: ReportSize {
            total: batch.try_get::<_, i64>("report_total")? as u64,
            listed: batch.try_get::<_, i64>("report_listed")? as u64,
        },
        dataset: batch.try_get("dataset")?,
        header: batch.try_get("header")?,
    }))
}

/// The first committed batch of the dataset, other than `except`, whose object had the same size and entity tag:
/// a likely duplicate, to be told before its bytes are read. Not a proof; the content's hash is.
pub async fn committed_with_etag(
    client: &Client,
    dataset: &str,
    object_bytes: u64,
    etag: &str,
    except: BatchId,
) -> Result<Option<BatchId>> {
    let row = client
        .query_typed_opt(
            "SELECT id FROM waybill.batches
             WHERE dataset = $1 AND etag = $2 AND object_bytes = $3 AND state = 'committed' AND id <> $4
             ORDER BY number LIMIT 1",
            &[
                (&dataset, Type::TEXT),
                (&etag, Type::TEXT),
                (&(object_bytes as i64), Type::INT8),
                (&except.0, Type::UUID),
            ],
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.map(BatchId))
}

/// Where a batch stands, for a reader that waits for it, on a replica too.
pub async fn state(client: &Client, id: BatchId) -> Result<Option<State>> {
    let row = client
        .query_typed_opt(
            "SELECT state FROM waybill.batches WHERE id = $1",
            &[(&id.0, Type::UUID)],
        )
        .await?;
    row.as_ref().map(|row| word(row, "state")).transpose()
}

/// How often each dataset's rows have changed, in the order asked for; 0 for never. It grows with every commit
/// and every undo, in the transaction that changes the rows: what an ETag is made of.
pub async fn versions(client: &Client, datasets: &[&str]) -> Result<Vec<u64>> {
    let rows = client
        .query_typed(
            "SELECT coalesce(v.version, 0)
             FROM unnest($1) WITH ORDINALITY AS asked(dataset, place) LEFT JOIN waybill.versions v USING (dataset)
             ORDER BY asked.place",
            &[(&datasets, Type::TEXT_ARRAY)],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get::<_, i64>(0)? as u64))
        .collect()
}
