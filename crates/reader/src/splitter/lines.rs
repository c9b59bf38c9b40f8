//! Blocks of formats in which records follow each other without anything between: CSV and JSON Lines.

use contract::{Contract, Format, Rule};
use memchr::{memchr, memchr_iter};

use super::{SKIP_BYTES, give};
use crate::block::{Block, Oversize};
use crate::csv;
use crate::csv::quotes::{Scan, Walk};
use crate::cut::Cut;
use crate::fault::{Fault, Position};
use crate::json;
use crate::layout::Layout;
use crate::limits::Limits;
use crate::window::Window;

/// What is known of the records in the window, which begins at a record's first byte.
pub(super) struct Lines {
    format: Format,
    /// How much of the window holds no record's end.
    scanned: usize,
    scan: Scan,
}

impl Lines {
    pub(super) const fn new(format: Format) -> Self {
        Self {
            format,
            scanned: 0,
            scan: Scan::new(),
        }
    }

    pub(super) fn next_block(
        &mut self,
        window: &mut Window,
        limits: &Limits,
    ) -> Result<Option<Block>, Fault> {
        let block_bytes = limits.block_bytes.max(1);
        loop {
            window.fill(self.scanned + block_bytes);
            if window.is_last() {
                return Ok(self.last_block(window));
            }
            if let Some(cut) = self.scan(window) {
                return Ok(Some(self.cut(window, cut, block_bytes)));
            }
            if let Some(fault) = window.fault() {
                return Err(fault);
            }
            if window.buffer.len() > limits.record_bytes {
                return self.skip_record(window, limits).map(Some);
            }
        }
    }

    /// Looks through what is new in the window for the last record's end.
    fn scan(&mut self, window: &Window) -> Option<Cut> {
        let new = &window.buffer[self.scanned..];
        let cut = match self.format {
            Format::Csv => self.scan.last_end(new),
            _ => json::last_end(new),
        };
        let before = std::mem::replace(&mut self.scanned, window.buffer.len());
        cut.map(|cut| Cut {
            end: before + cut.end,
            ..cut
        })
    }

    /// Begins anew at the window's first byte.
    fn begin(&mut self) {
        self.scanned = 0;
        self.scan = Scan::new();
    }

    /// Gives away whole records.
    fn cut(&mut self, window: &mut Window, cut: Cut, block_bytes: usize) -> Block {
        let bytes = window.take(cut.end, block_bytes);
        self.begin();
        let block = Block::new(bytes, window.next, cut.records, cut.lines);
        give(window, block)
    }

    /// Gives away everything, the last record with or without a line end.
    fn last_block(&mut self, window: &mut Window) -> Option<Block> {
        let last = *window.buffer.last()?;
        let lines = memchr_iter(b'\n', &window.buffer).count() as u64 + u64::from(last != b'\n');
        // The last record's end, which may be where the window begins.
        let before = self.scan(window).unwrap_or(Cut {
            end: 0,
            records: 0,
            lines: 0,
        });
        let records = before.records + u64::from(before.end < window.buffer.len());
        let bytes = std::mem::take(&mut window.buffer);
        self.begin();
        let block = Block::new(bytes, window.next, records, lines);
        Some(give(window, block))
    }

    /// Reads over a record that is too long to keep. The window holds its beginning and not its end.
    fn skip_record(&mut self, window: &mut Window, limits: &Limits) -> Result<Block, Fault> {
        let limit = limits.record_bytes;
        let mut record = Skipped::begin(self.format, &window.buffer, limit);
        let mut kept = std::mem::take(&mut window.buffer);
        kept.truncate(Oversize::kept(limit));
        let rest = loop {
            window.buffer.clear();
            window.fill(limits.block_bytes.max(SKIP_BYTES));
            if let Some(end) = record.go_on(&window.buffer) {
                break window.buffer.split_off(end);
            }
            if let Some(fault) = window.fault() {
                return Err(fault);
            }
            if window.is_last() {
                window.buffer.clear();
                break Vec::new();
            }
        };
        window.buffer = rest;
        let start = window.next;
        let oversize = record.finish();
        self.begin();
        window.next = Position {
            record: start.record + 1,
            line: start.line + record.lines,
            byte: start.byte + record.bytes,
        };
        Ok(Block {
            oversize: Some(oversize),
            ..Block::new(kept, start, 1, record.lines)
        })
    }
}

/// Takes the header of a CSV file off the window, and finds the contract's columns in it.
pub(super) fn read_header(
    window: &mut Window,
    contract: &Contract,
    limits: &Limits,
) -> Result<(Vec<u8>, Layout), Fault> {
    let mut walk = Walk::new();
    let mut scanned = 0;
    let end = loop {
        let found = walk
            .seek_end(&window.buffer[scanned..])
            .map(|end| scanned + end);
        let length = found.unwrap_or(window.buffer.len());
        if length > limits.record_bytes {
            let message = format!("the header has more than {} bytes", limits.record_bytes);
            let fault = Fault::data(window.next, Rule::RecordSize, message);
            return Err(fault.with_value(&window.buffer));
        }
        if found.is_some() {
            break found;
        }
        if let Some(fault) = window.fault() {
            return Err(fault);
        }
        if window.is_last() {
            break None;
        }
        scanned = window.buffer.len();
        window.fill(scanned + limits.block_bytes.max(1));
    };
    let line = match end {
        Some(end) => window.buffer[..end]
            .strip_suffix(b"\r")
            .unwrap_or(&window.buffer[..end]),
        None => &window.buffer[..],
    };
    let layout = csv::read_header(line, contract, limits, window.next)?;
    let header = line.to_vec();
    window.advance(end.map_or(window.buffer.len(), |end| end + 1));
    Ok((header, layout))
}
/// A record that is read over.
struct Skipped {
    /// Nothing where lines are records.
    walk: Option<Walk>,
    field: Option<usize>,
    bytes: u64,
    lines: u64,
    ended: bool,
    last: u8,
}

impl Skipped {
    fn begin(format: Format, start: &[u8], limit: usize) -> Self {
        let mut walk = (format == Format::Csv).then(Walk::new);
        if let Some(walk) = &mut walk {
            walk.seek_end(&start[..limit]);
        }
        let field = walk.map(|walk| walk.field);
        let mut skipped = Self {
            walk,
            field,
            bytes: limit as u64,
            lines: 0,
            ended: false,
            last: 0,
        };
        skipped.lines = memchr_iter(b'\n', &start[..limit]).count() as u64;
        skipped.go_on(&start[limit..]);
        skipped
    }

    /// Reads on, and gives the place after the record's line feed if it is there.
    fn go_on(&mut self, piece: &[u8]) -> Option<usize> {
        let end = match &mut self.walk {
            Some(walk) => walk.seek_end(piece),
            None => memchr(b'\n', piece),
        };
        let taken = end.map_or(piece, |end| &piece[..=end]);
        self.bytes += taken.len() as u64;
        self.lines += memchr_iter(b'\n', taken).count() as u64;
        self.last = *taken.last().unwrap_or(&self.last);
        self.ended = end.is_some();
        end.map(|end| end + 1)
    }

    fn finish(&mut self) -> Oversize {
        self.lines += u64::from(self.last != b'\n');
        let unclosed = self.walk.is_some_and(|walk| walk.inside_quotes());
        Oversize {
            field: if unclosed {
                self.walk.map(|walk| walk.field)
            } else {
                self.field
            },
            bytes: self.bytes - u64::from(self.ended),
            unclosed,
        }
    }
}
