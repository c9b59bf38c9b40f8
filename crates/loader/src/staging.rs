//! Batches that must be seen as a whole before they touch their table: upserts and snapshots, where
//! one key may occur only once and rows may refer to each other; and appended batches that refer to
//! something missing in a table too large to hold in memory.
//!
//! Rows, bad ones too, go into a temporary table with the byte offset of their record. SQL finds
//! what is wrong with the whole; a second reading of the content puts those findings into file order
//! with record, line and the partner's own row. Good batches are read once.

use std::sync::Arc;

use contract::{Contract, Mode, Reference, Rule};
use ledger::Session;
use ledger::target::Shape;
use tokio_postgres::Transaction;

use crate::check::{Later, LaterFinding, unknown_reference_message};
use crate::copying::{self, Copied, Stopped, copy_while_reading, finish, is_missing_reference};
use crate::encode::{Extra, RowPlan};
use crate::error::{LoadError, LoadErrorKind};
use crate::load::{Load, Step, database};
use crate::meter::Meter;
use crate::pipeline::Outcome;
use crate::reading::{Pass, Read, read};
use crate::references::KnownKeys;
use crate::{sql, verdict};

/// One try at merging an upsert or a snapshot.
pub(crate) async fn merge(
    load: &Load<'_>,
    shape: &Shape,
    session: &mut Session,
    meter: &Arc<Meter>,
) -> Result<Step, LoadError> {
    let transaction = session.transaction().await.map_err(database)?;
    let outcome = match stage(load, shape, &transaction, meter).await? {
        Staged::Done(outcome) => outcome,
        Staged::Lost(step) => return Ok(step),
    };
    let later = find_later(load, &transaction).await?;
    if later.total > 0 {
        drop(transaction);
        return report(load, shape, meter, &outcome, later).await;
    }
    if let Some(wrong) = verdict::wrong_with(load, &outcome) {
        return Ok(Step::Verdict(wrong));
    }
    match apply(load, &transaction).await {
        Ok(Applied::Outdated) => Ok(Step::Verdict(verdict::outdated(&outcome))),
        Ok(Applied::Done) => verdict::commit(load, transaction, &outcome, meter).await,
        Err(error) if is_missing_reference(&error) => Ok(match load.contract.mode {
            Mode::Snapshot => Step::Verdict(verdict::still_referenced(&outcome)),
            _ => Step::Again("a referenced key was removed while the batch was loaded"),
        }),
        Err(error) => match verdict::unplaced(&error) {
            Some(end) => Ok(Step::Verdict(end)),
            None => Err(database(error)),
        },
    }
}

/// Finds every row of an appended batch that is wrong, references included. The batch is not loaded.
pub(crate) async fn diagnose(
    load: &Load<'_>,
    shape: &Shape,
    session: &mut Session,
    meter: &Arc<Meter>,
) -> Result<Step, LoadError> {
    let transaction = session.transaction().await.map_err(database)?;
    let outcome = match stage(load, shape, &transaction, meter).await? {
        Staged::Done(outcome) => outcome,
        Staged::Lost(step) => return Ok(step),
    };
    let later = find_later(load, &transaction).await?;
    drop(transaction);
    if later.total > 0 {
        return report(load, shape, meter, &outcome, later).await;
    }
    Ok(match verdict::wrong_with(load, &outcome) {
        Some(wrong) => Step::Verdict(wrong),
        None => Step::Again("a missing reference appeared while it was looked for"),
    })
}

enum Staged {
    Done(Box<Outcome>),
    Lost(Step),
}

/// Reads the content into the stage.
async fn stage(
    load: &Load<'_>,
    shape: &Shape,
    transaction: &Transaction<'_>,
    meter: &Arc<Meter>,
) -> Result<Staged, LoadError> {
    transaction
        .batch_execute(&sql::create_stage(load.contract))
        .await
        .map_err(database)?;
    let plan = RowPlan::new(
        load.contract,
        &[],
        &jsonb(load.contract, shape),
        Extra::Staged,
    );
    let pass = Pass {
        plan: Arc::new(plan),
        known: Arc::new(no_known_keys(load.contract)),
        later: Later::default(),
    };
    let sql = sql::copy_into_stage(load.contract);
    let opening = async { Ok(((), copying::open(transaction, &sql).await?)) };
    match copy_while_reading(load, pass, meter, opening).await {
        Ok(Copied::Done(outcome, copy)) => {
            let rows = match copy {
                Some(((), sink)) => finish(sink).await.map_err(database)?,
                None => 0,
            };
            // Records that are no rows at all are not staged, so that only a clean batch can be counted.
            if outcome.gathered.bad == 0 && outcome.faults.is_empty() {
                verdict::all_arrived(outcome.gathered.good, rows)?;
            }
            Ok(Staged::Done(outcome))
        }
        Ok(Copied::Lost(error)) => Ok(Staged::Lost(Step::Verdict(verdict::lost(&error)))),
        Err(Stopped::Load(error)) => Err(error),
        Err(Stopped::Again(reason)) => Ok(Staged::Lost(Step::Again(reason))),
        Err(Stopped::Verdict(end)) => Ok(Staged::Lost(Step::Verdict(*end))),
        Err(Stopped::ForeignKey) => Err(LoadError::new(
            LoadErrorKind::Failed,
            "the stage has a foreign key, which it never has",
        )),
    }
}

/// What only the whole batch shows.
struct Whole {
    later: Later,
    /// All findings of this kind, listed or not.
    total: u64,
    /// How many of them `later` has.
    listed: u64,
    /// Rows that break nothing but rules of the whole.
    rows: u64,
}

async fn find_later(load: &Load<'_>, transaction: &Transaction<'_>) -> Result<Whole, LoadError> {
    let contract = load.contract;
    let references: Vec<(usize, &Reference)> = contract.references().collect();
    let mut tables = Vec::with_capacity(references.len());
    for (place, reference) in &references {
        tables.push((*place, *reference, table_of(contract, reference)?));
    }
    let replaces = contract.mode == Mode::Snapshot;
    let find = format!(
        "ANALYZE {}; {}",
        sql::STAGE,
        sql::find_later(contract, &tables, replaces)
    );
    transaction.batch_execute(&find).await.map_err(database)?;
    let count = format!(
        "SELECT count(*), count(DISTINCT _byte) FILTER (WHERE NOT _bad) FROM {}",
        sql::LATER
    );
    let counts = transaction.query_one(&count, &[]).await.map_err(database)?;
    let (total, rows): (i64, i64) = (counts.get(0), counts.get(1));
    let mut whole = Whole {
        later: Later::default(),
        total: total as u64,
        listed: 0,
        rows: rows as u64,
    };
    let list = format!(
        "SELECT _byte, place, first FROM {} ORDER BY _byte, place LIMIT $1",
        sql::LATER
    );
    let cap = load.settings.report_cap as i64;
    for row in transaction.query(&list, &[&cap]).await.map_err(database)? {
        let (byte, place): (i64, i32) = (row.get(0), row.get(1));
        let first: Option<i64> = row.get(2);
        let finding = finding(contract, place as usize, first.map(|byte| byte as u64));
        whole.later.named.extend(finding.first);
        whole
            .later
            .by_byte
            .entry(byte as u64)
            .or_default()
            .push(finding);
        whole.listed += 1;
    }
    Ok(whole)
}

fn finding(contract: &Contract, place: usize, first: Option<u64>) -> LaterFinding {
    let (rule, message) = match (&contract.columns[place].references, first) {
        (Some(reference), None) => (Rule::References, unknown_reference_message(reference)),
        _ => (
            Rule::Unique,
            format!(
                "this {} stands in the batch before; keep one of the two rows",
                contract.key.join(", ")
            ),
        ),
    };
    LaterFinding {
        column: place,
        rule,
        message,
        first,
    }
}

/// Reads the content again, now knowing what is wrong with it as a whole.
async fn report(
    load: &Load<'_>,
    shape: &Shape,
    meter: &Arc<Meter>,
    first: &Outcome,
    whole: Whole,
) -> Result<Step, LoadError> {
    let plan = RowPlan::new(
        load.contract,
        &[],
        &jsonb(load.contract, shape),
        Extra::Staged,
    );
    let pass = Pass {
        plan: Arc::new(plan),
        known: Arc::new(no_known_keys(load.contract)),
        later: whole.later,
    };
    let mut outcome = match read(load, pass, meter, None).await? {
        Read::Done(outcome) => outcome,
        Read::Lost(error) => return Ok(Step::Verdict(verdict::lost(&error))),
    };
    if verdict::sha256(&outcome) != verdict::sha256(first) {
        return Ok(Step::Again("the content differed when it was read again"));
    }
    outcome.gathered.findings.count(whole.total - whole.listed);
    outcome.gathered.bad = first.gathered.bad + whole.rows;
    outcome.gathered.good = first.gathered.good.saturating_sub(whole.rows);
    verdict::wrong_with(load, &outcome)
        .map(Step::Verdict)
        .ok_or_else(|| {
            LoadError::new(
                LoadErrorKind::Failed,
                "findings about the whole batch were lost on the second reading",
            )
        })
}

/// Moves the staged rows into the target. One dataset at a time: two batches with the same keys in
/// another order would otherwise wait for each other.
async fn apply(load: &Load<'_>, transaction: &Transaction<'_>) -> Result<Applied, ledger::Error> {
    let contract = load.contract;
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended('waybill merge ' || $1, 0))";
    transaction.execute(lock, &[&contract.name]).await?;
    let snapshot = contract.mode == Mode::Snapshot;
    if snapshot {
        // Events come in any order and failed batches come again: an older snapshot must not replace a later one.
        let later = "SELECT FROM waybill.batches WHERE dataset = $1 AND state = 'committed' AND number > $2 LIMIT 1";
        let found = transaction
            .query_opt(later, &[&contract.name, &load.held.number.0])
            .await?;
        if found.is_some() {
            return Ok(Applied::Outdated);
        }
    }
    if snapshot && contract.key.is_empty() {
        transaction
            .batch_execute(&sql::remove_absent(contract))
            .await?;
    }
    transaction.batch_execute(&sql::merge(contract)).await?;
    if snapshot && !contract.key.is_empty() {
        transaction
            .batch_execute(&sql::remove_absent(contract))
            .await?;
    }
    Ok(Applied::Done)
}

/// What came of applying staged rows.
enum Applied {
    Done,
    /// The table holds a later snapshot.
    Outdated,
}

fn no_known_keys(contract: &Contract) -> Vec<Option<Arc<KnownKeys>>> {
    contract.columns.iter().map(|_| None).collect()
}

/// For each of the contract's columns whether the table has it as `jsonb`.
pub(crate) fn jsonb(contract: &Contract, shape: &Shape) -> Vec<bool> {
    contract
        .columns
        .iter()
        .map(|column| shape.is_jsonb(&column.name))
        .collect()
}

/// The table of the dataset that a reference names.
pub(crate) fn table_of(
    contract: &'static Contract,
    reference: &Reference,
) -> Result<&'static str, LoadError> {
    if reference.dataset == contract.name {
        return Ok(&contract.table);
    }
    contract::find(&reference.dataset)
        .map(|dataset| dataset.table.as_str())
        .ok_or_else(|| {
            LoadError::new(
                LoadErrorKind::Failed,
                format!("the contract refers to {reference}, which no dataset is"),
            )
        })
}
