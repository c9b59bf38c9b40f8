//! Content to blocks of whole records, in bounded memory.

use std::sync::Arc;

use contract::{Contract, Format, Rule};
use memchr::{memchr, memchr_iter};

use crate::block::{Block, Oversize};
use crate::content::{Content, ContentFault};
use crate::csv;
use crate::csv::quotes::{Scan, Walk};
use crate::cut::Cut;
use crate::fault::{Fault, Position};
use crate::jsonl;
use crate::layout::Layout;
use crate::limits::Limits;
use crate::sniff;

/// The least that is read at once while a record that is too long is skipped.
const SKIP_BYTES: usize = 64 << 10;

/// Cuts content into blocks of whole records.
///
/// It holds at most one block and one record of the largest size allowed.
pub struct Splitter {
    content: Box<dyn Content>,
    layout: Arc<Layout>,
    header: Option<Vec<u8>>,
    block_bytes: usize,
    /// What has been read and not given away; it begins at a record's first byte.
    buffer: Vec<u8>,
    /// How much of the buffer holds no record's end.
    scanned: usize,
    scan: Scan,
    /// Where the buffer begins.
    next: Position,
    end: End,
}

/// What is known of the end of the content.
enum End {
    /// It has not been met.
    Ahead,
    /// All content is in the buffer.
    Met,
    /// Nothing follows what is in the buffer, for this reason.
    Fault(ContentFault),
    /// A fault has been returned.
    Told,
}

impl std::fmt::Debug for Splitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Splitter")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl Splitter {
    /// Reads as far as the first record: checks that the content is text, takes the byte order mark off, and matches a
    /// CSV header to the contract.
    pub fn new(
        format: Format,
        contract: &Contract,
        content: Box<dyn Content>,
        limits: &Limits,
    ) -> Result<Self, Fault> {
        let mut splitter = Self {
            content,
            layout: Arc::new(Layout::by_key(format, contract, limits.clone())),
            header: None,
            block_bytes: limits.block_bytes.max(1),
            buffer: Vec::new(),
            scanned: 0,
            scan: Scan::new(),
            next: Position::START,
            end: End::Ahead,
        };
        splitter.fill(splitter.block_bytes.max(sniff::ENOUGH));
        let mark = sniff::text_starts_at(&splitter.buffer)?;
        splitter.advance(mark, 0);
        if splitter.buffer.is_empty() {
            return Err(match splitter.fault() {
                Some(fault) => fault,
                None => Fault::data(splitter.next, Rule::Empty, "the file is empty"),
            });
        }
        if format == Format::Csv {
            splitter.read_header(contract, limits)?;
        }
        splitter.next.record = 1;
        Ok(splitter)
    }

    /// Where the contract's columns are; what [`Block::records`] needs.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The CSV header as it was sent, without its line end.
    pub fn header_bytes(&self) -> Option<&[u8]> {
        self.header.as_deref()
    }

    /// Where the next block begins.
    pub const fn position(&self) -> Position {
        self.next
    }

    /// The next block, or nothing at the end. After a fault, faults only.
    ///
    /// Where the blocks are cut depends on the block size alone, not on how the content arrives; what is in them, not
    /// even on that.
    pub fn next_block(&mut self) -> Result<Option<Block>, Fault> {
        loop {
            self.fill(self.scanned + self.block_bytes);
            if let End::Met = self.end {
                return Ok(self.last_block());
            }
            if let Some(cut) = self.scan() {
                return Ok(Some(self.cut(cut)));
            }
            if let Some(fault) = self.fault() {
                return Err(fault);
            }
            if self.buffer.len() > self.layout.limits.record_bytes {
                return self.skip_record().map(Some);
            }
        }
    }

    /// Reads until the buffer has `target` bytes or there is no more.
    fn fill(&mut self, target: usize) {
        let mut filled = self.buffer.len();
        if filled >= target {
            return;
        }
        self.buffer.resize(target, 0);
        while filled < target && matches!(self.end, End::Ahead) {
            match self.content.read(&mut self.buffer[filled..]) {
                Ok(0) => self.end = End::Met,
                Ok(read) => filled += read,
                Err(fault) => self.end = End::Fault(fault),
            }
        }
        self.buffer.truncate(filled);
    }

    /// Drops the beginning of the buffer.
    fn advance(&mut self, bytes: usize, lines: u64) {
        self.buffer.drain(..bytes);
        self.scanned = 0;
        self.scan = Scan::new();
        self.next.byte += bytes as u64;
        self.next.line += lines;
    }

    /// The fault that the content ended with, once there is nothing left to give before it.
    fn fault(&mut self) -> Option<Fault> {
        match std::mem::replace(&mut self.end, End::Told) {
            End::Fault(fault) => Some(fault.at(self.next)),
            End::Told => Some(Fault::data(
                self.next,
                Rule::Source,
                "reading has ended with a fault before",
            )),
            end => {
                self.end = end;
                None
            }
        }
    }

    /// Takes the header off the buffer.
    fn read_header(&mut self, contract: &Contract, limits: &Limits) -> Result<(), Fault> {
        let mut walk = Walk::new();
        let end = loop {
            let found = walk
                .seek_end(&self.buffer[self.scanned..])
                .map(|end| self.scanned + end);
            let length = found.unwrap_or(self.buffer.len());
            if length > limits.record_bytes {
                let message = format!("the header has more than {} bytes", limits.record_bytes);
                let fault = Fault::data(self.next, Rule::RecordSize, message);
                return Err(fault.with_value(&self.buffer));
            }
            if found.is_some() {
                break found;
            }
            if let Some(fault) = self.fault() {
                return Err(fault);
            }
            if let End::Met = self.end {
                break None;
            }
            self.scanned = self.buffer.len();
            self.fill(self.scanned + self.block_bytes);
        };
        let line = match end {
            Some(end) => self.buffer[..end]
                .strip_suffix(b"\r")
                .unwrap_or(&self.buffer[..end]),
            None => &self.buffer[..],
        };
        self.layout = Arc::new(csv::read_header(line, contract, limits, self.next)?);
        self.header = Some(line.to_vec());
        let taken = end.map_or(self.buffer.len(), |end| end + 1);
        let lines = memchr_iter(b'\n', &self.buffer[..taken]).count() as u64;
        self.advance(taken, lines);
        Ok(())
    }

    /// Looks through what is new in the buffer for the last record's end.
    fn scan(&mut self) -> Option<Cut> {
        let new = &self.buffer[self.scanned..];
        let cut = match self.layout.format {
            Format::JsonLines => jsonl::last_end(new),
            Format::Csv => self.scan.last_end(new),
        };
        let before = std::mem::replace(&mut self.scanned, self.buffer.len());
        cut.map(|cut| Cut {
            end: before + cut.end,
            ..cut
        })
    }

    /// Gives away whole records.
    fn cut(&mut self, cut: Cut) -> Block {
        let mut rest = Vec::with_capacity(self.block_bytes + self.buffer.len() - cut.end);
        rest.extend_from_slice(&self.buffer[cut.end..]);
        self.buffer.truncate(cut.end);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        self.give(Block::new(bytes, self.next, cut.records, cut.lines))
    }

    /// Gives away everything, the last record with or without a line end.
    fn last_block(&mut self) -> Option<Block> {
        let last = *self.buffer.last()?;
        let lines = memchr_iter(b'\n', &self.buffer).count() as u64 + u64::from(last != b'\n');
        let before = self.scan_all();
        let records = before.records + u64::from(before.end < self.buffer.len());
        let bytes = std::mem::take(&mut self.buffer);
        Some(self.give(Block::new(bytes, self.next, records, lines)))
    }

    /// The last record's end in the buffer, which may be where it begins.
    fn scan_all(&mut self) -> Cut {
        self.scan().unwrap_or(Cut {
            end: 0,
            records: 0,
            lines: 0,
        })
    }

    /// Counts a block as given away.
    fn give(&mut self, block: Block) -> Block {
        self.scanned = 0;
        self.scan = Scan::new();
        self.next.record += block.records;
        self.next.line += block.lines;
        self.next.byte += block.bytes.len() as u64;
        block
    }

    /// Reads over a record that is too long to keep. The buffer holds its beginning and not its end.
    fn skip_record(&mut self) -> Result<Block, Fault> {
        let limit = self.layout.limits.record_bytes;
        let mut record = Skipped::begin(self.layout.format, &self.buffer, limit);
        let mut kept = std::mem::take(&mut self.buffer);
        kept.truncate(Oversize::kept(limit));
        let rest = loop {
            self.buffer.clear();
            self.fill(self.block_bytes.max(SKIP_BYTES));
            if let Some(end) = record.go_on(&self.buffer) {
                break self.buffer.split_off(end);
            }
            if let Some(fault) = self.fault() {
                return Err(fault);
            }
            if let End::Met = self.end {
                self.buffer.clear();
                break Vec::new();
            }
        };
        self.buffer = rest;
        let start = self.next;
        let oversize = record.finish();
        self.scanned = 0;
        self.scan = Scan::new();
        self.next = Position {
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
