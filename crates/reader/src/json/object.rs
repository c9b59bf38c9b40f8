//! One JSON object as a record: its keys are the contract's columns.
//!
//! Values are found but not interpreted: a number comes as it is written, so that nothing is lost on the way to a
//! decimal, and so do objects and arrays.

use std::borrow::Cow;
use std::fmt;

use bumpalo::Bump;
use contract::{Raw, Rule};
use memchr::{memchr, memchr_iter};
use serde::Deserializer as _;
use serde::de::{self, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::block::{Malformed, Record};
use crate::fault::{Position, excerpt};
use crate::layout::{Layout, quote};

/// Parses objects one after the other, each into the same fields.
#[derive(Debug)]
pub(super) struct Objects<'b> {
    arena: &'b Bump,
    pub(super) layout: &'b Layout,
    fields: Vec<Raw<'b>>,
    /// Which columns the present record has named.
    seen: Vec<bool>,
    /// What a record is called in messages.
    noun: &'static str,
}

/// Why bytes are no record.
struct Flaw<'b> {
    rule: Rule,
    column: Option<usize>,
    message: String,
    value: Option<&'b [u8]>,
}

impl Flaw<'_> {
    fn syntax(message: impl Into<String>) -> Self {
        Self {
            rule: Rule::Syntax,
            column: None,
            message: message.into(),
            value: None,
        }
    }
}

impl<'b> Objects<'b> {
    pub(super) fn new(arena: &'b Bump, layout: &'b Layout, noun: &'static str) -> Self {
        Self {
            arena,
            layout,
            fields: vec![Raw::Absent; layout.columns],
            seen: vec![false; layout.columns],
            noun,
        }
    }

    /// The record that these bytes are.
    pub(super) fn record(
        &mut self,
        at: Position,
        raw: &'b [u8],
    ) -> Result<Record<'_>, Malformed<'_>> {
        match self.parse(raw) {
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

    fn parse(&mut self, raw: &'b [u8]) -> Result<(), Flaw<'b>> {
        let text = std::str::from_utf8(raw)
            .map_err(|error| not_utf8(raw, error.valid_up_to(), self.layout))?;
        match text.trim_ascii_start().bytes().next() {
            Some(b'{') => {}
            None => {
                let noun = self.noun;
                return Err(Flaw::syntax(format!("the {noun} is blank: take it out")));
            }
            Some(_) => {
                let noun = self.noun;
                return Err(Flaw::syntax(format!("the {noun} is not a JSON object")));
            }
        }
        self.fields.fill(Raw::Absent);
        self.seen.fill(false);
        let mut flaw = None;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let object = Object {
            parser: self,
            flaw: &mut flaw,
        };
        let parsed = deserializer
            .deserialize_map(object)
            .and_then(|()| deserializer.end());
        // What is wrong with a field is only said of an object that is sound as JSON.
        match (parsed, flaw) {
            (Err(error), _) => Err(Flaw::syntax(explain(&error, text, self.noun))),
            (Ok(()), Some(flaw)) => Err(flaw),
            (Ok(()), None) => Ok(()),
        }
    }

    fn field(&mut self, key: &str, value: &'b RawValue) -> Result<(), Flaw<'b>> {
        let Some(column) = self.layout.column_of(key) else {
            if self.layout.reject_unknown {
                let known = self.layout.names.join(", ");
                return Err(Flaw {
                    rule: Rule::UnknownColumn,
                    column: None,
                    message: format!("the dataset has no column {}: it has {known}", quote(key)),
                    value: Some(value.get().as_bytes()),
                });
            }
            return Ok(());
        };
        let flaw = |rule, message| {
            Err(Flaw {
                rule,
                column: Some(column),
                message,
                value: Some(value.get().as_bytes()),
            })
        };
        if std::mem::replace(&mut self.seen[column], true) {
            let name = &self.layout.names[column];
            return flaw(
                Rule::DuplicateColumn,
                format!("the object names the column {name} twice"),
            );
        }
        let text = value.get();
        self.fields[column] = match text.as_bytes().first() {
            Some(b'n') => Raw::Absent,
            Some(b't') => Raw::Bool(true),
            Some(b'f') => Raw::Bool(false),
            Some(b'"') if memchr(b'\\', text.as_bytes()).is_none() => {
                Raw::String(&text[1..text.len() - 1])
            }
            Some(b'"') => match serde_json::from_str::<String>(text) {
                Ok(meant) => Raw::String(self.arena.alloc_str(&meant)),
                Err(error) => return flaw(Rule::Syntax, explain(&error, text, self.noun)),
            },
            Some(b'{' | b'[') => {
                let most = self.layout.limits.depth;
                if depth(text) > most {
                    return flaw(
                        Rule::Syntax,
                        format!("the value is nested more than {most} levels deep"),
                    );
                }
                Raw::Compound(text)
            }
            _ => Raw::Number(text),
        };
        Ok(())
    }
}

/// Reads one object into the parser's fields. The first flaw of a field is kept and the object read to its end.
struct Object<'p, 'b> {
    parser: &'p mut Objects<'b>,
    flaw: &'p mut Option<Flaw<'b>>,
}

impl<'b> Visitor<'b> for Object<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'b>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<Key<'b>>()? {
            let value = map.next_value::<&'b RawValue>()?;
            if self.flaw.is_none() {
                *self.flaw = self.parser.field(&key.0, value).err();
            }
        }
        Ok(())
    }
}

/// A key, borrowed from the record where it has no escapes.
struct Key<'b>(Cow<'b, str>);

impl<'b> de::Deserialize<'b> for Key<'b> {
    fn deserialize<D: de::Deserializer<'b>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'b> Visitor<'b> for Text {
            type Value = Key<'b>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'b str) -> Result<Key<'b>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'b>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// How deep a sound JSON value is nested.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut quoted = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth -= 1,
            _ => {}
        }
    }
    deepest
}

/// An error of the parser in our words.
fn explain(error: &serde_json::Error, text: &str, noun: &str) -> String {
    let told = error.to_string();
    let what = told.split(" at line ").next().unwrap_or(&told);
    let lines_before = error.line().saturating_sub(2);
    let line_start = match error.line() {
        0 | 1 => 0,
        _ => memchr_iter(b'\n', text.as_bytes())
            .nth(lines_before)
            .map_or(0, |feed| feed + 1),
    };
    format!(
        "the {noun} is not sound JSON: {what} at its byte {}",
        line_start + error.column()
    )
}

/// The error for a record that is not UTF-8 from a byte on, with the column where that byte is if it can be told.
fn not_utf8<'b>(raw: &'b [u8], from: usize, layout: &Layout) -> Flaw<'b> {
    // Up to that byte the text is the same, so that offsets hold.
    let readable = String::from_utf8_lossy(raw);
    let mut place = Place {
        text: &readable,
        byte: from,
        layout,
        column: None,
    };
    // Broken or not, what has been found until then counts.
    let _ = serde_json::Deserializer::from_str(&readable).deserialize_map(&mut place);
    Flaw {
        rule: Rule::Encoding,
        column: place.column,
        message: format!("the record is not UTF-8 from its byte {from} on"),
        value: Some(&raw[from..]),
    }
}

/// Finds the column whose value has a byte in it.
struct Place<'t> {
    text: &'t str,
    byte: usize,
    layout: &'t Layout,
    column: Option<usize>,
}

impl<'t> Visitor<'t> for &mut Place<'t> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'t>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<Key<'t>>()? {
            let value = map.next_value::<&'t RawValue>()?.get();
            let start = value.as_ptr().addr() - self.text.as_ptr().addr();
            if (start..start + value.len()).contains(&self.byte) {
                self.column = self.layout.column_of(&key.0);
            }
        }
        Ok(())
    }
}
