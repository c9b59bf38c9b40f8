//! The behaviour of contracts, through the crate's public face.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod documentation;
mod documents;
mod fields;
mod files;
mod properties;
mod sets;
mod types;

use contract::{Column, Contract, ContractError, Raw, Rule, Value};

/// A contract with one column, `it`, made of these lines.
fn column(lines: &str) -> Column {
    parse_column(lines).unwrap().columns.remove(0)
}

fn parse_column(lines: &str) -> Result<Contract, ContractError> {
    Contract::parse(&format!(
        "name = \"things\"\ntable = \"things\"\nmode = \"append\"\n[[columns]]\nname = \"it\"\n{lines}"
    ))
}

/// A contract of this head and these columns, each given as its lines.
fn dataset(head: &str, columns: &[&str]) -> Result<Contract, ContractError> {
    let columns = columns.join("\n[[columns]]\n");
    Contract::parse(&format!("{head}[[columns]]\n{columns}\n"))
}

/// The value of a CSV field, or the rule that it breaks.
fn csv<'a>(column: &'a Column, text: &'a str) -> Result<Value<'a>, Rule> {
    column
        .check(Raw::Text(text.as_bytes()))
        .map_err(|violation| violation.rule)
}

/// What is said of a field that breaks a rule.
fn message(column: &Column, raw: Raw<'_>) -> String {
    column.check(raw).unwrap_err().message
}
