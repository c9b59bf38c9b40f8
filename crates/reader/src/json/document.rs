//! One JSON document: the records are the elements of the array that the contract names.

use contract::{Contract, Rule};

use super::array::{Array, Step};
use super::envelope::{Entered, Envelope};
use super::object::Objects;
use crate::block::{Block, Malformed, Record, Spans, Totals};
use crate::layout::Layout;
use crate::limits::Limits;
use crate::splitter::{Flaw, Scanner, Seen};

/// Goes through the document: the envelope up to the array, the array, the envelope again.
pub(crate) struct DocumentScanner {
    envelope: Envelope,
    array: Option<Array>,
}

impl DocumentScanner {
    pub(crate) fn new(contract: &Contract, limits: &Limits) -> Self {
        let path = contract.json.clone().unwrap_or_default().records;
        Self {
            envelope: Envelope::new(path, limits.depth),
            array: None,
        }
    }
}

impl Scanner for DocumentScanner {
    fn next(&mut self, bytes: &[u8], from: usize) -> Seen {
        let mut at = from;
        loop {
            if let Some(array) = &mut self.array {
                match array.next(bytes, at) {
                    Step::Start(at) => return Seen::Start { at, next: at },
                    Step::End { end, next, last } => {
                        if last {
                            self.array = None;
                            self.envelope.leave();
                        }
                        return Seen::End { end, next };
                    }
                    Step::Closed(next) => {
                        self.array = None;
                        self.envelope.leave();
                        at = next;
                    }
                    Step::More => return Seen::More { from: bytes.len() },
                    Step::Flaw { at, flaw } => return Seen::Flaw { at, flaw },
                }
            }
            match self.envelope.next(bytes, at) {
                Ok(Entered::Array(next)) => {
                    self.array = Some(Array::new());
                    at = next;
                }
                Ok(Entered::Nothing) => return Seen::More { from: bytes.len() },
                Err((at, flaw)) => return Seen::Flaw { at, flaw },
            }
        }
    }

    fn finish(&mut self, _rest: &[u8]) -> Option<Flaw> {
        if self.array.is_some() {
            let message = "the document ends before its array of records is closed: send it whole";
            return Some(Flaw::new(Rule::Truncated, message));
        }
        self.envelope.finish()
    }
}

/// Parses a block element by element.
#[derive(Debug)]
pub(crate) struct Records<'b> {
    spans: Spans<'b>,
    objects: Objects<'b>,
}

impl<'b> Records<'b> {
    pub(crate) fn new(block: &'b Block, layout: &'b Layout) -> Self {
        Self {
            spans: Spans::new(block),
            objects: Objects::new(&block.arena, layout, "record"),
        }
    }

    pub(crate) fn next(
        &mut self,
        totals: &mut Totals,
    ) -> Option<Result<Record<'_>, Malformed<'_>>> {
        let (at, raw) = self.spans.next(totals)?;
        if let Some(long) = self.objects.layout.too_long(at, raw) {
            return Some(Err(long));
        }
        let raw = trimmed(raw);
        if raw.is_empty() {
            let message = "there is no record between two commas of the array, or after the last one: take a comma out";
            return Some(Err(Malformed {
                at,
                raw,
                rule: Rule::Syntax,
                column: None,
                message: message.to_owned(),
                value: None,
            }));
        }
        Some(self.objects.record(at, raw))
    }
}

/// Without what JSON takes for white space at the end.
fn trimmed(raw: &[u8]) -> &[u8] {
    let end = raw
        .iter()
        .rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    &raw[..end.map_or(0, |last| last + 1)]
}
