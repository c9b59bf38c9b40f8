//! What a reader accepts at most, so that no content can take more memory or time than it is worth.

/// The caps on content. All of them count decompressed bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest record, without its line feed. A longer one is an error of that record.
    pub record_bytes: usize,
    /// The most content. More is a fault.
    pub content_bytes: u64,
    /// The most that compressed content may expand, as output over input. Beyond it is a fault.
    pub ratio: u32,
    /// The output up to which `ratio` does not count: short runs of very regular rows compress extremely well.
    pub ratio_from: u64,
    /// The deepest nesting of a JSON value, a record's own object not counted.
    pub depth: usize,
    /// The size of blocks to aim at. One is larger only where a single record is.
    pub block_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: 1 << 20,
            content_bytes: 64 << 30,
            ratio: 200,
            ratio_from: 16 << 20,
            depth: 64,
            block_bytes: 256 << 10,
        }
    }
}
