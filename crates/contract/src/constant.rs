//! A value that a contract itself holds: a bound, a default, one of a list.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::decimal::Decimal;
use crate::value::Value;

/// The owned twin of [`Value`], of the type of the column it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// Of a boolean column.
    Bool(bool),
    /// Of an integer column.
    Int(i32),
    /// Of a bigint column.
    BigInt(i64),
    /// Of a double column.
    Double(f64),
    /// Of a decimal column.
    Decimal(Decimal),
    /// Of a date column: days since 1970-01-01.
    Date(i32),
    /// Of a timestamp column: microseconds since 1970-01-01T00:00Z.
    Timestamp(i64),
    /// Of a uuid column.
    Uuid([u8; 16]),
    /// Of a text column.
    Text(String),
    /// Of a json column.
    Json(String),
}

impl Constant {
    /// The constant as a value.
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::BigInt(value) => Value::BigInt(*value),
            Self::Double(value) => Value::Double(*value),
            Self::Decimal(value) => Value::Decimal(*value),
            Self::Date(value) => Value::Date(*value),
            Self::Timestamp(value) => Value::Timestamp(*value),
            Self::Uuid(value) => Value::Uuid(*value),
            Self::Text(value) => Value::Text(value),
            Self::Json(value) => Value::Json(value),
        }
    }

    /// The order of the constant and a value of the same column; nothing for those of two types and for null.
    pub(crate) fn compare(&self, value: &Value<'_>) -> Option<Ordering> {
        match (self, value) {
            // The common ones without the way through a `Value`.
            (Self::Int(a), Value::Int(b)) | (Self::Date(a), Value::Date(b)) => Some(a.cmp(b)),
            (Self::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
            (Self::Text(a), Value::Text(b)) => Some(a.as_str().cmp(b)),
            _ => self.as_value().compare(value),
        }
    }

    /// The constant as a whole number, where it is kept as one.
    pub(crate) fn as_whole(&self) -> Option<i64> {
        match self {
            Self::Int(value) | Self::Date(value) => Some(i64::from(*value)),
            Self::BigInt(value) | Self::Timestamp(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn from_value(value: Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(value) => Self::Bool(value),
            Value::Int(value) => Self::Int(value),
            Value::BigInt(value) => Self::BigInt(value),
            Value::Double(value) => Self::Double(value),
            Value::Decimal(value) => Self::Decimal(value),
            Value::Date(value) => Self::Date(value),
            Value::Timestamp(value) => Self::Timestamp(value),
            Value::Uuid(value) => Self::Uuid(value),
            Value::Text(value) => Self::Text(value.to_owned()),
            Value::Json(value) => Self::Json(value.to_owned()),
        })
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_value().fmt(f)
    }
}

/// Numbers and booleans as themselves; decimals, dates, timestamps, UUIDs and JSON as strings.
impl Serialize for Constant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i32(*value),
            Self::BigInt(value) => serializer.serialize_i64(*value),
            Self::Double(value) => serializer.serialize_f64(*value),
            _ => serializer.collect_str(self),
        }
    }
}
