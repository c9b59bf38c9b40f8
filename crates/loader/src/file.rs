//! The files of a batch: one object, or those that its manifest lists.

use contract::Format;
use reader::Compression;

use crate::source::Source;

/// One file of a batch and where its bytes are. Each is read by itself: a CSV has its own header.
pub struct File<'a> {
    /// As its manifest names it; nothing where the batch is this one object.
    pub name: Option<&'a str>,
    /// How its records are written.
    pub format: Format,
    /// How the content is packed.
    pub compression: Compression,
    /// Where the content is.
    pub source: &'a dyn Source,
    /// How many records it must have, where the manifest says so.
    pub rows: Option<u64>,
    /// What its content, decompressed, must hash to, where the manifest says so.
    pub sha256: Option<[u8; 32]>,
}

impl<'a> File<'a> {
    /// The object that is a whole batch.
    pub fn only(format: Format, compression: Compression, source: &'a dyn Source) -> Self {
        Self {
            name: None,
            format,
            compression,
            source,
            rows: None,
            sha256: None,
        }
    }
}

/// How much of a place in a batch is the byte in its file; the file's number is above.
const BYTE_BITS: u32 = 40;

/// A place in a batch, in the order of its files and their records: no two records share one.
pub(crate) const fn place(file: usize, byte: u64) -> u64 {
    (file as u64) << BYTE_BITS | byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_the_order_of_files_and_fit_a_bigint() {
        assert!(place(0, 1 << 36) < place(1, 0));
        assert!(i64::try_from(place(10_000, 1 << 36)).is_ok());
        assert_eq!(place(0, 77), 77);
    }
}
