//! Sorted runs, on disk and in memory, become one stream of rows in key order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;

use crate::encode::RowPlan;
use crate::pieces::{Gone, Pieces};
use crate::runs::{RowRef, Rows, SortKey};
use crate::scratch::{RunReader, Scratch};

/// Why a merge did not come to its end.
#[derive(Debug)]
pub(crate) enum MergeError {
    /// Nobody takes rows any more.
    Gone,
    /// The scratch file could not be read back.
    Scratch(io::Error),
}

impl From<Gone> for MergeError {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// Sends every row of the scratch file and of a sorted run in memory, in key order.
pub(crate) fn merge(
    scratch: Option<&Scratch>,
    last: &Rows,
    plan: &RowPlan,
    pieces: &mut Pieces,
) -> Result<(), MergeError> {
    let on_disk = scratch
        .map(|scratch| scratch.readers(plan))
        .unwrap_or_default();
    let mut sources: Vec<Source<'_>> = on_disk.into_iter().map(Source::Disk).collect();
    sources.push(Source::Memory {
        rows: last,
        rest: last.refs.iter(),
        now: None,
    });
    // The smallest key first; among equal keys the earlier run, so that a merge has one outcome only.
    let mut next = BinaryHeap::with_capacity(sources.len());
    for (place, source) in sources.iter_mut().enumerate() {
        if let Some(key) = source.advance()? {
            next.push(Reverse((key, place)));
        }
    }
    while let Some(mut top) = next.peek_mut() {
        let Reverse((_, place)) = *top;
        let source = &mut sources[place];
        pieces.push(source.row())?;
        match source.advance()? {
            // Sinks to its new place when `top` is dropped.
            Some(key) => *top = Reverse((key, place)),
            None => drop(PeekMut::pop(top)),
        }
    }
    pieces.flush()?;
    Ok(())
}

/// One of the runs that are merged.
enum Source<'a> {
    Disk(RunReader<'a>),
    Memory {
        rows: &'a Rows,
        rest: std::slice::Iter<'a, RowRef>,
        now: Option<&'a RowRef>,
    },
}

impl Source<'_> {
    /// Goes to the next row and tells its key; none after the last one.
    fn advance(&mut self) -> Result<Option<SortKey>, MergeError> {
        match self {
            Self::Disk(reader) => Ok(reader
                .advance()
                .map_err(MergeError::Scratch)?
                .then(|| reader.key())),
            Self::Memory { rest, now, .. } => {
                *now = rest.next();
                Ok(now.map(|row| row.key))
            }
        }
    }

    fn row(&self) -> &[u8] {
        match self {
            Self::Disk(reader) => reader.row(),
            Self::Memory { rows, now, .. } => now.map_or(&[], |row| rows.row(row)),
        }
    }
}
