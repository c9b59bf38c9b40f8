//! Sorted runs: rows are gathered up to a memory budget, put in the order of the target's widest
//! index, and handed on as pieces of one COPY stream. Inserting in index order touches each index
//! page once for many rows instead of once for each.

use bytes::Bytes;

/// Size of the pieces that go to the server: large enough that framing and flushing cost nothing.
const PIECE_BYTES: usize = 256 << 10;

/// The first 16 bytes of a row's sort key, as two big-endian words; see [`crate::encode`].
pub(crate) type SortKey = [u64; 2];

/// Where one encoded row lies in its buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowRef {
    pub(crate) key: SortKey,
    pub(crate) at: u32,
    pub(crate) len: u32,
}

/// Encoded rows and where each begins.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) bytes: Vec<u8>,
    pub(crate) refs: Vec<RowRef>,
}

impl Rows {
    /// An empty run that will not have to grow: untouched pages cost no memory.
    pub(crate) fn with_budget(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            refs: Vec::with_capacity(bytes / size_of::<RowRef>() / 2),
        }
    }

    /// An empty buffer for the rows of a block of that many bytes; rows grow to about twice their text.
    pub(crate) fn for_block(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes * 2),
            refs: Vec::with_capacity(bytes / 24),
        }
    }

    /// Memory in use.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + self.refs.len() * size_of::<RowRef>()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }

    /// Takes over the rows of a checked block.
    pub(crate) fn append(&mut self, other: &Rows) {
        let base = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&other.bytes);
        self.refs.extend(other.refs.iter().map(|row| RowRef {
            at: base + row.at,
            ..*row
        }));
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.refs.clear();
    }

    /// Hands on the rows in key order, in pieces of whole rows, and is empty afterwards. Stops early
    /// when `emit` says that nobody listens any more.
    pub(crate) fn drain_sorted(&mut self, mut emit: impl FnMut(Bytes) -> bool) -> bool {
        self.refs.sort_unstable_by_key(|row| row.key);
        let mut piece = Vec::with_capacity(PIECE_BYTES + 4096);
        for row in &self.refs {
            let at = row.at as usize;
            piece.extend_from_slice(&self.bytes[at..at + row.len as usize]);
            if piece.len() >= PIECE_BYTES {
                let full = std::mem::replace(&mut piece, Vec::with_capacity(PIECE_BYTES + 4096));
                if !emit(full.into()) {
                    return false;
                }
            }
        }
        self.clear();
        piece.is_empty() || emit(piece.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_comes_out_in_key_order_with_every_row_whole() {
        let mut run = Rows::with_budget(1 << 20);
        for block in 0..50_u64 {
            let mut rows = Rows::default();
            for i in 0..400_u64 {
                let key = (block * 400 + i).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let text = format!("{key:020}");
                rows.refs.push(RowRef {
                    key: [key, 0],
                    at: rows.bytes.len() as u32,
                    len: 20,
                });
                rows.bytes.extend_from_slice(text.as_bytes());
            }
            run.append(&rows);
        }
        let mut out = Vec::new();
        assert!(run.drain_sorted(|piece| {
            out.extend_from_slice(&piece);
            true
        }));
        let rows: Vec<&[u8]> = out.chunks(20).collect();
        assert_eq!(rows.len(), 20_000);
        assert!(rows.is_sorted());
        assert!(run.is_empty());
    }
}
