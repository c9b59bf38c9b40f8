//! What a record must be: datasets, their columns, types and rules.
//!
//! A contract is one file, `datasets/<name>.toml`, read by [`Contract::parse`] and compiled into the release
//! ([`shipped`], [`find`]). A reader hands over each field as a [`Raw`]; [`Column::check`] turns it into a typed
//! [`Value`] or says which [`Rule`] it breaks. The crate is pure: no I/O, no async, and no knowledge of PostgreSQL
//! beyond the ranges its types can hold. Rules that need more than one field or the database (`references`,
//! `unique`, …) have their names here and are enforced by the loader.

mod check;
mod choices;
mod column;
mod constant;
mod dataset;
mod dates;
mod decimal;
mod documents;
mod error;
mod fields;
mod json;
mod numbers;
mod parse;
mod parse_column;
mod parse_documents;
mod pattern;
mod rule;
mod shipped;
mod types;
mod validate;
mod value;

pub use choices::{Format, Mode, SparkInto, UnknownColumns};
pub use column::{Column, DateFormat, Reference};
pub use constant::Constant;
pub use dataset::Contract;
pub use decimal::Decimal;
pub use documents::{JsonDocument, XmlDocument, XmlField};
pub use error::{ContractError, Problem};
pub use pattern::Pattern;
pub use rule::{Rule, Violation};
pub use shipped::{check, find, shipped};
pub use types::Type;
pub use validate::validate_all;
pub use value::{Raw, Value};
