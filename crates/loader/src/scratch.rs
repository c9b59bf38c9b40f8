//! Sorted runs on disk, while the rest of the batch is read.
//!
//! The file has no name from the moment it is made, so a loader that is killed leaves nothing behind,
//! and nobody else can open it. Its pieces carry a checksum: a disk that gives back other bytes than
//! it was given must fail the load and not change a row.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::encode::{FieldStarts, RowPlan};
use crate::runs::{Rows, SortKey};
use crate::settings::ScratchSettings;

/// Rows are written and read back in chunks of about this size; a merge holds one chunk of each run.
const CHUNK_BYTES: usize = 32 << 10;
/// Memory for those chunks. Where the chunks of all runs would take more, the runs are merged first.
const MERGE_BYTES: u64 = 24 << 20;
/// Length and checksum before each chunk.
const CHUNK_HEAD: usize = 8;
/// Length before each row.
const ROW_HEAD: usize = 4;

/// The file and the runs in it.
#[derive(Debug)]
pub(crate) struct Scratch {
    file: File,
    budget: u64,
    end: u64,
    runs: Vec<Run>,
}

/// Where a sorted run lies in the file.
#[derive(Debug, Clone, Copy)]
struct Run {
    at: u64,
    end: u64,
    largest_chunk: u64,
}

impl Scratch {
    /// An empty file; none where there is to be none, or where the folder refuses: the load is then
    /// slower, and as right.
    pub(crate) fn open(settings: &ScratchSettings) -> Option<Self> {
        if settings.bytes == 0 {
            return None;
        }
        match tempfile::tempfile_in(&settings.folder) {
            Ok(file) => Some(Self::within(file, settings.bytes)),
            Err(error) => {
                tracing::warn!(folder = %settings.folder.display(), error = %error, "no scratch file: the batch is sorted in memory only, run by run");
                None
            }
        }
    }

    /// An empty file that may have so many bytes.
    pub(crate) fn within(file: File, budget: u64) -> Self {
        Self {
            file,
            budget,
            end: 0,
            runs: Vec::new(),
        }
    }

    /// Whether a run fits, on disk and when it is merged with the others.
    pub(crate) fn has_room(&self, run: &Rows) -> bool {
        let row_heads = (run.refs.len() * ROW_HEAD) as u64;
        let bytes = run.bytes.len() as u64 + row_heads;
        let heads = bytes / CHUNK_BYTES as u64 * CHUNK_HEAD as u64 + CHUNK_HEAD as u64;
        let chunks: u64 = self.runs.iter().map(|run| run.largest_chunk).sum();
        self.end + bytes + heads <= self.budget && chunks + CHUNK_BYTES as u64 <= MERGE_BYTES
    }

    /// Appends a sorted run. After an error it holds what it held before.
    pub(crate) fn add(&mut self, run: &Rows) -> io::Result<()> {
        let at = self.end;
        let mut chunks = ChunkWriter::new(&self.file, at);
        let written = run
            .refs
            .iter()
            .try_for_each(|row| chunks.push(run.row(row)))
            .and_then(|()| chunks.flush());
        if let Err(error) = written {
            // Gives back what the run took. Where that fails too, the next run writes over it.
            let _ = self.file.set_len(at);
            return Err(error);
        }
        self.runs.push(Run {
            at,
            end: chunks.at,
            largest_chunk: chunks.largest,
        });
        self.end = chunks.at;
        Ok(())
    }

    /// A reader of each run.
    pub(crate) fn readers<'a>(&'a self, plan: &'a RowPlan) -> Vec<RunReader<'a>> {
        let readers = self.runs.iter().map(|run| RunReader {
            file: &self.file,
            plan,
            at: run.at,
            end: run.end,
            chunk: Vec::new(),
            row: 0..0,
            starts: FieldStarts::new(),
            key: [0, 0],
        });
        readers.collect()
    }

    /// How many runs it holds.
    pub(crate) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Forgets all runs and gives their space back.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.runs.clear();
        self.end = 0;
        self.file.set_len(0)
    }
}

/// Rows on their way into the file.
struct ChunkWriter<'a> {
    file: &'a File,
    at: u64,
    chunk: Vec<u8>,
    largest: u64,
}

impl<'a> ChunkWriter<'a> {
    fn new(file: &'a File, at: u64) -> Self {
        let mut chunk = Vec::with_capacity(CHUNK_HEAD + CHUNK_BYTES);
        chunk.resize(CHUNK_HEAD, 0);
        Self {
            file,
            at,
            chunk,
            largest: 0,
        }
    }

    fn push(&mut self, row: &[u8]) -> io::Result<()> {
        if self.chunk.len() + ROW_HEAD + row.len() > CHUNK_HEAD + CHUNK_BYTES {
            self.flush()?;
        }
        self.chunk
            .extend_from_slice(&(row.len() as u32).to_le_bytes());
        self.chunk.extend_from_slice(row);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let (head, rows) = self.chunk.split_at_mut(CHUNK_HEAD);
        if rows.is_empty() {
            return Ok(());
        }
        head[..4].copy_from_slice(&(rows.len() as u32).to_le_bytes());
        head[4..].copy_from_slice(&crc32fast::hash(rows).to_le_bytes());
        self.largest = self.largest.max(rows.len() as u64);
        self.file.write_all_at(&self.chunk, self.at)?;
        self.at += self.chunk.len() as u64;
        self.chunk.truncate(CHUNK_HEAD);
        Ok(())
    }
}

/// Reads one run, row by row, in its order.
pub(crate) struct RunReader<'a> {
    file: &'a File,
    plan: &'a RowPlan,
    at: u64,
    end: u64,
    chunk: Vec<u8>,
    row: std::ops::Range<usize>,
    starts: FieldStarts,
    key: SortKey,
}

impl RunReader<'_> {
    /// Goes to the next row; false after the last one.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        if self.row.end == self.chunk.len() && !self.next_chunk()? {
            return Ok(false);
        }
        let at = self.row.end + ROW_HEAD;
        let length = word(&self.chunk[self.row.end..at]);
        self.row = at..at + length as usize;
        self.key = self
            .plan
            .key_of(&self.chunk[self.row.clone()], &mut self.starts);
        Ok(true)
    }

    /// The row that it stands on.
    pub(crate) fn row(&self) -> &[u8] {
        &self.chunk[self.row.clone()]
    }

    /// That row's key.
    pub(crate) fn key(&self) -> SortKey {
        self.key
    }

    fn next_chunk(&mut self) -> io::Result<bool> {
        if self.at == self.end {
            return Ok(false);
        }
        let mut head = [0; CHUNK_HEAD];
        self.file.read_exact_at(&mut head, self.at)?;
        let length = word(&head[..4]);
        let rows_at = self.at + CHUNK_HEAD as u64;
        if rows_at + u64::from(length) > self.end {
            return Err(damaged());
        }
        self.chunk.resize(length as usize, 0);
        self.file.read_exact_at(&mut self.chunk, rows_at)?;
        if crc32fast::hash(&self.chunk) != word(&head[4..]) {
            return Err(damaged());
        }
        self.at = rows_at + u64::from(length);
        self.row = 0..0;
        Ok(true)
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u32::from(*byte))
}

fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the scratch file gave back other bytes than were written to it",
    )
}
