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
    /// How each file is written and packed.
    pub(crate) kinds: &'a [(Format, Compression)],
    pub(crate) settings: &'a LoadSettings,
    pub(crate) checker: &'a Checker<'a>,
    pub(crate) meter: &'a Arc<Meter>,
    /// Where encoded rows go; none when nothing is loaded.
    pub(crate) outgoing: Option<Outgoing>,
}

/// What a reading found out.
pub(crate) struct Outcome {
    pub(crate) gathered: Gathered,
    /// The files that were read, in order.
    pub(crate) files: Vec<FileRead>,
    /// What ended the reading of a file before its end, with the file's number.
    pub(crate) faults: Vec<(usize, Fault)>,
    /// The rows, to be sent on or dropped; none where rows were not wanted to the end.
    pub(crate) rows: Option<Outgoing>,
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
        let (gathered, rows, files, faults) = std::thread::scope(|scope| {
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
            let mut cutter = Cutter {
                checker,
                settings,
                tickets,
                jobs: jobs_in,
                number: 0,
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
            let (gathered, rows) = match gatherer.join() {
                Ok(gathered) => gathered,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            (gathered, rows, files, faults)
        });
        Outcome {
            gathered,
            files,
            faults,
            rows,
        }
    }
}

/// The reader thread: cuts files into blocks and hands them to the workers.
struct Cutter<'a> {
    checker: &'a Checker<'a>,
    settings: &'a LoadSettings,
    tickets: Receiver<()>,
    jobs: Sender<Job>,
    /// The next block's.
    number: u64,
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
        };
        let ended = self.blocks(file, format, Box::new(content), read);
        let Seen { hash, bytes } =
            std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
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
        Ok(read)
    }
}
