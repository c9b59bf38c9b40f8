//! What the reader promises, by its public face.

mod agreement;
mod compressed;
mod csv;
mod header;
mod jsonl;
mod limits;
mod real;
mod support;
