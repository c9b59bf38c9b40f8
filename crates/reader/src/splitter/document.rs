//! Blocks of formats in which records lie inside a document: JSON and XML.
//!
//! A [`Scanner`] goes over every byte once and says where records begin and end. It knows just enough of the format to
//! be sure of that; whether a record is sound is for the one who parses the block. What stands around the records is
//! checked by the scanner and dropped.

use contract::Rule;
use memchr::memchr_iter;

use super::{SKIP_BYTES, give};
use crate::block::{Block, Oversize, Span};
use crate::fault::{Fault, Position};
use crate::limits::Limits;
use crate::window::Window;

/// What a scanner comes upon next.
pub(crate) enum Seen {
    /// A record begins at the byte `at`; the scanner goes on at `next`.
    Start { at: usize, next: usize },
    /// The record ends before the byte `end`; the scanner goes on at `next`.
    End { end: usize, next: usize },
    /// Nothing until the end of the bytes. Those from `from` on are to be shown again, with more.
    More { from: usize },
    /// The document is broken at the byte `at`, so that nothing after it can be told.
    Flaw { at: usize, flaw: Flaw },
}

/// What is wrong with a document.
#[derive(Debug, Clone)]
pub(crate) struct Flaw {
    pub(crate) rule: Rule,
    pub(crate) message: String,
}

impl Flaw {
    pub(crate) fn new(rule: Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
        }
    }
}

/// Finds the records of a document, piece after piece.
pub(crate) trait Scanner {
    /// Goes on at the byte `from`; all before has been seen.
    fn next(&mut self, bytes: &[u8], from: usize) -> Seen;

    /// Why the document may not end where it does, if it may not. `rest` was to be shown again.
    fn finish(&mut self, rest: &[u8]) -> Option<Flaw>;
}

/// What is known of the records in the window.
pub(super) struct Document<S> {
    scanner: S,
    /// How much of the window has been seen.
    scanned: usize,
    /// The whole records in it.
    spans: Vec<Span>,
    /// Where the scanner went on after the last of them.
    end: usize,
    /// Where the record begins that has not ended.
    open: Option<usize>,
    /// What was found after the whole records.
    flaw: Option<(usize, Flaw)>,
    /// Whether a record has begun yet.
    begun: bool,
}

impl<S: Scanner> Document<S> {
    pub(super) const fn new(scanner: S) -> Self {
        Self {
            scanner,
            scanned: 0,
            spans: Vec::new(),
            end: 0,
            open: None,
            flaw: None,
            begun: false,
        }
    }

    pub(super) fn next_block(
        &mut self,
        window: &mut Window,
        limits: &Limits,
    ) -> Result<Option<Block>, Fault> {
        let block_bytes = limits.block_bytes.max(1);
        if let Some(told) = window.told() {
            return Err(told);
        }
        loop {
            window.fill(window.buffer.len() + block_bytes);
            self.scan(&window.buffer);
            if !self.spans.is_empty() {
                return Ok(Some(self.cut(window, block_bytes)));
            }
            if let Some((at, flaw)) = self.flaw.take() {
                return Err(self.broken(window, at, flaw));
            }
            // What stands before the open record, or is no record at all, is of no use any more.
            self.drop_until(window, self.open.unwrap_or(self.scanned));
            if let Some(mut fault) = window.fault() {
                fault.at = self.place(window);
                return Err(fault);
            }
            if window.is_last() {
                return self.finish(window).map(|()| None);
            }
            if self.open.is_some() && self.scanned > limits.record_bytes {
                return self.skip_record(window, limits).map(Some);
            }
        }
    }

    /// Looks through what is new in the window.
    fn scan(&mut self, bytes: &[u8]) {
        while self.flaw.is_none() {
            match self.scanner.next(bytes, self.scanned) {
                Seen::Start { at, next } => {
                    self.begun = true;
                    self.open = Some(at);
                    self.scanned = next;
                }
                Seen::End { end, next } => {
                    let start = self.open.take().unwrap_or(end);
                    self.spans.push(Span { start, end });
                    (self.scanned, self.end) = (next, next);
                }
                Seen::More { from } => {
                    self.scanned = from;
                    return;
                }
                Seen::Flaw { at, flaw } => self.flaw = Some((at, flaw)),
            }
        }
    }

    /// Gives away whole records, with what stands before and between them.
    fn cut(&mut self, window: &mut Window, block_bytes: usize) -> Block {
        let end = self.end;
        let bytes = window.take(end, block_bytes);
        self.moved(end);
        let spans = std::mem::take(&mut self.spans);
        let lines = memchr_iter(b'\n', &bytes).count() as u64;
        let block = Block {
            spans,
            ..Block::new(bytes, window.next, 0, lines)
        };
        let records = block.spans.len() as u64;
        give(window, Block { records, ..block })
    }

    fn drop_until(&mut self, window: &mut Window, bytes: usize) {
        window.advance(bytes);
        self.moved(bytes);
    }

    /// The window begins so many bytes later.
    fn moved(&mut self, bytes: usize) {
        self.scanned -= bytes;
        self.open = self.open.map(|at| at - bytes);
        self.flaw = self.flaw.take().map(|(at, flaw)| (at - bytes, flaw));
        self.end = 0;
    }

    /// The fault of a document that is broken: told where its record starts, or where it is broken between records.
    fn broken(&mut self, window: &mut Window, at: usize, flaw: Flaw) -> Fault {
        let from = window.next.byte + at as u64;
        let message = match self.open {
            Some(_) => format!("{} at byte {from}; the rest cannot be read", flaw.message),
            None => flaw.message,
        };
        self.scanned = at;
        self.drop_until(window, self.open.unwrap_or(at));
        let fault = Fault::data(self.place(window), flaw.rule, message);
        window.end_with(fault)
    }

    /// Where the window begins; before the first record, record 0.
    fn place(&self, window: &Window) -> Position {
        Position {
            record: if self.begun { window.next.record } else { 0 },
            ..window.next
        }
    }

    fn finish(&mut self, window: &mut Window) -> Result<(), Fault> {
        let Some(flaw) = self.scanner.finish(&window.buffer[self.scanned..]) else {
            let rest = window.buffer.len();
            self.scanned = rest;
            self.drop_until(window, rest);
            return Ok(());
        };
        let fault = Fault::data(self.place(window), flaw.rule, flaw.message);
        Err(window.end_with(fault))
    }

    /// Reads over a record that is too long to keep. The window begins with it and does not hold its end.
    fn skip_record(&mut self, window: &mut Window, limits: &Limits) -> Result<Block, Fault> {
        let start = window.next;
        let fault = |window: &mut Window, rule, message| {
            window.next = start;
            window.end_with(Fault::data(start, rule, message))
        };
        let kept = window.buffer[..Oversize::kept(limits.record_bytes)].to_vec();
        let (end, next) = loop {
            let seen = self.scanned;
            window.advance(seen);
            self.scanned = 0;
            window.fill(window.buffer.len() + limits.block_bytes.max(SKIP_BYTES));
            match self.scanner.next(&window.buffer, 0) {
                Seen::End { end, next } => break (end, next),
                Seen::More { from } => self.scanned = from,
                Seen::Start { next, .. } => self.scanned = next,
                Seen::Flaw { at, flaw } => {
                    let from = window.next.byte + at as u64;
                    let message =
                        format!("{} at byte {from}; the rest cannot be read", flaw.message);
                    return Err(fault(window, flaw.rule, message));
                }
            }
            if let Some(mut broken) = window.fault() {
                (broken.at, window.next) = (start, start);
                return Err(broken);
            }
            if window.is_last()
                && let Some(flaw) = self.scanner.finish(&window.buffer[self.scanned..])
            {
                return Err(fault(window, flaw.rule, flaw.message));
            }
        };
        let bytes = window.next.byte + end as u64 - start.byte;
        self.open = None;
        window.advance(next);
        window.next.record = start.record + 1;
        let oversize = Oversize {
            field: None,
            bytes,
            unclosed: false,
        };
        let lines = window.next.line - start.line;
        Ok(Block {
            oversize: Some(oversize),
            ..Block::new(kept, start, 1, lines)
        })
    }
}
