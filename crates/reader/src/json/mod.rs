//! JSON, as lines or as one document. Both hold the same records: objects with the contract's columns as keys.

mod array;
mod document;
mod envelope;
mod lexeme;
mod lines;
mod object;

pub(crate) use self::document::{DocumentScanner, Records};
pub(crate) use self::lines::{Lines, last_end};
