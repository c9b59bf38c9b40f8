//! One XML element as a record: its attributes and the elements in it are the contract's columns.

use std::borrow::Cow;

use bumpalo::Bump;
use contract::{Raw, Rule};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::value::{self, attribute, resolved};
use crate::block::{Block, Malformed, Record, Spans, Totals};
use crate::fault::{Position, excerpt};
use crate::layout::{Layout, quote};

/// Parses a block element by element.
#[derive(Debug)]
pub(crate) struct Records<'b> {
    spans: Spans<'b>,
    arena: &'b Bump,
    layout: &'b Layout,
    fields: Vec<Raw<'b>>,
    /// Which columns the present record has named.
    seen: Vec<bool>,
    /// The elements that are open, the record first.
    open: Vec<Open>,
    /// Where the innermost one is in the record: `route/from`.
    place: String,
    text: Text<'b>,
    /// The byte that is to be found, and the column that has it.
    sought: Option<(usize, Option<usize>)>,
}

/// An element that is open.
#[derive(Debug, Clone, Copy)]
struct Open {
    what: What,
    /// How much of `place` is the elements around it.
    place: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Its text is a column's value.
    Field(usize),
    /// It holds fields.
    Way,
    /// It is read past.
    Ignored,
}

/// The text of a field, as far as it has been read: borrowed while it is one piece.
#[derive(Debug, Default)]
struct Text<'b> {
    first: &'b str,
    joined: Option<String>,
    /// Where it begins and ends in the record.
    from: usize,
}

/// Why an element is no record.
struct Flaw<'b> {
    rule: Rule,
    column: Option<usize>,
    message: String,
    value: Option<&'b [u8]>,
}

impl<'b> Flaw<'b> {
    fn of(rule: Rule, column: Option<usize>, message: impl Into<String>) -> Self {
        Self {
            rule,
            column,
            message: message.into(),
            value: None,
        }
    }

    fn showing(self, value: &'b str) -> Self {
        Self {
            value: Some(value.as_bytes()),
            ..self
        }
    }
}

impl<'b> Records<'b> {
    pub(crate) fn new(block: &'b Block, layout: &'b Layout) -> Self {
        Self {
            spans: Spans::new(block),
            arena: &block.arena,
            layout,
            fields: vec![Raw::Absent; layout.columns],
            seen: vec![false; layout.columns],
            open: Vec::new(),
            place: String::new(),
            text: Text::default(),
            sought: None,
        }
    }

    pub(crate) fn next(
        &mut self,
        totals: &mut Totals,
    ) -> Option<Result<Record<'_>, Malformed<'_>>> {
        let (at, raw) = self.spans.next(totals)?;
        if let Some(long) = self.layout.too_long(at, raw) {
            return Some(Err(long));
        }
        Some(self.record(at, raw))
    }

    fn record(&mut self, at: Position, raw: &'b [u8]) -> Result<Record<'_>, Malformed<'_>> {
        let parsed = match std::str::from_utf8(raw) {
            Ok(text) => self.parse(text),
            Err(error) => Err(self.not_utf8(raw, error.valid_up_to())),
        };
        match parsed {
            Ok(()) => Ok(Record {
                at,
                raw,
                fields: &self.fields,
            }),
            Err(flaw) => Err(Malformed {
                at,
                raw,
                rule: flaw.rule,
                column: flaw.column,
                message: flaw.message,
                value: flaw.value.map(|value| Cow::Borrowed(excerpt(value))),
            }),
        }
    }

    fn parse(&mut self, raw: &'b str) -> Result<(), Flaw<'b>> {
        self.fields.fill(Raw::Absent);
        self.seen.fill(false);
        self.open.clear();
        self.place.clear();
        let mut reader = Reader::from_str(raw);
        reader.config_mut().check_comments = true;
        let mut flaw = None;
        loop {
            let before = reader.buffer_position() as usize;
            match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(event) if flaw.is_none() => {
                    let after = reader.buffer_position() as usize;
                    flaw = self.event(&event, raw, before, after).err();
                }
                // The first flaw counts, of an element that is sound as XML.
                Ok(_) => {}
                Err(error) => {
                    let message = format!(
                        "the record is not sound XML: {error} at its byte {}",
                        reader.error_position()
                    );
                    return Err(Flaw::of(Rule::Syntax, None, message));
                }
            }
        }
        flaw.map_or(Ok(()), Err)
    }

    fn event(
        &mut self,
        event: &Event<'b>,
        raw: &'b str,
        before: usize,
        after: usize,
    ) -> Result<(), Flaw<'b>> {
        match event {
            Event::Start(start) => self.start(start, raw, after),
            Event::Empty(start) => {
                self.start(start, raw, after)?;
                self.end(raw, after)
            }
            Event::End(_) => self.end(raw, before),
            Event::Text(text) if text.contains('\r') => self.gather(&text.xml10_content(), None),
            Event::Text(text) => self.gather(text, Some(&raw[before..after])),
            // What stands between `<![CDATA[` and `]]>`.
            Event::CData(data) if data.contains('\r') => self.gather(&data.xml10_content(), None),
            Event::CData(data) => self.gather(data, Some(&raw[before + 9..after - 3])),
            Event::GeneralRef(reference) => match resolved(reference) {
                Ok(meant) => self.gather(&meant, None),
                Err(message) => {
                    Err(Flaw::of(Rule::Syntax, self.column(), message).showing(&raw[before..after]))
                }
            },
            Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
            Event::Decl(_) | Event::DocType(_) => {
                let message = "the record has a declaration in it: take it out";
                Err(Flaw::of(Rule::Syntax, None, message))
            }
        }
    }

    /// The column whose text is being read.
    fn column(&self) -> Option<usize> {
        match self.open.last()?.what {
            What::Field(column) => Some(column),
            What::Way | What::Ignored => None,
        }
    }

    fn start(
        &mut self,
        start: &BytesStart<'b>,
        raw: &'b str,
        after: usize,
    ) -> Result<(), Flaw<'b>> {
        let most = self.layout.limits.depth;
        if self.open.len() > most {
            let message = format!("the record is nested more than {most} levels deep");
            return Err(Flaw::of(Rule::Syntax, self.column(), message));
        }
        let around = self.place.len();
        let what = match self.open.last().map(|open| open.what) {
            None => self.layout.column_of(".").map_or(What::Way, What::Field),
            Some(outer) => {
                if !self.place.is_empty() {
                    self.place.push('/');
                }
                self.place.push_str(start.name().into_inner());
                self.inside(outer)?
            }
        };
        if let What::Field(column) = what {
            self.names(column)?;
            self.text = Text {
                from: after,
                ..Text::default()
            };
        }
        self.open.push(Open {
            what,
            place: around,
        });
        self.attributes(start, raw, what)
    }

    /// What the element at `place` is, inside another.
    fn inside(&self, outer: What) -> Result<What, Flaw<'b>> {
        match outer {
            What::Ignored => Ok(What::Ignored),
            What::Field(column) => {
                let name = &self.layout.names[column];
                let message = format!(
                    "the column {name} is a text, and has the element {} in it",
                    quote(&self.place)
                );
                Err(Flaw::of(Rule::Syntax, Some(column), message))
            }
            What::Way => match self.layout.column_of(&self.place) {
                Some(column) => Ok(What::Field(column)),
                None if self.layout.leads_on(&self.place) => Ok(What::Way),
                None if self.layout.reject_unknown => Err(self.unknown(&self.place)),
                None => Ok(What::Ignored),
            },
        }
    }

    fn unknown(&self, place: &str) -> Flaw<'b> {
        let message = format!(
            "the dataset has no column at {}: it has {}",
            quote(place),
            self.layout.names.join(", ")
        );
        Flaw::of(Rule::UnknownColumn, None, message)
    }

    /// Notes that the record names a column.
    fn names(&mut self, column: usize) -> Result<(), Flaw<'b>> {
        if !std::mem::replace(&mut self.seen[column], true) {
            return Ok(());
        }
        let name = &self.layout.names[column];
        let message = format!("the record names the column {name} twice");
        Err(Flaw::of(Rule::DuplicateColumn, Some(column), message))
    }

    fn attributes(
        &mut self,
        start: &BytesStart<'_>,
        raw: &'b str,
        what: What,
    ) -> Result<(), Flaw<'b>> {
        for found in start.attributes() {
            let found = found.map_err(|error| {
                let message = format!("the record is not sound XML: {error}");
                Flaw::of(Rule::Syntax, None, message)
            })?;
            let name = found.key.into_inner();
            let is_namespace = name == "xmlns" || name.starts_with("xmlns:");
            if is_namespace || what == What::Ignored {
                continue;
            }
            // The event borrows from the record, but does not say for how long.
            let from = found.value.as_ptr().addr() - raw.as_ptr().addr();
            let written = &raw[from..from + found.value.len()];
            let elements = self.place.len();
            self.place.push_str(if elements == 0 { "@" } else { "/@" });
            self.place.push_str(name);
            let Some(column) = self.layout.column_of(&self.place) else {
                if self.layout.reject_unknown {
                    return Err(self.unknown(&self.place).showing(written));
                }
                self.place.truncate(elements);
                continue;
            };
            self.place.truncate(elements);
            self.names(column)?;
            let meant = attribute(&found, written, self.arena).map_err(|message| {
                Flaw::of(Rule::Syntax, Some(column), message).showing(written)
            })?;
            self.set(column, meant, from..from + written.len())?;
        }
        Ok(())
    }

    /// Takes text; `written` is the same as it stands in the record, where it does.
    fn gather(&mut self, meant: &str, written: Option<&'b str>) -> Result<(), Flaw<'b>> {
        match self.open.last().map(|open| open.what) {
            Some(What::Field(_)) => {
                self.text.push(meant, written);
                Ok(())
            }
            Some(What::Way)
                if !meant
                    .bytes()
                    .all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) =>
            {
                let message = "the record has a text that is in no field";
                let flaw = Flaw::of(Rule::Syntax, None, message);
                Err(match written {
                    Some(written) => flaw.showing(written),
                    None => flaw,
                })
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, raw: &'b str, before: usize) -> Result<(), Flaw<'b>> {
        let Some(Open { what, place }) = self.open.pop() else {
            return Ok(());
        };
        self.place.truncate(place);
        let What::Field(column) = what else {
            return Ok(());
        };
        let from = self.text.from;
        let meant = std::mem::take(&mut self.text).finish(self.arena);
        self.set(column, meant, from..before.max(from))
            .map_err(|flaw| flaw.showing(raw.get(from..before).unwrap_or_default()))
    }

    /// A value; `span` is where it stands in the record. An empty one is absent, as in CSV.
    fn set(
        &mut self,
        column: usize,
        value: &'b str,
        span: std::ops::Range<usize>,
    ) -> Result<(), Flaw<'b>> {
        if let Some((byte, found)) = &mut self.sought
            && span.contains(byte)
        {
            *found = Some(column);
        }
        if value.bytes().any(|byte| byte < b' ')
            && !value.chars().all(|c| c == '\0' || value::is_letter(c))
        {
            let message = "the value has a control character in it, which XML does not allow";
            return Err(Flaw::of(Rule::Syntax, Some(column), message));
        }
        self.fields[column] = if value.is_empty() {
            Raw::Absent
        } else {
            Raw::Text(value.as_bytes())
        };
        Ok(())
    }

    /// The error for a record that is not UTF-8 from a byte on, with the column where that byte is if it can be told.
    fn not_utf8(&mut self, raw: &'b [u8], from: usize) -> Flaw<'b> {
        // Up to that byte the text is the same, so that offsets hold.
        let readable = self.arena.alloc_str(&String::from_utf8_lossy(raw));
        self.sought = Some((from, None));
        // Broken or not, what has been found until then counts.
        let _ = self.parse(readable);
        let column = self.sought.take().and_then(|(_, column)| column);
        Flaw {
            rule: Rule::Encoding,
            column,
            message: format!("the record is not UTF-8 from its byte {from} on"),
            value: Some(&raw[from..]),
        }
    }
}

impl<'b> Text<'b> {
    fn push(&mut self, meant: &str, written: Option<&'b str>) {
        match (&mut self.joined, written) {
            (Some(joined), _) => joined.push_str(meant),
            (None, Some(written)) if self.first.is_empty() => self.first = written,
            (None, _) => self.joined = Some(format!("{}{meant}", self.first)),
        }
    }

    fn finish(self, arena: &'b Bump) -> &'b str {
        match self.joined {
            Some(joined) => arena.alloc_str(&joined),
            None => self.first,
        }
    }
}
