//! The threads of one load: read and split, check on all cores, gather in order, sort, hand on.
//!
//! ```text
//! feed ─► reader thread ─► workers (n) ─► gatherer ─► sorter ─► COPY
//!         decompress, hash,  parse, check,   in file    in key
//!         split               encode         order      order
//! ```
//!
//! Memory is bounded by tickets: a block needs one to leave the reader and gives it back when the
//! gatherer has taken it in its turn.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use contract::Format;
use crossbeam_channel::{Receiver, Sender, bounded};
use reader::{Block, Compression, Content, ContentFault, Fault, Layout, Splitter};
use sha2::{Digest, Sha256};

use crate::check::{Checked, Checker};
use crate::feed::FeedReader;
use crate::gather::{Gathered, Gatherer};
use crate::meter::Meter;
use crate::outgoing::Outgoing;
use crate::settings::LoadSettings;

/// One reading of the content.
pub(crate) struct Reading<'a> {
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    pub(crate) settings: &'a LoadSettings,
    pub(crate) checker: &'a Checker<'a>,
    pub(crate) meter: &'a Arc<Meter>,
    /// Where encoded rows go; none when nothing is loaded.
    pub(crate) outgoing: Option<Outgoing>,
}

/// What a reading found out.
pub(crate) struct Outcome {
    pub(crate) gathered: Gathered,
    /// Size of the content.
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
    /// The CSV header as it was sent.
    pub(crate) header: Option<Vec<u8>>,
    /// What ended the reading before the content's end.
    pub(crate) fault: Option<Fault>,
    /// The rows, to be sent on or dropped; none where rows were not wanted to the end.
    pub(crate) rows: Option<Outgoing>,
}

impl Reading<'_> {
    /// Reads all of the content; returns when every thread has ended.
    pub(crate) fn run(self, feed: FeedReader) -> Outcome {
        let Reading {
            format,
            compression,
            settings,
            checker,
            meter,
            outgoing,
        } = self;
        let threads = settings.threads.max(1);
        let (jobs_in, jobs) = bounded::<Job>(threads);
        let (checked_in, checked) = bounded::<Option<Checked>>(threads);
        // As many blocks as keep every worker busy while the slowest one finishes.
        let (tickets_back, tickets) = bounded::<()>(threads * 4);
        for _ in 0..threads * 4 {
            let _ = tickets_back.send(());
        }
        let content = reader::decompress(compression, Box::new(feed), &settings.limits);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let content = Hashed {
            content,
            seen: Arc::clone(&seen),
            meter: Arc::clone(meter),
        };
        let mut header = None;
        let ((gathered, rows), fault) = std::thread::scope(|scope| {
            for _ in 0..threads {
                let (jobs, checked_in) = (jobs.clone(), checked_in.clone());
                scope.spawn(move || work(checker, &jobs, &checked_in));
            }
            drop((jobs, checked_in));
            let gatherer = scope.spawn(move || {
                gather(
                    Gatherer::new(checker, settings, meter),
                    &checked,
                    &tickets_back,
                    outgoing,
                )
            });
            let read = || -> Result<(), Fault> {
                let mut splitter = Splitter::new(
                    format,
                    checker.contract,
                    Box::new(content),
                    &settings.limits,
                )?;
                header = splitter.header_bytes().map(<[u8]>::to_vec);
                let layout = Arc::clone(splitter.layout());
                let mut number = 0;
                while let Some(block) = splitter.next_block()? {
                    let job = Job {
                        number,
                        block,
                        layout: Arc::clone(&layout),
                    };
                    if tickets.recv().is_err() || jobs_in.send(job).is_err() {
                        break;
                    }
                    number += 1;
                }
                Ok(())
            };
            let fault = read().err();
            drop(jobs_in);
            let gathered = match gatherer.join() {
                Ok(gathered) => gathered,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            (gathered, fault)
        });
        let Seen { hash, bytes } =
            std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
        Outcome {
            gathered,
            bytes,
            sha256: hash.finalize().into(),
            header,
            fault,
            rows,
        }
    }
}

struct Job {
    number: u64,
    block: Block,
    layout: Arc<Layout>,
}

fn work(checker: &Checker<'_>, jobs: &Receiver<Job>, checked: &Sender<Option<Checked>>) {
    for Job {
        number,
        block,
        layout,
    } in jobs
    {
        // A panic here would leave the others waiting for this block for ever.
        let done =
            std::panic::catch_unwind(AssertUnwindSafe(|| checker.check(number, &block, &layout)));
        if checked.send(done.ok()).is_err() {
            return;
        }
    }
}

/// Takes blocks in file order, whatever order they were checked in.
fn gather(
    mut gatherer: Gatherer<'_>,
    checked: &Receiver<Option<Checked>>,
    tickets: &Sender<()>,
    mut outgoing: Option<Outgoing>,
) -> (Gathered, Option<Outgoing>) {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for block in checked {
        // A worker panicked: when this thread ends, so do its channels, and with them the other threads.
        let Some(block) = block else {
            return (gatherer.broken(), None);
        };
        waiting.insert(block.number, block);
        while let Some(mut block) = waiting.remove(&next) {
            next += 1;
            let rows = std::mem::take(&mut block.rows);
            gatherer.take(block);
            if let Some(open) = &mut outgoing
                && (!gatherer.wants_rows() || !open.take(rows))
            {
                outgoing = None;
            }
            // Nobody takes the last tickets; the channel has room for all of them.
            let _ = tickets.try_send(());
        }
    }
    (gatherer.finish(), outgoing)
}

/// Content whose every byte is hashed and counted on its way to the splitter.
struct Hashed<C> {
    content: C,
    seen: Arc<Mutex<Seen>>,
    meter: Arc<Meter>,
}

#[derive(Default)]
struct Seen {
    hash: Sha256,
    bytes: u64,
}

impl<C: Content> Content for Hashed<C> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault> {
        let read = self.content.read(into)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.hash.update(&into[..read]);
        seen.bytes += read as u64;
        self.meter.bytes.store(seen.bytes, Ordering::Relaxed);
        Ok(read)
    }
}
