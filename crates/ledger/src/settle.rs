//! How the work on a batch ends. Every write here is fenced by the attempt.

use tokio_postgres::{Client, Transaction, types::Json};

use crate::{
    claim::Held,
    error::{Error, Result},
    ids::{BatchId, BatchNumber},
    problem::Problem,
    state::State,
};

/// What was learned of a batch's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Good records.
    pub rows: u64,
    /// Size of the content, decompressed.
    pub content_bytes: u64,
    /// SHA-256 of the content, decompressed.
    pub sha256: [u8; 32],
    /// The CSV header line as it was sent.
    pub header: Option<Vec<u8>>,
}

/// What came of [`commit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// Commit the transaction: the batch is committed with it.
    Done,
    /// Roll back: the same content was committed as this batch. Then [`settle`] with [`Outcome::Duplicate`].
    Duplicate(BatchId),
    /// Roll back and stop: the batch is somebody else's now.
    Superseded,
}

/// One thing that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file that it is in, as its manifest names it; none where the batch is one object.
    pub file: Option<String>,
    /// The data record, from 1.
    pub record: u64,
    /// The physical line where it starts, from 1.
    pub line: u64,
    /// The byte where it starts, from 0, in the decompressed content.
    pub byte: u64,
    /// The column; none where the record as a whole is wrong.
    pub column: Option<String>,
    /// The rule that is broken.
    pub rule: String,
    /// The value, shortened.
    pub value: Option<String>,
    /// What is wrong, for the partner.
    pub message: String,
    /// The partner's own record.
    pub row: Vec<u8>,
}

/// How a batch that was not committed ends.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The data is wrong.
    Rejected {
        /// Why, in one document.
        problem: Problem,
        /// What was learned, where the content was read to its end.
        summary: Option<Summary>,
        /// Records that were refused.
        rejected: u64,
        /// Everything that was found, exactly.
        total: u64,
        /// What is listed of it, in file order.
        findings: Vec<Finding>,
    },
    /// The same content was committed before.
    Duplicate {
        /// As this batch.
        of: BatchId,
        /// What was learned, where the content was read to its end.
        summary: Option<Summary>,
    },
    /// A dry run that would have been committed.
    Checked {
        /// What was learned.
        summary: Summary,
    },
    /// We are wrong, or something is down.
    Failed {
        /// What happened, as far as the outside may know.
        problem: Problem,
    },
}

/// Which earlier content makes the same content a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Any that was ever loaded: rows are added, and would be there twice.
    Any,
    /// Only what was loaded last: rows replace others, and a sender may go back to how things were.
    Last,
}

/// Marks the batch committed inside the transaction that carries its rows, which must be READ COMMITTED. The
/// last thing before the caller commits it, or rolls back where the answer says so.
///
/// The content's hash is written first: of two batches with the same content the second waits here for the first.
pub async fn commit(
    txn: &Transaction<'_>,
    held: &Held,
    summary: &Summary,
    repeats: Repeats,
) -> Result<Committed> {
    let sha256 = summary.sha256.as_slice();
    let first = txn
        .execute(
            "INSERT INTO waybill.contents (dataset, sha256, batch) VALUES ($1, $2, $3)
             ON CONFLICT (dataset, sha256) DO NOTHING",
            &[&held.dataset, &sha256, &held.id.0],
        )
        .await?
        == 1;
    if !first && !held.options.force {
        let earlier = match repeats {
            Repeats::Any => Some(first_with(txn, held, sha256).await?),
            Repeats::Last => last_if_with(txn, held, sha256).await?,
        };
        match earlier {
            // Its own: a commit of which the answer was lost.
            Some(own) if own == held.id => return Ok(Committed::Superseded),
            Some(other) => return Ok(Committed::Duplicate(other)),
            None => {}
        }
    }
    let mine = txn
        .execute(
            "UPDATE waybill.batches
             SET state = 'committed', rows = $3, rejected = 0, bytes = $4, sha256 = $5, header = $6,
                 finished_at = clock_timestamp(), lease_until = NULL, error = NULL, cancel_by = NULL,
                 progress_rows = $3, progress_copied = $3,
                 progress_bytes = coalesce(object_bytes, progress_bytes)
             WHERE number = $1 AND attempt = $2 AND state = 'loading'",
            &[
                &held.number.0,
                &held.attempt.0,
                &(summary.rows as i64),
                &(summary.content_bytes as i64),
                &sha256,
                &summary.header,
            ],
        )
        .await?
        == 1;
    if !mine {
        return Ok(Committed::Superseded);
    }
    event(
        txn,
        held.number,
        State::Committed,
        held.attempt.0,
        (!first).then_some(if held.options.force {
            "forced"
        } else {
            "the same content was loaded before, and others since"
        }),
    )
    .await?;
    raise_version(txn, &held.dataset, held.number).await?;
    Ok(Committed::Done)
}

/// The batch that loaded the content first.
async fn first_with(txn: &Transaction<'_>, held: &Held, sha256: &[u8]) -> Result<BatchId> {
    let row = txn
        .query_opt(
            "SELECT batch FROM waybill.contents WHERE dataset = $1 AND sha256 = $2",
            &[&held.dataset, &sha256],
        )
        .await?;
    match row {
        Some(row) => Ok(BatchId(row.try_get(0)?)),
        // It was undone between the two statements. The caller tries the whole batch again.
        None => Err(Error::new(
            crate::ErrorKind::Unreachable,
            "the batch with the same content was undone meanwhile",
        )),
    }
}

/// The batch that the dataset's rows are of, if that has the content. Whoever asks holds back other commits of the
/// dataset until its own end, so that the answer stays true.
async fn last_if_with(
    txn: &Transaction<'_>,
    held: &Held,
    sha256: &[u8],
) -> Result<Option<BatchId>> {
    let last = txn
        .query_opt(
            "SELECT batch FROM waybill.versions WHERE dataset = $1 FOR UPDATE",
            &[&held.dataset],
        )
        .await?;
    let Some(last) = last else { return Ok(None) };
    let number: i64 = last.try_get(0)?;
    let row = txn
        .query_opt(
            "SELECT id FROM waybill.batches WHERE number = $1 AND state = 'committed' AND sha256 = $2",
            &[&number, &sha256],
        )
        .await?;
    row.map(|row| Ok(BatchId(row.try_get(0)?))).transpose()
}

/// Ends the work on a batch without its rows, in one transaction. `false`: the batch is somebody else's now, and
/// nothing was written.
pub async fn settle(client: &mut Client, held: &Held, outcome: Outcome) -> Result<bool> {
    let txn = client.transaction().await?;
    if !write_end(&txn, held, outcome).await? {
        txn.rollback().await?;
        return Ok(false);
    }
    txn.commit().await?;
    Ok(true)
}

/// [`settle`] inside the caller's transaction. `false`: the batch is somebody else's.
pub(crate) async fn write_end(
    txn: &Transaction<'_>,
    held: &Held,
    outcome: Outcome,
) -> Result<bool> {
    let mut end = End::default();
    let mut report: &[Finding] = &[];
    let state = match &outcome {
        Outcome::Rejected {
            problem,
            summary,
            rejected,
            total,
            findings,
        } => {
            end.problem = Some(problem);
            end.summary = summary.as_ref();
            end.rows = Some(0);
            end.rejected = Some(*rejected as i64);
            end.total = *total as i64;
            report = findings;
            State::Rejected
        }
        Outcome::Duplicate { of, summary } => {
            end.summary = summary.as_ref();
            end.rows = Some(0);
            end.rejected = Some(0);
            end.duplicate_of = Some(of.0);
            State::Duplicate
        }
        Outcome::Checked { summary } => {
            end.summary = Some(summary);
            end.rows = Some(summary.rows as i64);
            end.rejected = Some(0);
            State::Checked
        }
        Outcome::Failed { problem } => {
            end.problem = Some(problem);
            State::Failed
        }
    };
    let mine = txn
        .execute(
            "UPDATE waybill.batches
             SET state = $3, rows = $4, rejected = $5, bytes = $6, sha256 = $7, header = $8, error = $9,
                 duplicate_of = $10, report_total = $11, report_listed = $12, finished_at = clock_timestamp(),
                 lease_until = NULL, cancel_by = NULL
             WHERE number = $1 AND attempt = $2 AND state = 'loading'",
            &[
                &held.number.0,
                &held.attempt.0,
                &state.as_str(),
                &end.rows,
                &end.rejected,
                &end.summary.map(|summary| summary.content_bytes as i64),
                &end.summary.map(|summary| summary.sha256.to_vec()),
                &end.summary.and_then(|summary| summary.header.as_deref()),
                &end.problem.map(Json),
                &end.duplicate_of,
                &end.total,
                &(report.len() as i64),
            ],
        )
        .await?
        == 1;
    if !mine {
        return Ok(false);
    }
    write_report(txn, held.number, report).await?;
    let note = end.problem.map(|problem| problem.title.as_str());
    event(txn, held.number, state, held.attempt.0, note).await?;
    Ok(true)
}

/// What the columns of an ended batch get.
#[derive(Default)]
struct End<'a> {
    problem: Option<&'a Problem>,
    summary: Option<&'a Summary>,
    rows: Option<i64>,
    rejected: Option<i64>,
    total: i64,
    duplicate_of: Option<uuid::Uuid>,
}

/// How much of a report goes into one statement.
const FINDINGS_AT_ONCE: usize = 500;
const BYTES_AT_ONCE: usize = 4 << 20;

async fn write_report(
    txn: &Transaction<'_>,
    number: BatchNumber,
    findings: &[Finding],
) -> Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    let statement = txn
        .prepare(
            "INSERT INTO waybill.errors (batch, ordinal, record, line, byte, column_name, rule, value, message, row,
                 file)
             SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
                 $8::text[], $9::text[], $10::bytea[], $11::text[])",
        )
        .await?;
    let mut start = 0;
    while start < findings.len() {
        let mut end = start;
        let mut bytes = 0;
        while end < findings.len() && end - start < FINDINGS_AT_ONCE && bytes < BYTES_AT_ONCE {
            bytes += findings[end].row.len();
            end += 1;
        }
        let part = &findings[start..end];
        let ordinals: Vec<i32> = (start..end).map(|index| index as i32 + 1).collect();
        let numbers =
            |of: fn(&Finding) -> u64| part.iter().map(|f| of(f) as i64).collect::<Vec<i64>>();
        let columns: Vec<Option<&str>> = part.iter().map(|f| f.column.as_deref()).collect();
        let rules: Vec<&str> = part.iter().map(|f| f.rule.as_str()).collect();
        let values: Vec<Option<String>> = part
            .iter()
            .map(|f| f.value.as_deref().map(storable))
            .collect();
        let messages: Vec<String> = part.iter().map(|f| storable(&f.message)).collect();
        let rows: Vec<&[u8]> = part.iter().map(|f| f.row.as_slice()).collect();
        let files: Vec<Option<&str>> = part.iter().map(|f| f.file.as_deref()).collect();
        txn.execute(
            &statement,
            &[
                &number.0,
                &ordinals,
                &numbers(|f| f.record),
                &numbers(|f| f.line),
                &numbers(|f| f.byte),
                &columns,
                &rules,
                &values,
                &messages,
                &rows,
                &files,
            ],
        )
        .await?;
        start = end;
    }
    Ok(())
}

/// PostgreSQL's text holds no NUL: shown as its symbol instead.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

pub(crate) async fn event(
    txn: &Transaction<'_>,
    number: BatchNumber,
    state: State,
    attempt: i32,
    note: Option<&str>,
) -> Result<()> {
    txn.execute(
        "INSERT INTO waybill.events (batch, state, attempt, note) VALUES ($1, $2, $3, $4)",
        &[&number.0, &state.as_str(), &attempt, &note],
    )
    .await?;
    Ok(())
}

/// Marks the dataset changed. One row a dataset: commits of one dataset pass here one after the other, so this
/// comes last.
pub(crate) async fn raise_version(
    txn: &Transaction<'_>,
    dataset: &str,
    number: BatchNumber,
) -> Result<()> {
    txn.execute(
        "INSERT INTO waybill.versions AS v (dataset, version, batch) VALUES ($1, 1, $2)
         ON CONFLICT (dataset) DO UPDATE SET version = v.version + 1, batch = excluded.batch",
        &[&dataset, &number.0],
    )
    .await?;
    Ok(())
}
