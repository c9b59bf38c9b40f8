//! One field at a time: the careful way, for headers and for records with quotes.

use bumpalo::Bump;
use memchr::{memchr, memchr_iter, memchr2};

/// What is wrong with a field's quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Unclosed,
    AfterClosing,
    BareQuote,
    CarriageReturn,
}

impl Flaw {
    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Unclosed => {
                "a quote that opens a field is never closed: the rest of the content cannot be read"
            }
            Self::AfterClosing => {
                "there is text after a closing quote: double every quote inside a quoted field"
            }
            Self::BareQuote => {
                "there is a quote inside a field that is not quoted: quote the field and double its quotes"
            }
            Self::CarriageReturn => {
                "there is a carriage return without a line feed outside quotes: quote the field, \
                 and end records with a line feed"
            }
        }
    }
}

/// A field that has been read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'b> {
    /// Its value, quotes around it taken off, doubled quotes still doubled.
    pub(super) value: &'b [u8],
    /// How many quotes are doubled in it.
    pub(super) doubled: usize,
    /// Whether it was in quotes.
    pub(super) quoted: bool,
    pub(super) flaw: Option<Flaw>,
    /// Where the comma or the line feed after it is, or the length of the bytes.
    pub(super) end: usize,
    /// Whether it ends the record.
    pub(super) last: bool,
}

impl<'b> Field<'b> {
    /// Reads the field that starts at `from`.
    #[inline]
    pub(super) fn read(bytes: &'b [u8], from: usize) -> Self {
        if bytes.get(from) == Some(&b'"') {
            Self::quoted(bytes, from)
        } else {
            Self::bare(bytes, from)
        }
    }

    #[inline]
    fn bare(bytes: &'b [u8], from: usize) -> Self {
        let (end, last) = delimiter(bytes, from);
        let value = without_return(bytes, from, end);
        let flaw = memchr2(b'"', b'\r', value).map(|at| match value[at] {
            b'"' => Flaw::BareQuote,
            _ => Flaw::CarriageReturn,
        });
        Self {
            value,
            doubled: 0,
            quoted: false,
            flaw,
            end,
            last,
        }
    }

    fn quoted(bytes: &'b [u8], from: usize) -> Self {
        let mut doubled = 0;
        let mut at = from + 1;
        let closing = loop {
            let Some(quote) = memchr(b'"', &bytes[at..]) else {
                let value = &bytes[from + 1..];
                let (flaw, end) = (Some(Flaw::Unclosed), bytes.len());
                return Self {
                    value,
                    doubled,
                    quoted: true,
                    flaw,
                    end,
                    last: true,
                };
            };
            at += quote + 1;
            if bytes.get(at) != Some(&b'"') {
                break at - 1;
            }
            doubled += 1;
            at += 1;
        };
        let (end, last) = delimiter(bytes, at);
        let clean = without_return(bytes, at, end).is_empty();
        Self {
            value: if clean {
                &bytes[from + 1..closing]
            } else {
                &bytes[from..end]
            },
            doubled,
            quoted: true,
            flaw: (!clean).then_some(Flaw::AfterClosing),
            end,
            last,
        }
    }

    /// The value as it is meant.
    #[inline]
    pub(super) fn undoubled(&self, arena: &'b Bump) -> &'b [u8] {
        if self.doubled == 0 {
            return self.value;
        }
        let undoubled = arena.alloc_slice_fill_copy(self.value.len() - self.doubled, 0);
        let (mut from, mut to) = (0, 0);
        for quote in memchr_iter(b'"', self.value) {
            // Of two quotes, the second is left out: it is where the next piece starts.
            if quote < from {
                continue;
            }
            let piece = &self.value[from..=quote];
            undoubled[to..to + piece.len()].copy_from_slice(piece);
            to += piece.len();
            from = quote + 2;
        }
        let piece = &self.value[from..];
        undoubled[to..].copy_from_slice(piece);
        undoubled
    }
}

/// Where the field ends that goes on at `from` outside quotes, and whether the record ends there.
#[inline]
fn delimiter(bytes: &[u8], from: usize) -> (usize, bool) {
    match memchr2(b',', b'\n', &bytes[from..]) {
        Some(at) => (from + at, bytes[from + at] == b'\n'),
        None => (bytes.len(), true),
    }
}

/// The bytes from `from` up to a delimiter, without the carriage return that is part of a line end.
#[inline]
fn without_return(bytes: &[u8], from: usize, end: usize) -> &[u8] {
    match &bytes[from..end] {
        [value @ .., b'\r'] if bytes.get(end) == Some(&b'\n') => value,
        value => value,
    }
}
