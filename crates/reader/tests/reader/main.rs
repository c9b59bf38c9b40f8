//! What the reader promises, by its public face.

mod agreement;
mod compressed;
mod csv;
mod header;
mod json;
mod json_agreement;
mod jsonl;
mod limits;
mod real;
mod support;
mod xml;
mod xml_agreement;
