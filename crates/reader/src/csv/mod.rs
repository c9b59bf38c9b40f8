//! CSV as RFC 4180 has it, with line feeds or carriage returns and line feeds, and nothing looser.
//!
//! A quote opens a quoted field only as the field's first byte, so where a record ends depends on nothing but
//! [`quotes::State`]. Splitting and parsing share that definition.

mod delimiters;
mod field;
mod header;
mod parser;
pub(crate) mod quotes;

pub(crate) use header::read_header;
pub(crate) use parser::{Parser, UNCLOSED};
