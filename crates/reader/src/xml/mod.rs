//! One XML document: the records are the elements that the contract names.
//!
//! Names are compared as they are written, prefixes included; what a prefix stands for is not looked up. There are no
//! document type declarations and no entities but the five that XML itself has.

mod element;
mod head;
mod names;
mod scanner;
mod value;

pub(crate) use self::element::Records;
pub(crate) use self::scanner::DocumentScanner;
