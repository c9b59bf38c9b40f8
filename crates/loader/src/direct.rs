//! Appending: rows go straight into the target, in index order, in the transaction that commits the
//! ledger entry.

use std::sync::Arc;

use bytes::Bytes;
use contract::Contract;
use futures_util::SinkExt;
use ledger::target::{self, Shape};
use ledger::{Session, copy, references};
use tokio::sync::mpsc;
use tokio_postgres::{Client, CopyInSink, Transaction};

use crate::check::Later;
use crate::encode::{Extra, RowPlan};
use crate::error::LoadError;
use crate::load::{Load, Step, database};
use crate::pipeline::{Meter, Outcome};
use crate::reading::{Pass, Read, read};
use crate::references::KnownKeys;
use crate::{sql, staging, verdict};

/// Pieces of encoded rows that wait for the server.
const PIECES: usize = 4;

/// One try at appending the batch.
pub(crate) async fn append(
    load: &Load<'_>,
    shape: &Shape,
    session: &mut Session,
    meter: &Arc<Meter>,
) -> Result<Step, LoadError> {
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
        plan,
        known: Arc::clone(&known),
        later: Later::default(),
    };

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
            return Ok(Step::Again("the table changed"));
        }
        // The keys' triggers do not fire for this transaction's rows; `lock_keys` gives their guarantee below.
        references::skip_triggers(&transaction)
            .await
            .map_err(database)?;
    }
    let copied = copy_while_reading(
        load,
        pass,
        meter,
        &transaction,
        &sql::copy_into_target(contract),
    )
    .await;
    let (outcome, sink) = match copied {
        Ok(Copied::Done(outcome, sink)) => (outcome, sink),
        Ok(Copied::Lost(error)) => return Ok(Step::Verdict(verdict::lost(&error))),
        // The server checked references row by row and found one missing: find out where.
        Err(Stopped::ForeignKey) => {
            drop(transaction);
            return staging::diagnose(load, shape, session, meter).await;
        }
        Err(Stopped::Load(error)) => return Err(error),
    };
    if let Some(wrong) = verdict::wrong_with(load, &outcome) {
        drop(sink);
        drop(transaction);
        // References that only the server could check were not checked: the report must have them.
        return if all_known {
            Ok(Step::Verdict(wrong))
        } else {
            staging::diagnose(load, shape, session, meter).await
        };
    }
    let rows = match finish(sink).await {
        Ok(rows) => rows,
        Err(error) if is_missing_reference(&error) => {
            drop(transaction);
            return staging::diagnose(load, shape, session, meter).await;
        }
        Err(error) => return Err(database(error)),
    };
    verdict::all_arrived(outcome.gathered.good, rows)?;
    if skips {
        references::restore_triggers(&transaction)
            .await
            .map_err(database)?;
        for keys in distinct(&known) {
            let table = staging::table_of(contract, &keys.reference)?;
            let column = &keys.reference.column;
            let missing = references::lock_keys(&transaction, table, column, &keys.used()).await;
            if !missing.map_err(database)?.is_empty() {
                // Someone removed a key that was there when the load began; the next try reports its rows.
                return Ok(Step::Again(
                    "a referenced key was removed while the batch was loaded",
                ));
            }
        }
    }
    verdict::commit(load, transaction, &outcome, meter).await
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

/// A COPY whose end has not been said yet.
pub(crate) type OpenCopy = std::pin::Pin<Box<CopyInSink<Bytes>>>;

pub(crate) enum Copied {
    /// The content was read; if nothing is wrong with it, all its rows are on their way.
    Done(Box<Outcome>, OpenCopy),
    Lost(crate::source::SourceError),
}

/// Why rows could not be copied.
pub(crate) enum Stopped {
    /// A row refers to something that is not there.
    ForeignKey,
    Load(LoadError),
}

/// Reads the content and copies its rows side by side; the COPY is left open for the caller's verdict.
pub(crate) async fn copy_while_reading(
    load: &Load<'_>,
    pass: Pass,
    meter: &Arc<Meter>,
    transaction: &Transaction<'_>,
    copy_sql: &str,
) -> Result<Copied, Stopped> {
    let sink = transaction
        .copy_in(copy_sql)
        .await
        .map_err(|e| stopped(e.into()))?;
    let (rows_to, rows) = mpsc::channel(PIECES);
    let reading = async {
        read(load, pass, meter, Some(rows_to))
            .await
            .map_err(Stopped::Load)
    };
    let copying = async { send(Box::pin(sink), rows).await.map_err(stopped) };
    // The first error ends both: a dropped reading closes its feed, a dropped sink fails the COPY.
    let (read, sink) = tokio::try_join!(reading, copying)?;
    Ok(match read {
        Read::Done(outcome) => Copied::Done(outcome, sink),
        Read::Lost(error) => Copied::Lost(error),
    })
}

async fn send(
    mut sink: OpenCopy,
    mut rows: mpsc::Receiver<Bytes>,
) -> Result<OpenCopy, ledger::Error> {
    sink.send(Bytes::from_static(copy::HEADER)).await?;
    while let Some(piece) = rows.recv().await {
        sink.send(piece).await?;
    }
    Ok(sink)
}

/// Ends the COPY and says how many rows the server took.
pub(crate) async fn finish(mut sink: OpenCopy) -> Result<u64, ledger::Error> {
    sink.send(Bytes::from_static(copy::TRAILER)).await?;
    Ok(sink.as_mut().finish().await?)
}

fn stopped(error: ledger::Error) -> Stopped {
    if is_missing_reference(&error) {
        return Stopped::ForeignKey;
    }
    Stopped::Load(database(error))
}

/// SQLSTATE `foreign_key_violation`.
pub(crate) fn is_missing_reference(error: &ledger::Error) -> bool {
    error.sqlstate() == Some("23503")
}
