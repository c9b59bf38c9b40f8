//! A field before and after it is checked.

use std::cmp::Ordering;
use std::fmt;

use crate::dates;
use crate::decimal::Decimal;

/// What a reader found in one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raw<'a> {
    /// Nothing: a missing column, a JSON null, an empty CSV field (quoted or not).
    Absent,
    /// A CSV field: any bytes, quotes undone.
    Text(&'a [u8]),
    /// A JSON number as it was written.
    Number(&'a str),
    /// A JSON string, escapes undone.
    String(&'a str),
    /// A JSON boolean.
    Bool(bool),
    /// A JSON object or array as it was written.
    Compound(&'a str),
}

impl<'a> Raw<'a> {
    /// The field's bytes for a report; nothing for an absent one.
    pub const fn as_bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Absent => None,
            Self::Text(bytes) => Some(bytes),
            Self::Number(text) | Self::String(text) | Self::Compound(text) => Some(text.as_bytes()),
            Self::Bool(true) => Some(b"true"),
            Self::Bool(false) => Some(b"false"),
        }
    }
}

/// A checked value, ready to encode. Its variant is that of its column's type, or `Null`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value, in a column that allows that.
    Null,
    /// Of a boolean column.
    Bool(bool),
    /// Of an integer column.
    Int(i32),
    /// Of a bigint column.
    BigInt(i64),
    /// Of a double column; finite.
    Double(f64),
    /// Of a decimal column; its scale is the column's.
    Decimal(Decimal),
    /// Of a date column: days since 1970-01-01.
    Date(i32),
    /// Of a timestamp column: microseconds since 1970-01-01T00:00Z.
    Timestamp(i64),
    /// Of a uuid column.
    Uuid([u8; 16]),
    /// Of a text column; without NUL.
    Text(&'a str),
    /// Of a json column: the text of an object or array that PostgreSQL's `jsonb` accepts.
    Json(&'a str),
}

impl Value<'_> {
    /// Whether there is no value.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The order of two values of one column, text by its bytes; nothing for values of two types and for nulls.
    pub fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a), Value::Int(b)) | (Self::Date(a), Value::Date(b)) => Some(a.cmp(b)),
            (Self::BigInt(a), Value::BigInt(b)) | (Self::Timestamp(a), Value::Timestamp(b)) => {
                Some(a.cmp(b))
            }
            (Self::Double(a), Value::Double(b)) => a.partial_cmp(b),
            (Self::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
            (Self::Uuid(a), Value::Uuid(b)) => Some(a.cmp(b)),
            (Self::Text(a), Value::Text(b)) | (Self::Json(a), Value::Json(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// The value as the contract writes it: dates as `2021-01-31`, timestamps in UTC, null as `null`.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::BigInt(value) => write!(f, "{value}"),
            Self::Double(value) => write!(f, "{value}"),
            Self::Decimal(value) => write!(f, "{value}"),
            Self::Date(days) => dates::write_date(f, *days),
            Self::Timestamp(microseconds) => dates::write_timestamp(f, *microseconds),
            Self::Uuid(bytes) => write!(f, "{}", uuid::Uuid::from_bytes(*bytes)),
            Self::Text(text) | Self::Json(text) => f.write_str(text),
        }
    }
}
