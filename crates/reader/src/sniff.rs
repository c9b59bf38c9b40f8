//! What the first bytes of content say about the rest.

use contract::Rule;

use crate::fault::{Fault, Position};

/// How many bytes are enough to tell.
pub(crate) const ENOUGH: usize = 8;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The length of a UTF-8 byte order mark, or why the content cannot be text in UTF-8.
///
/// `start` holds the first [`ENOUGH`] bytes, or all there are.
pub(crate) fn text_starts_at(start: &[u8]) -> Result<usize, Fault> {
    let wrong = |rule, message: &str| Err(Fault::data(Position::START, rule, message));
    match start {
        _ if start.starts_with(BYTE_ORDER_MARK) => Ok(BYTE_ORDER_MARK.len()),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            wrong(Rule::Encoding, "the content is UTF-32: send it as UTF-8")
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            wrong(Rule::Encoding, "the content is UTF-16: send it as UTF-8")
        }
        // Text in Latin letters without a mark: every other byte is zero.
        [1..=255, 0, 1..=255, 0, ..] | [0, 1..=255, 0, 1..=255, ..] => wrong(
            Rule::Encoding,
            "the content looks like UTF-16 without a byte order mark: send it as UTF-8",
        ),
        [0x1F, 0x8B, ..] => wrong(
            Rule::Compression,
            "the content is gzip but its name does not say so: let the name end in .gz, and compress it once",
        ),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => wrong(
            Rule::Compression,
            "the content is zstd but its name does not say so: let the name end in .zst, and compress it once",
        ),
        [b'P', b'K', 3, 4, ..] => wrong(
            Rule::Encoding,
            "the content is a zip archive or a spreadsheet: send the text in it, plain, as gzip or as zstd",
        ),
        _ => Ok(0),
    }
}
