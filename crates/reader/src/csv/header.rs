//! The first record of a CSV file.

use bumpalo::Bump;
use contract::{Contract, Rule};
use memchr::memchr;

use super::field::Field;
use crate::fault::{Fault, Position};
use crate::layout::Layout;
use crate::limits::Limits;

/// Reads the header, given without its line end, and finds the contract's columns in it.
pub(crate) fn read_header(
    line: &[u8],
    contract: &Contract,
    limits: &Limits,
    at: Position,
) -> Result<Layout, Fault> {
    let fault = |rule, message: &str| Err(Fault::data(at, rule, message).with_value(line));
    if line.is_empty() {
        return fault(
            Rule::Header,
            "the first line is blank: it must be the header",
        );
    }
    if memchr(0, line).is_some() {
        return fault(Rule::Nul, "the header contains a NUL character");
    }
    let arena = Bump::new();
    let mut names = Vec::new();
    let mut from = 0;
    loop {
        let field = Field::read(line, from);
        if let Some(flaw) = field.flaw {
            return fault(Rule::Quote, &format!("in the header, {}", flaw.message()));
        }
        let Ok(name) = std::str::from_utf8(field.undoubled(&arena)) else {
            return fault(Rule::Encoding, "the header is not UTF-8");
        };
        names.push(name);
        if field.last {
            break;
        }
        from = field.end + 1;
    }
    Layout::by_header(&names, contract, limits.clone(), at).map_err(|fault| fault.with_value(line))
}
