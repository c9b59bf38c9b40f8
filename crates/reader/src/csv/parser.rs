//! The records of a block of CSV.

use std::borrow::Cow;

use bumpalo::Bump;
use contract::{Raw, Rule};
use memchr::{memchr, memchr_iter, memrchr};

use super::delimiters::Delimiters;
use super::field::{Field, Flaw};
use super::quotes::Walk;
use crate::block::{Block, Malformed, Oversize, Record, Totals};
use crate::fault::{Position, excerpt};
use crate::layout::Layout;

/// What a record that a quote runs away with is told, here and by the splitter.
pub(crate) const UNCLOSED: &str = Flaw::Unclosed.message();

/// Parses a block record by record.
#[derive(Debug)]
pub(crate) struct Parser<'b> {
    bytes: &'b [u8],
    arena: &'b Bump,
    layout: &'b Layout,
    /// Where each field of a record goes in `fields`; all that are ignored share the last place.
    places: Vec<usize>,
    fields: Vec<Raw<'b>>,
    /// Where the next record starts.
    next: usize,
    at: Position,
    /// Without any quote in the block, delimiters are all that matters.
    delimiters: Option<Delimiters<'b>>,
    returns: bool,
}

/// A record that has been read, whatever it is worth.
struct Line {
    /// Where its line feed is, or the length of the bytes.
    end: usize,
    fields: usize,
    /// The flaw to report, with its field and where that field starts and ends.
    flaw: Option<(Flaw, usize, usize, usize)>,
    /// Whether there may be line feeds inside quotes.
    quoted: bool,
}

impl<'b> Parser<'b> {
    pub(crate) fn new(block: &'b Block, layout: &'b Layout) -> Self {
        let bytes = &block.bytes[..];
        Self {
            bytes,
            arena: &block.arena,
            layout,
            places: layout
                .fields()
                .iter()
                .map(|column| column.unwrap_or(layout.columns))
                .collect(),
            fields: vec![Raw::Absent; layout.columns + 1],
            next: 0,
            at: block.at,
            delimiters: memchr(b'"', bytes)
                .is_none()
                .then(|| Delimiters::new(bytes)),
            returns: memchr(b'\r', bytes).is_some(),
        }
    }

    #[inline]
    pub(crate) fn next(
        &mut self,
        totals: &mut Totals,
    ) -> Option<Result<Record<'_>, Malformed<'_>>> {
        let start = self.next;
        if start >= self.bytes.len() {
            return None;
        }
        let line = if self.delimiters.is_some() {
            self.plain_line(start)
        } else {
            self.quoted_line(start)
        };
        self.next = line.end + 1;

        let at = self.at;
        let inner = if line.quoted {
            memchr_iter(b'\n', &self.bytes[start..line.end]).count() as u64
        } else {
            0
        };
        // The last line may have no line feed, or one inside a quote that never closes.
        let closed = line.end < self.bytes.len() || self.bytes.last() != Some(&b'\n');
        let lines = inner + u64::from(closed);
        totals.records += 1;
        totals.lines += lines;
        self.at = Position {
            record: at.record + 1,
            line: at.line + lines,
            byte: at.byte + (self.next - start) as u64,
        };

        let raw = match &self.bytes[start..line.end] {
            [raw @ .., b'\r'] if self.returns && line.end < self.bytes.len() => raw,
            raw => raw,
        };
        let good = line.flaw.is_none()
            && line.fields == self.places.len()
            && !raw.is_empty()
            && line.end - start <= self.layout.limits.record_bytes;
        Some(if good {
            Ok(Record {
                at,
                raw,
                fields: &self.fields[..self.layout.columns],
            })
        } else {
            Err(self.malformed(at, raw, start, &line))
        })
    }

    /// Reads a record of a block without quotes.
    #[inline]
    fn plain_line(&mut self, start: usize) -> Line {
        let Some(delimiters) = &mut self.delimiters else {
            unreachable!("asked only where they are")
        };
        let bytes = self.bytes;
        let mut fields = 0;
        let mut from = start;
        loop {
            let end = delimiters.next();
            let last = bytes.get(end) != Some(&b',');
            let mut value = &bytes[from..end];
            if let (true, true, [rest @ .., b'\r']) =
                (self.returns, last && end < bytes.len(), value)
            {
                value = rest;
            }
            if let Some(place) = self.places.get(fields) {
                self.fields[*place] = if value.is_empty() {
                    Raw::Absent
                } else {
                    Raw::Text(value)
                };
            }
            fields += 1;
            if last {
                let flaw = if self.returns {
                    lone_return(bytes, start, end)
                } else {
                    None
                };
                return Line {
                    end,
                    fields,
                    flaw,
                    quoted: false,
                };
            }
            from = end + 1;
        }
    }

    /// Reads a record of a block that has quotes.
    fn quoted_line(&mut self, start: usize) -> Line {
        let mut flaw = None;
        let mut fields = 0;
        let mut quoted = false;
        let mut from = start;
        loop {
            let field = Field::read(self.bytes, from);
            quoted |= field.quoted;
            // The first flaw counts, but for the one that takes the rest of the content with it.
            if let Some(found) = field.flaw
                && (flaw.is_none() || found == Flaw::Unclosed)
            {
                flaw = Some((found, fields, from, field.end));
            }
            if let Some(place) = self.places.get(fields) {
                self.fields[*place] = match field.value {
                    [] => Raw::Absent,
                    _ if flaw.is_some() => Raw::Absent,
                    _ => Raw::Text(field.undoubled(self.arena)),
                };
            }
            fields += 1;
            if field.last {
                return Line {
                    end: field.end,
                    fields,
                    flaw,
                    quoted,
                };
            }
            from = field.end + 1;
        }
    }

    #[cold]
    fn malformed(&self, at: Position, raw: &'b [u8], start: usize, line: &Line) -> Malformed<'b> {
        let unclosed = matches!(line.flaw, Some((Flaw::Unclosed, ..)));
        if line.end - start > self.layout.limits.record_bytes {
            let oversize = Oversize {
                field: Some(if unclosed {
                    line.fields - 1
                } else {
                    self.field_at_limit(start)
                }),
                bytes: (line.end - start) as u64,
                unclosed,
            };
            return oversize.explain(at, raw, self.layout);
        }
        let (rule, column, message, value) = match line.flaw {
            Some((flaw, field, from, end)) => {
                let value = Cow::Borrowed(excerpt(&self.bytes[from..end]));
                (
                    Rule::Quote,
                    self.layout.column_at(field),
                    flaw.message().to_owned(),
                    Some(value),
                )
            }
            None if raw.is_empty() => (
                Rule::Columns,
                None,
                "the line is blank: take it out".to_owned(),
                None,
            ),
            None => {
                let (has, expected) = (count(line.fields), self.places.len());
                (
                    Rule::Columns,
                    None,
                    format!("the record has {has}; the header has {expected}"),
                    None,
                )
            }
        };
        Malformed {
            at,
            raw,
            rule,
            column,
            message,
            value,
        }
    }

    /// The field that passes the limit of a record.
    fn field_at_limit(&self, start: usize) -> usize {
        let mut walk = Walk::new();
        walk.seek_end(&self.bytes[start..start + self.layout.limits.record_bytes]);
        walk.field
    }
}

/// The first carriage return of a record without quotes that is not part of its line end, with its field.
#[inline]
fn lone_return(bytes: &[u8], start: usize, end: usize) -> Option<(Flaw, usize, usize, usize)> {
    let returned = memchr(b'\r', &bytes[start..end])? + start;
    if returned + 1 == end && end < bytes.len() {
        return None;
    }
    let field = memchr_iter(b',', &bytes[start..returned]).count();
    let from = memrchr(b',', &bytes[start..returned]).map_or(start, |comma| start + comma + 1);
    let to = memchr(b',', &bytes[returned..end]).map_or(end, |comma| returned + comma);
    Some((Flaw::CarriageReturn, field, from, to))
}

fn count(fields: usize) -> String {
    if fields == 1 {
        "1 field".to_owned()
    } else {
        format!("{fields} fields")
    }
}
