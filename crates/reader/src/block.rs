//! A block of whole records and what comes out of it.

use std::borrow::Cow;

use bumpalo::Bump;
use contract::{Format, Raw, Rule};
use memchr::memchr_iter;

use crate::csv;
use crate::fault::Position;
use crate::json;
use crate::layout::Layout;
use crate::xml;

/// Whole records, cut from the content by a [`Splitter`](crate::Splitter).
///
/// A block can go to any thread but is parsed by one at a time. What its records borrow lives as long as the block.
#[derive(Debug)]
pub struct Block {
    /// The records as they were sent, line ends included; of a document, also what stands before and between them.
    /// A record that was too long to keep is a block by itself, and only its beginning is here.
    pub bytes: Vec<u8>,
    /// Where the block begins, with the number of its first record.
    pub at: Position,
    /// How many records there are, malformed ones included.
    pub records: u64,
    /// How many physical lines they take; of a document, how many line feeds the block has.
    pub lines: u64,
    /// Where the records of a document are; the other formats find theirs by themselves.
    pub(crate) spans: Vec<Span>,
    /// What is known of the one record that was too long to keep.
    pub(crate) oversize: Option<Oversize>,
    /// Holds fields that are not written as they are meant: doubled quotes, JSON escapes.
    pub(crate) arena: Bump,
}

/// A record of which only the beginning was kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Oversize {
    /// The field in which the limit was passed, from 0; nothing where the format has no such thing.
    pub(crate) field: Option<usize>,
    /// Its whole length without the line feed.
    pub(crate) bytes: u64,
    /// Whether it ran to the end of the content because of a quote that never closes.
    pub(crate) unclosed: bool,
}

impl Block {
    pub(crate) fn new(bytes: Vec<u8>, at: Position, records: u64, lines: u64) -> Self {
        Self {
            bytes,
            at,
            records,
            lines,
            spans: Vec::new(),
            oversize: None,
            arena: Bump::new(),
        }
    }

    /// Parses the block by the layout of the splitter that cut it.
    pub fn records<'b>(&'b self, layout: &'b Layout) -> Records<'b> {
        let parser = match (self.oversize, layout.format) {
            (Some(oversize), _) => Parser::Oversize(Some(oversize)),
            (None, Format::JsonLines) => Parser::JsonLines(json::Lines::new(self, layout)),
            (None, Format::Json) => Parser::Json(json::Records::new(self, layout)),
            (None, Format::Xml) => Parser::Xml(xml::Records::new(self, layout)),
            (None, Format::Csv) => Parser::Csv(csv::Parser::new(self, layout)),
        };
        Records {
            block: self,
            layout,
            parser,
            totals: Totals::default(),
        }
    }
}

/// The records of a block, one after the other.
#[derive(Debug)]
pub struct Records<'b> {
    block: &'b Block,
    layout: &'b Layout,
    parser: Parser<'b>,
    totals: Totals,
}

#[derive(Debug)]
enum Parser<'b> {
    Csv(csv::Parser<'b>),
    JsonLines(json::Lines<'b>),
    Json(json::Records<'b>),
    Xml(xml::Records<'b>),
    Oversize(Option<Oversize>),
}

impl Records<'_> {
    /// The next record. What it lends is valid until the next call.
    // Not an iterator: the fields are lent from a buffer that every record uses again.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    #[inline]
    pub fn next(&mut self) -> Option<Result<Record<'_>, Malformed<'_>>> {
        match &mut self.parser {
            Parser::Csv(parser) => parser.next(&mut self.totals),
            Parser::JsonLines(parser) => parser.next(&mut self.totals),
            Parser::Json(parser) => parser.next(&mut self.totals),
            Parser::Xml(parser) => parser.next(&mut self.totals),
            Parser::Oversize(oversize) => oversize.take().map(|oversize| {
                self.totals = Totals {
                    records: self.block.records,
                    lines: self.block.lines,
                };
                Err(oversize.explain(self.block.at, &self.block.bytes, self.layout))
            }),
        }
    }

    /// What has been read so far; after the end, the whole block.
    pub const fn totals(&self) -> Totals {
        self.totals
    }
}

/// A record's bytes in its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The records of a document's block, with their places.
#[derive(Debug)]
pub(crate) struct Spans<'b> {
    bytes: &'b [u8],
    rest: std::slice::Iter<'b, Span>,
    /// How much has been passed, and where that is.
    passed: usize,
    at: Position,
}

impl<'b> Spans<'b> {
    pub(crate) fn new(block: &'b Block) -> Self {
        Self {
            bytes: &block.bytes,
            rest: block.spans.iter(),
            passed: 0,
            at: block.at,
        }
    }

    pub(crate) fn next(&mut self, totals: &mut Totals) -> Option<(Position, &'b [u8])> {
        let Span { start, end } = *self.rest.next()?;
        let before = self.line_feeds(self.passed, start);
        let at = Position {
            record: self.at.record,
            line: self.at.line + before,
            byte: self.at.byte + (start - self.passed) as u64,
        };
        let inside = self.line_feeds(start, end);
        totals.records += 1;
        totals.lines += before + inside;
        self.passed = end;
        self.at = Position {
            record: at.record + 1,
            line: at.line + inside,
            byte: at.byte + (end - start) as u64,
        };
        Some((at, &self.bytes[start..end]))
    }

    fn line_feeds(&self, from: usize, to: usize) -> u64 {
        memchr_iter(b'\n', &self.bytes[from..to]).count() as u64
    }
}

/// How much has been read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records, malformed ones included.
    pub records: u64,
    /// Physical lines.
    pub lines: u64,
}

/// A record whose form is right; its values are not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where it starts.
    pub at: Position,
    /// The record as it was sent, without its line end.
    pub raw: &'a [u8],
    /// Its fields in the order of the contract's columns, `Absent` where the record has none.
    pub fields: &'a [Raw<'a>],
}

/// A record whose form is wrong. It counts as one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed<'a> {
    /// Where it starts.
    pub at: Position,
    /// The record as it was sent, without its line end; only the beginning of one that is too long.
    pub raw: &'a [u8],
    /// The rule that is broken.
    pub rule: Rule,
    /// The contract's column where the fault lies, if it lies in one.
    pub column: Option<usize>,
    /// What is wrong and what to send instead.
    pub message: String,
    /// An excerpt of the field that is wrong.
    pub value: Option<Cow<'a, [u8]>>,
}

impl Oversize {
    /// How much of a record that is too long is kept for the report.
    pub(crate) fn kept(record_bytes: usize) -> usize {
        record_bytes.min(1024)
    }

    /// The error for a record of which at least as much as is kept is in `raw`.
    pub(crate) fn explain<'a>(self, at: Position, raw: &'a [u8], layout: &Layout) -> Malformed<'a> {
        let (rule, message) = if self.unclosed {
            (Rule::Quote, csv::UNCLOSED.to_owned())
        } else {
            let (bytes, most) = (self.bytes, layout.limits.record_bytes);
            (
                Rule::RecordSize,
                format!(
                    "the record has {bytes} bytes; the most is {most}, in all its fields together"
                ),
            )
        };
        Malformed {
            at,
            raw: &raw[..raw.len().min(Self::kept(layout.limits.record_bytes))],
            rule,
            column: self.field.and_then(|field| layout.column_at(field)),
            message,
            value: None,
        }
    }
}
