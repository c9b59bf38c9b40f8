//! Where whole records end.

/// The end of the last whole record of some bytes, and how much there is before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The byte after the record's line feed.
    pub(crate) end: usize,
    /// Records before it.
    pub(crate) records: u64,
    /// Physical lines before it.
    pub(crate) lines: u64,
}
