//! Bytes to records with exact positions: CSV, JSON Lines, JSON and XML, plain, gzip or zstd.
//!
//! Content goes one way through three stages. [`decompress`] gives decompressed bytes and refuses what is damaged or
//! a bomb. A [`Splitter`] reads what stands before the records (a header, the beginning of a document), holds it to the
//! contract and cuts the rest into [`Block`]s of whole records. A block is parsed by itself, on any thread, by [`Block::records`]: each record comes as the contract's
//! columns, unchecked, or as [`Malformed`] with the rule that it breaks. What ends the reading is a [`Fault`].
//!
//! The crate is strict where others guess: quotes, line ends, encodings, nesting and sizes are what they should be or
//! an error at their place. It takes bounded memory whatever the content is, and knows nothing of networks, async
//! code or databases. It does not check values: that is `contract::Column::check`.
//!
//! All positions are absolute, so blocks can be parsed in any order and on any thread.

mod block;
mod content;
mod csv;
mod cut;
mod decompress;
mod fault;
mod json;
mod layout;
mod limits;
mod sniff;
mod splitter;
mod utf8;
mod window;
mod xml;

pub use block::{Block, Malformed, Record, Records, Totals};
pub use content::{Content, ContentFault};
pub use contract::{Format, Raw, Rule};
pub use decompress::{Compression, decompress};
pub use fault::{Fault, FaultKind, Position};
pub use layout::Layout;
pub use limits::Limits;
pub use splitter::Splitter;
