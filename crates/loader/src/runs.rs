//! Rows held in memory, and put in the order of the target's widest index there.

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

    /// Puts the rows in key order.
    pub(crate) fn sort(&mut self) {
        self.refs.sort_unstable_by_key(|row| row.key);
    }

    /// One row's bytes.
    pub(crate) fn row(&self, row: &RowRef) -> &[u8] {
        let at = row.at as usize;
        &self.bytes[at..at + row.len as usize]
    }
}
