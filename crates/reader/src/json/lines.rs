//! JSON Lines: every line one object, its keys the contract's columns.

use memchr::{memchr, memchr_iter, memrchr};

use super::object::Objects;
use crate::block::{Block, Malformed, Oversize, Record, Totals};
use crate::cut::Cut;
use crate::fault::Position;
use crate::layout::Layout;

/// The end of the last whole line of some bytes.
pub(crate) fn last_end(bytes: &[u8]) -> Option<Cut> {
    let end = memrchr(b'\n', bytes)? + 1;
    let lines = memchr_iter(b'\n', &bytes[..end]).count() as u64;
    Some(Cut {
        end,
        records: lines,
        lines,
    })
}

/// Parses a block line by line.
#[derive(Debug)]
pub(crate) struct Lines<'b> {
    bytes: &'b [u8],
    objects: Objects<'b>,
    next: usize,
    at: Position,
}

impl<'b> Lines<'b> {
    pub(crate) fn new(block: &'b Block, layout: &'b Layout) -> Self {
        Self {
            bytes: &block.bytes,
            objects: Objects::new(&block.arena, layout, "line"),
            next: 0,
            at: block.at,
        }
    }

    pub(crate) fn next(
        &mut self,
        totals: &mut Totals,
    ) -> Option<Result<Record<'_>, Malformed<'_>>> {
        let rest = self
            .bytes
            .get(self.next..)
            .filter(|rest| !rest.is_empty())?;
        let line = &rest[..memchr(b'\n', rest).unwrap_or(rest.len())];
        let raw = match line {
            [raw @ .., b'\r'] if line.len() < rest.len() => raw,
            raw => raw,
        };
        let at = self.at;
        self.next += line.len() + 1;
        self.at = Position {
            record: at.record + 1,
            line: at.line + 1,
            byte: at.byte + line.len() as u64 + 1,
        };
        totals.records += 1;
        totals.lines += 1;

        if line.len() > self.objects.layout.limits.record_bytes {
            let oversize = Oversize {
                field: None,
                bytes: line.len() as u64,
                unclosed: false,
            };
            return Some(Err(oversize.explain(at, raw, self.objects.layout)));
        }
        Some(self.objects.record(at, raw))
    }
}
