//! One reading of a batch's content, from the asynchronous side: the source is pumped, the threads
//! run beside the runtime, and what stopped them is told apart.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use contract::Contract;
use reader::FaultKind;
use tokio::sync::mpsc;

use crate::check::{Checker, Later};
use crate::encode::RowPlan;
use crate::error::{LoadError, LoadErrorKind};
use crate::feed::{self, pump};
use crate::load::Load;
use crate::meter::Meter;
use crate::outgoing::Outgoing;
use crate::pipeline::{Outcome, Reading};
use crate::references::KnownKeys;
use crate::source::{SourceError, SourceErrorKind};

/// What a reading needs besides the batch.
pub(crate) struct Pass {
    pub(crate) plan: Arc<RowPlan>,
    pub(crate) known: Arc<Vec<Option<Arc<KnownKeys>>>>,
    pub(crate) later: Later,
}

/// How a reading ended where it did not fail.
pub(crate) enum Read {
    /// At the content's end, or at a fault of the content.
    Done(Box<Outcome>),
    /// The object went away or changed under it: the sender must deliver again.
    Lost(SourceError),
}

/// Reads the batch once. Rows go to `rows_to`; without it the content is only checked.
pub(crate) async fn read(
    load: &Load<'_>,
    pass: Pass,
    meter: &Arc<Meter>,
    rows_to: Option<mpsc::Sender<Bytes>>,
) -> Result<Read, LoadError> {
    let (pieces, reader, broken) = feed::channel();
    let threads = tokio::task::spawn_blocking({
        let (format, compression, contract) = (load.format, load.compression, load.contract);
        let (settings, meter) = (load.settings.clone(), Arc::clone(meter));
        move || {
            let checker = checker(contract, &pass, rows_to.is_some());
            meter.begin(rows_to.is_some());
            let outgoing =
                rows_to.map(|rows_to| Outgoing::new(&settings, &pass.plan, &meter, rows_to));
            let reading = Reading {
                format,
                compression,
                settings: &settings,
                checker: &checker,
                meter: &meter,
                outgoing,
            };
            reading.run(reader)
        }
    });
    let ((), outcome) = tokio::join!(pump(load.source, pieces, &broken), threads);
    let outcome = outcome.map_err(|panic| defect().caused_by(panic))?;
    if outcome.gathered.broken {
        return Err(defect());
    }
    let io = matches!(&outcome.fault, Some(fault) if matches!(fault.kind, FaultKind::Io(_)));
    let error = broken
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .take();
    match error {
        Some(error) if io => lost(error),
        None if io => Err(LoadError::new(
            LoadErrorKind::Retry,
            "the object could not be read to its end",
        )),
        _ => Ok(Read::Done(Box::new(outcome))),
    }
}

fn checker<'a>(contract: &'static Contract, pass: &'a Pass, encode: bool) -> Checker<'a> {
    Checker {
        contract,
        plan: &pass.plan,
        known: &pass.known,
        later: &pass.later,
        encode: AtomicBool::new(encode),
        list: AtomicBool::new(true),
    }
}

fn lost(error: SourceError) -> Result<Read, LoadError> {
    let kind = match error.kind {
        SourceErrorKind::Gone | SourceErrorKind::Changed => return Ok(Read::Lost(error)),
        SourceErrorKind::Unreachable => LoadErrorKind::Retry,
        SourceErrorKind::Denied => LoadErrorKind::Failed,
    };
    Err(LoadError::new(kind, "the object could not be read").caused_by(error))
}

fn defect() -> LoadError {
    LoadError::new(
        LoadErrorKind::Failed,
        "a defect in the loader stopped the check; the log has the panic",
    )
}
