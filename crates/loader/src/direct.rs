//! Appending: rows go straight into the target, in index order, in the transaction that commits the
//! ledger entry. It begins with the first rows, so that a batch which is bad by then touches nothing.

use std::sync::Arc;

use contract::Contract;
use ledger::target::{self, Shape};
use ledger::{Session, references};
use tokio_postgres::{Client, Transaction};

use crate::check::Later;
use crate::copying::{
    self, Copied, OpenCopy, Stopped, copy_while_reading, finish, is_missing_reference,
};
use crate::encode::{Extra, RowPlan};
use crate::error::{LoadError, LoadErrorKind};
use crate::load::{Load, Step, database};
use crate::meter::Meter;
use crate::reading::Pass;
use crate::references::KnownKeys;
use crate::{sql, staging, verdict};

/// One try at appending the batch.
pub(crate) async fn append(
    load: &Load<'_>,
    shape: &Shape,
    session: &mut Session,
    meter: &Arc<Meter>,
) -> Result<Step, LoadError> {
    match try_append(load, shape, session, meter).await? {
        Tried::Step(step) => Ok(step),
        Tried::Unknown => staging::diagnose(load, shape, session, meter).await,
    }
}

/// How a try ended.
enum Tried {
    Step(Step),
    /// Something is wrong with the batch, and only the database can tell all of it.
    Unknown,
}

async fn try_append(
    load: &Load<'_>,
    shape: &Shape,
    session: &mut Session,
    meter: &Arc<Meter>,
) -> Result<Tried, LoadError> {
    let contract = load.contract;
    let known = Arc::new(known_keys(session, contract, load.settings.reference_cap).await?);
    let all_known = contract
        .columns
        .iter()
        .zip(&*known)
        .all(|(c, k)| c.references.is_none() || k.is_some());
    let skips = all_known
        && owes_all(contract, shape)
        && references::may_skip_triggers(session)
            .await
            .map_err(database)?;
    let plan = RowPlan::new(
        contract,
        &shape.widest_index,
        &staging::jsonb(contract, shape),
        Extra::Batch(load.held.number.0),
    );
    let pass = Pass {
        plan: Arc::new(plan),
        known: Arc::clone(&known),
        later: Later::default(),
    };

    let opening = open(load, shape, session, skips);
    let copied = match copy_while_reading(load, pass, meter, opening).await {
        Ok(copied) => copied,
        // The server checked references row by row and found one missing: find out where.
        Err(Stopped::ForeignKey) => return Ok(Tried::Unknown),
        Err(Stopped::Again(reason)) => return Ok(Tried::Step(Step::Again(reason))),
        Err(Stopped::Verdict(end)) => return Ok(Tried::Step(Step::Verdict(*end))),
        Err(Stopped::Load(error)) => return Err(error),
    };
    let (outcome, copy) = match copied {
        Copied::Done(outcome, copy) => (outcome, copy),
        Copied::Lost(error) => return Ok(Tried::Step(Step::Verdict(verdict::lost(&error)))),
    };
    if let Some(wrong) = verdict::wrong_with(load, &outcome) {
        // References that only the server could check were not checked: the report must have them.
        return Ok(if all_known {
            Tried::Step(Step::Verdict(wrong))
        } else {
            Tried::Unknown
        });
    }
    let Some(((transaction, from), sink)) = copy else {
        verdict::all_arrived(outcome.gathered.good, 0)?;
        return Err(LoadError::new(
            LoadErrorKind::Failed,
            "a batch without rows was found to be good, which none is",
        ));
    };
    let rows = match finish(sink).await {
        Ok(rows) => rows,
        Err(error) if is_missing_reference(&error) => return Ok(Tried::Unknown),
        Err(error) => {
            return match verdict::unplaced(&error) {
                Some(end) => Ok(Tried::Step(Step::Verdict(end))),
                None => Err(database(error)),
            };
        }
    };
    verdict::all_arrived(outcome.gathered.good, rows)?;
    // A partition may be attached while others load, and bring triggers that were switched off with the foreign keys.
    if skips
        && shape.partitioned
        && target::shape(transaction.client(), &contract.table)
            .await
            .map_err(database)?
            != *shape
    {
        return Ok(Tried::Step(Step::Again(
            "the table changed while the batch was loaded",
        )));
    }
    if skips && !lock_used_keys(load, &transaction, &known).await? {
        // Someone removed a key that was there when the load began; the next try reports its rows.
        let reason = "a referenced key was removed while the batch was loaded";
        return Ok(Tried::Step(Step::Again(reason)));
    }
    if let Some(from) = from {
        let to = ledger::pages(transaction.client(), &contract.table)
            .await
            .map_err(database)?;
        ledger::note_place(&transaction, load.held, from, to)
            .await
            .map_err(database)?;
    }
    verdict::commit(load, transaction, &outcome, meter)
        .await
        .map(Tried::Step)
}

/// Opens the COPY into the target in a transaction of its own, and says how many pages the table has by then; with
/// `skips`, foreign keys do not fire in it.
async fn open<'s>(
    load: &Load<'_>,
    shape: &Shape,
    session: &'s mut Session,
    skips: bool,
) -> Result<((Transaction<'s>, Option<i64>), OpenCopy), Stopped> {
    let contract = load.contract;
    let transaction = session.transaction().await.map_err(database)?;
    if skips {
        // From here on nobody changes the table; what changed before is looked at anew.
        transaction
            .batch_execute(&sql::lock_target(contract))
            .await
            .map_err(database)?;
        if target::shape(transaction.client(), &contract.table)
            .await
            .map_err(database)?
            != *shape
        {
            return Err(Stopped::Again("the table changed"));
        }
        // The keys' triggers do not fire for this transaction's rows; `lock_used_keys` gives their guarantee.
        references::skip_triggers(&transaction)
            .await
            .map_err(database)?;
    }
    // A partitioned table's rows lie in tables of their own: its index finds them.
    let from = if shape.partitioned {
        None
    } else {
        let pages = ledger::pages(transaction.client(), &contract.table).await;
        Some(pages.map_err(database)?)
    };
    let copy = copying::open(&transaction, &sql::copy_into_target(contract)).await?;
    Ok(((transaction, from), copy))
}

/// Locks every key that the batch refers to until the commit; false where one is not there any more.
async fn lock_used_keys(
    load: &Load<'_>,
    transaction: &Transaction<'_>,
    known: &[Option<Arc<KnownKeys>>],
) -> Result<bool, LoadError> {
    references::restore_triggers(transaction)
        .await
        .map_err(database)?;
    for keys in distinct(known) {
        let table = staging::table_of(load.contract, &keys.reference)?;
        let column = &keys.reference.column;
        let missing = references::lock_keys(transaction, table, column, &keys.used()).await;
        if !missing.map_err(database)?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The keys of each referenced column, where they fit into memory; columns that refer to the same
/// keys share them.
async fn known_keys(
    client: &Client,
    contract: &'static Contract,
    cap: usize,
) -> Result<Vec<Option<Arc<KnownKeys>>>, LoadError> {
    let mut known: Vec<Option<Arc<KnownKeys>>> = Vec::with_capacity(contract.columns.len());
    for column in &contract.columns {
        let Some(reference) = &column.references else {
            known.push(None);
            continue;
        };
        let shared = known
            .iter()
            .flatten()
            .find(|keys| keys.reference == *reference)
            .cloned();
        if shared.is_some() {
            known.push(shared);
            continue;
        }
        let table = staging::table_of(contract, reference)?;
        let keys = references::snapshot(client, table, &reference.column, cap)
            .await
            .map_err(database)?;
        known.push(keys.map(|keys| Arc::new(KnownKeys::new(reference.clone(), keys))));
    }
    Ok(known)
}

/// Each set of keys once.
fn distinct(known: &[Option<Arc<KnownKeys>>]) -> Vec<&KnownKeys> {
    let mut distinct: Vec<&KnownKeys> = Vec::new();
    for keys in known.iter().flatten() {
        if distinct
            .iter()
            .all(|other| other.reference != keys.reference)
        {
            distinct.push(keys);
        }
    }
    distinct
}

/// Whether the load itself gives every guarantee that the table's triggers give: nothing but foreign
/// keys, and each of them a reference of the contract.
fn owes_all(contract: &Contract, shape: &Shape) -> bool {
    let referred = |column: &String| {
        contract
            .index_of(column)
            .is_some_and(|place| contract.columns[place].references.is_some())
    };
    shape.hidden.is_empty()
        && shape
            .foreign_keys
            .iter()
            .all(|key| key.columns.len() == 1 && key.columns.iter().all(referred))
}
