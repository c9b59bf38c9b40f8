//! The threads of one load: read and split, check on all cores, gather in order, sort, hand on.
//!
//! ```text
//! feed ─► reader thread ─► workers (n) ─► gatherer ─► sorter ─► COPY
//!         decompress, hash,  parse, check,   in file    runs in
//!         split               encode         order      key order
//! ```
//!
//! Memory is bounded by tickets: a block needs one to leave the reader and gives it back when the
//! gatherer has taken it in its turn.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use contract::Format;
use crossbeam_channel::{Receiver, Sender, bounded};
use reader::{Block, Compression, Content, ContentFault, Fault, Layout, Splitter};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::check::{Checked, Checker};
use crate::feed::FeedReader;
use crate::gather::{Gathered, Gatherer};
use crate::runs::Rows;
use crate::settings::LoadSettings;

/// How far a load has come; read while it runs.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Bytes of content read.
    pub(crate) bytes: AtomicU64,
    /// Records checked.
    pub(crate) rows: AtomicU64,
    /// The ledger's entry is being committed: its row is ours, and a beat would only wait for it.
    pub(crate) committing: AtomicBool,
}

/// One reading of the content.
pub(crate) struct Reading<'a> {
    /// How each file is written and packed.
    pub(crate) kinds: &'a [(Format, Compression)],
    pub(crate) settings: &'a LoadSettings,
    pub(crate) checker: &'a Checker<'a>,
    pub(crate) meter: &'a Arc<Meter>,
    /// Where encoded rows go; none when nothing is loaded.
    pub(crate) rows_to: Option<mpsc::Sender<Bytes>>,
}

/// What a reading found out.
pub(crate) struct Outcome {
    pub(crate) gathered: Gathered,
    /// The files that were read, in order.
    pub(crate) files: Vec<FileRead>,
    /// What ended the reading of a file before its end, with the file's number.
    pub(crate) faults: Vec<(usize, Fault)>,
}

/// What was learned of one file.
#[derive(Default)]
pub(crate) struct FileRead {
    /// Records, malformed ones included.
    pub(crate) records: u64,
    /// Size of the content.
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
    /// The CSV header as it was sent.
    pub(crate) header: Option<Vec<u8>>,
}

impl Reading<'_> {
    /// Reads all of the content; returns when every thread has ended.
    pub(crate) fn run(self, feeds: Vec<FeedReader>) -> Outcome {
        let Reading {
            kinds,
            settings,
            checker,
            meter,
            rows_to,
        } = self;
        let threads = settings.threads.max(1);
        let (jobs_in, jobs) = bounded::<Job>(threads);
        let (checked_in, checked) = bounded::<Option<Checked>>(threads);
        // As many blocks as keep every worker busy while the slowest one finishes.
        let (tickets_back, tickets) = bounded::<()>(threads * 4);
        for _ in 0..threads * 4 {
            let _ = tickets_back.send(());
        }
        let (gathered, files, faults) = std::thread::scope(|scope| {
            let sorter = rows_to.map(|rows_to| Sorter::start(scope, settings.run_bytes, rows_to));
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
                    sorter,
                )
            });
            let mut cutter = Cutter {
                checker,
                settings,
                meter,
                tickets,
                jobs: jobs_in,
                number: 0,
                bytes: 0,
            };
            let mut files = Vec::with_capacity(kinds.len());
            let mut faults = Vec::new();
            for (file, (kind, feed)) in kinds.iter().zip(feeds).enumerate() {
                let mut read = FileRead::default();
                let ended = cutter.file(file, *kind, feed, &mut read);
                files.push(read);
                match ended {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(fault) => {
                        let unread = fault.is_io();
                        faults.push((file, fault));
                        // Data that is wrong says nothing about the next file; a store that is down does.
                        if unread {
                            break;
                        }
                    }
                }
            }
            drop(cutter);
            let gathered = match gatherer.join() {
                Ok(gathered) => gathered,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            (gathered, files, faults)
        });
        Outcome {
            gathered,
            files,
            faults,
        }
    }
}

/// The reader thread: cuts files into blocks and hands them to the workers.
struct Cutter<'a> {
    checker: &'a Checker<'a>,
    settings: &'a LoadSettings,
    meter: &'a Arc<Meter>,
    tickets: Receiver<()>,
    jobs: Sender<Job>,
    /// The next block's.
    number: u64,
    /// Content of the files before.
    bytes: u64,
}

impl Cutter<'_> {
    /// Reads one file; false where nobody takes blocks any more.
    fn file(
        &mut self,
        file: usize,
        (format, compression): (Format, Compression),
        feed: FeedReader,
        read: &mut FileRead,
    ) -> Result<bool, Fault> {
        let limits = &self.settings.limits;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let content = Hashed {
            content: reader::decompress(compression, Box::new(feed), limits),
            seen: Arc::clone(&seen),
            meter: Arc::clone(self.meter),
            before: self.bytes,
        };
        let ended = self.blocks(file, format, Box::new(content), read);
        let Seen { hash, bytes } =
            std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
        self.bytes += bytes;
        read.bytes = bytes;
        read.sha256 = hash.finalize().into();
        ended
    }

    fn blocks(
        &mut self,
        file: usize,
        format: Format,
        content: Box<dyn Content>,
        read: &mut FileRead,
    ) -> Result<bool, Fault> {
        let limits = &self.settings.limits;
        let mut splitter = Splitter::new(format, self.checker.contract, content, limits)?;
        read.header = splitter.header_bytes().map(<[u8]>::to_vec);
        let layout = Arc::clone(splitter.layout());
        while let Some(block) = splitter.next_block()? {
            read.records += block.records;
            let job = Job {
                number: self.number,
                file,
                block,
                layout: Arc::clone(&layout),
            };
            if self.tickets.recv().is_err() || self.jobs.send(job).is_err() {
                return Ok(false);
            }
            self.number += 1;
        }
        Ok(true)
    }
}

struct Job {
    number: u64,
    file: usize,
    block: Block,
    layout: Arc<Layout>,
}

fn work(checker: &Checker<'_>, jobs: &Receiver<Job>, checked: &Sender<Option<Checked>>) {
    for Job {
        number,
        file,
        block,
        layout,
    } in jobs
    {
        // A panic here would leave the others waiting for this block for ever.
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| {
            checker.check(number, file, &block, &layout)
        }));
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
    mut sorter: Option<Sorter>,
) -> Gathered {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for block in checked {
        // A worker panicked: when this thread ends, so do its channels, and with them the other threads.
        let Some(block) = block else {
            return gatherer.broken();
        };
        waiting.insert(block.number, block);
        while let Some(mut block) = waiting.remove(&next) {
            next += 1;
            let rows = std::mem::take(&mut block.rows);
            gatherer.take(block);
            if let Some(busy) = &mut sorter
                && (!gatherer.wants_rows() || !busy.take(&rows))
            {
                sorter = None;
            }
            // Nobody takes the last tickets; the channel has room for all of them.
            let _ = tickets.try_send(());
        }
    }
    if let Some(sorter) = sorter {
        sorter.finish();
    }
    gatherer.finish()
}

/// The thread that sorts runs and sends them on, and the run that is being filled meanwhile.
struct Sorter {
    filling: Rows,
    full: Sender<Rows>,
    empty: Receiver<Rows>,
    budget: usize,
}

impl Sorter {
    fn start<'scope>(
        scope: &'scope std::thread::Scope<'scope, '_>,
        budget: usize,
        rows_to: mpsc::Sender<Bytes>,
    ) -> Self {
        let (full, full_runs) = bounded::<Rows>(0);
        let (empty_runs, empty) = bounded::<Rows>(1);
        let _ = empty_runs.send(Rows::with_budget(budget));
        scope.spawn(move || {
            for mut run in full_runs {
                if !run.drain_sorted(|piece| rows_to.blocking_send(piece).is_ok()) {
                    return;
                }
                let _ = empty_runs.send(run);
            }
        });
        Self {
            filling: Rows::with_budget(budget),
            full,
            empty,
            budget,
        }
    }

    /// Adds rows, and hands on the run when it is full; false when nobody takes rows any more.
    fn take(&mut self, rows: &Rows) -> bool {
        if self.filling.size() + rows.size() > self.budget && !self.filling.is_empty() {
            let Ok(next) = self.empty.recv() else {
                return false;
            };
            let full = std::mem::replace(&mut self.filling, next);
            if self.full.send(full).is_err() {
                return false;
            }
        }
        self.filling.append(rows);
        true
    }

    fn finish(self) {
        if !self.filling.is_empty() {
            let _ = self.full.send(self.filling);
        }
    }
}

/// Content whose every byte is hashed and counted on its way to the splitter.
struct Hashed<C> {
    content: C,
    seen: Arc<Mutex<Seen>>,
    meter: Arc<Meter>,
    /// Content of the files before.
    before: u64,
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
        let bytes = self.before + seen.bytes;
        self.meter.bytes.store(bytes, Ordering::Relaxed);
        Ok(read)
    }
}
