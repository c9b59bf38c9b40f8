//! One reading of a batch's content, from the asynchronous side: the source is pumped, the threads
//! run beside the runtime, and what stopped them is told apart.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use contract::Contract;
use reader::{Fault, FaultKind};
use tokio::sync::mpsc;

use crate::check::{Checker, Later};
use crate::encode::RowPlan;
use crate::error::{LoadError, LoadErrorKind};
use crate::feed::Feeds;
use crate::file::File;
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
    let (feeds, readers) = Feeds::new(load.files.len(), meter);
    let threads = tokio::task::spawn_blocking({
        let contract = load.contract;
        let kind = |file: &File<'_>| (file.format, file.compression);
        let kinds: Vec<_> = load.files.iter().map(kind).collect();
        let name = |file: &File<'_>| file.name.map(str::to_owned);
        let names: Vec<_> = load.files.iter().map(name).collect();
        let (settings, meter) = (load.settings.clone(), Arc::clone(meter));
        move || {
            let checker = checker(contract, &pass, &names, rows_to.is_some());
            meter.begin(rows_to.is_some());
            let outgoing =
                rows_to.map(|rows_to| Outgoing::new(&settings, &pass.plan, &meter, rows_to));
            let reading = Reading {
                kinds: &kinds,
                settings: &settings,
                checker: &checker,
                meter: &meter,
                outgoing,
            };
            reading.run(readers)
        }
    });
    let (broken, outcome) = tokio::join!(feeds.pump(load.files), threads);
    let outcome = outcome.map_err(|panic| defect().caused_by(panic))?;
    if outcome.gathered.broken {
        return Err(defect());
    }
    let unread = |(_, fault): &&(usize, Fault)| matches!(fault.kind, FaultKind::Io(_));
    let Some((file, _)) = outcome.faults.iter().find(unread) else {
        return Ok(Read::Done(Box::new(outcome)));
    };
    let error = broken[*file]
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .take();
    match (error, load.files[*file].name) {
        (Some(error), None) => lost(error),
        (Some(error), Some(name)) => part_lost(load, name, error),
        (None, _) => Err(LoadError::new(
            LoadErrorKind::Retry,
            "the object could not be read to its end",
        )),
    }
}

/// How many attempts wait for an object that a manifest lists: with the queue's pauses, some four minutes.
const MISSING_ATTEMPTS: i32 = 8;

/// A listed object that is not there may be on its way.
fn part_lost(load: &Load<'_>, name: &str, error: SourceError) -> Result<Read, LoadError> {
    let what = match error.kind {
        SourceErrorKind::Gone => "is not there",
        SourceErrorKind::Changed => "was replaced while it was read",
        SourceErrorKind::Unreachable | SourceErrorKind::Denied => return lost(error),
    };
    let detail = format!("the manifest lists {name}, which {what}");
    if error.kind == SourceErrorKind::Gone && load.held.attempt.0 < MISSING_ATTEMPTS {
        return Err(LoadError::new(LoadErrorKind::Retry, detail).caused_by(error));
    }
    Ok(Read::Lost(
        SourceError::new(SourceErrorKind::Gone, detail).caused_by(error),
    ))
}

fn checker<'a>(
    contract: &'static Contract,
    pass: &'a Pass,
    names: &'a [Option<String>],
    encode: bool,
) -> Checker<'a> {
    Checker {
        contract,
        names,
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
