//! The whole of one load: the right way for the dataset's mode, beside it the heartbeat, and at the
//! end the ledger.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use contract::{Contract, Mode};
use ledger::{Beat, ErrorKind, Held, Outcome, Session, State, Summary, target};

use crate::error::{LoadError, LoadErrorKind};
use crate::file::File;
use crate::meter::Meter;
use crate::settings::LoadSettings;
use crate::verdict::Verdict;
use crate::{direct, early, staging};

/// How often a load begins anew because something it had checked changed under it.
const TRIES: usize = 3;

/// A claimed batch and where its bytes are.
pub struct Load<'a> {
    /// What its records must be.
    pub contract: &'static Contract,
    /// What is read, in this order; one file unless it is a manifest's delivery.
    pub files: &'a [File<'a>],
    /// The claim under which it is loaded.
    pub held: &'a Held,
    /// Sizes and limits.
    pub settings: &'a LoadSettings,
}

/// How a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// `committed`, `rejected`, `duplicate` or `checked`.
    pub state: State,
    /// Rows loaded, or of a dry run the rows that would have been.
    pub rows: u64,
    /// Rows that broke a rule.
    pub rejected: u64,
    /// Size of the content.
    pub bytes: u64,
    /// From the claim to the ledger's entry.
    pub elapsed: Duration,
}

/// One try's end.
pub(crate) enum Step {
    Verdict(Verdict),
    /// Something changed meanwhile; the reason is for the log.
    Again(&'static str),
}

/// Loads a claimed batch and writes its end into the ledger.
///
/// `ledger` is the session that claimed the batch; `database` carries the load's own transaction.
/// The future may be dropped at any time: the transaction is then rolled back by the server.
///
/// # Errors
///
/// Where there is no verdict on the data, see [`LoadErrorKind`]. The ledger's entry is then for the
/// caller to settle.
pub async fn load(
    load: Load<'_>,
    ledger: &mut Session,
    database: &mut Session,
) -> Result<Loaded, LoadError> {
    let started = Instant::now();
    let meter = Arc::new(Meter::default());
    let beating: &Session = ledger;
    let verdict = tokio::select! {
        biased;
        verdict = find_verdict(&load, beating, database, &meter) => verdict?,
        stopped = heartbeat(&load, beating, &meter) => return Err(stopped),
    };
    let mut loaded = settle(&load, ledger, verdict).await?;
    loaded.elapsed = started.elapsed();
    Ok(loaded)
}

async fn find_verdict(
    load: &Load<'_>,
    ledger: &Session,
    session: &mut Session,
    meter: &Arc<Meter>,
) -> Result<Verdict, LoadError> {
    if let Some(duplicate) = early::duplicate(load, ledger, meter).await? {
        return Ok(duplicate);
    }
    for _ in 0..TRIES {
        let shape = target::shape(session, &load.contract.table)
            .await
            .map_err(database)?;
        let step = match load.contract.mode {
            Mode::Append => direct::append(load, &shape, session, meter).await?,
            Mode::Upsert | Mode::Snapshot => staging::merge(load, &shape, session, meter).await?,
        };
        match step {
            Step::Verdict(verdict) => return Ok(verdict),
            Step::Again(reason) => {
                tracing::info!(batch_id = %load.held.id, reason, "the load begins anew");
            }
        }
    }
    let detail = "the table or the rows it refers to kept changing while the batch was loaded";
    Err(LoadError::new(LoadErrorKind::Retry, detail))
}

/// Writes progress and prolongs the lease until the claim is lost or the commit begins; never returns otherwise.
async fn heartbeat(load: &Load<'_>, ledger: &Session, meter: &Meter) -> LoadError {
    let mut ticks = tokio::time::interval(load.settings.beat);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let beat = ledger::beat(ledger, load.held, load.settings.lease, meter.progress()).await;
        if meter.committing.load(Ordering::Relaxed) {
            // From here on the commit decides: it is fenced itself, and has the row that a beat would write.
            return std::future::pending().await;
        }
        match beat {
            Ok(Beat::Kept) => {}
            Ok(Beat::Lost) => return superseded(),
            Ok(Beat::Cancelled) => {
                let detail = "the load was stopped because somebody cancelled the batch";
                return LoadError::new(LoadErrorKind::Cancelled, detail);
            }
            Err(error) => return database(error),
        }
    }
}

async fn settle(
    load: &Load<'_>,
    session: &mut Session,
    verdict: Verdict,
) -> Result<Loaded, LoadError> {
    let outcome = match verdict {
        // The entry was committed with the rows.
        Verdict::Committed(summary) => {
            return Ok(ended(
                State::Committed,
                summary.rows,
                0,
                summary.content_bytes,
            ));
        }
        Verdict::Superseded => return Err(superseded()),
        Verdict::Not(outcome) => outcome,
    };
    let bytes = |summary: &Option<Summary>| summary.as_ref().map_or(0, |s| s.content_bytes);
    let end = match &outcome {
        Outcome::Checked { summary } => {
            ended(State::Checked, summary.rows, 0, summary.content_bytes)
        }
        Outcome::Duplicate { summary, .. } => ended(State::Duplicate, 0, 0, bytes(summary)),
        Outcome::Rejected {
            summary, rejected, ..
        } => ended(State::Rejected, 0, *rejected, bytes(summary)),
        Outcome::Failed { .. } => ended(State::Failed, 0, 0, 0),
    };
    if ledger::settle(session, load.held, outcome)
        .await
        .map_err(database)?
    {
        Ok(end)
    } else {
        Err(superseded())
    }
}

fn ended(state: State, rows: u64, rejected: u64, bytes: u64) -> Loaded {
    Loaded {
        state,
        rows,
        rejected,
        bytes,
        elapsed: Duration::ZERO,
    }
}

fn superseded() -> LoadError {
    LoadError::new(
        LoadErrorKind::Superseded,
        "another attempt has taken the batch",
    )
}

/// What an error of the database means for a load.
pub(crate) fn database(error: impl Into<ledger::Error>) -> LoadError {
    let error = error.into();
    let kind = match error.kind() {
        ErrorKind::Unreachable | ErrorKind::LoginRefused => LoadErrorKind::Retry,
        _ => LoadErrorKind::Failed,
    };
    LoadError::new(kind, "the database did not take the batch").caused_by(error)
}
