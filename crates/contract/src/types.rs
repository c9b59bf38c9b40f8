//! The types a column can have.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::decimal::MAX_PRECISION;

/// What a column's values are. Every type fits the PostgreSQL type of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// UTF-8 text without NUL.
    Text,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    BigInt,
    /// An exact number: `precision` digits in all, `scale` of them after the point.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// A floating-point number of 64 bits, finite.
    Double,
    /// True or false.
    Boolean,
    /// A day of the years 1 to 9999.
    Date,
    /// An instant, to the microsecond.
    Timestamp,
    /// A UUID of any version.
    Uuid,
    /// A JSON object or array.
    Json,
}

impl Type {
    /// How the types are written in a contract file.
    pub(crate) const WORDS: &str =
        "text, integer, bigint, decimal(p,s), double, boolean, date, timestamp, uuid or json";

    /// Whether `min` and `max` mean something.
    pub const fn is_ordered(self) -> bool {
        matches!(
            self,
            Self::Integer
                | Self::BigInt
                | Self::Decimal { .. }
                | Self::Double
                | Self::Date
                | Self::Timestamp
        )
    }

    /// Whether a value can be listed in `one_of`, which needs exact equality.
    pub const fn is_listable(self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::Integer
                | Self::BigInt
                | Self::Decimal { .. }
                | Self::Date
                | Self::Uuid
        )
    }

    /// Whether the column can be a key or a reference to one.
    pub const fn is_identifying(self) -> bool {
        self.is_listable()
    }
}

/// The type as the contract file writes it: `text`, `decimal(12,2)`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::BigInt => "bigint",
            Self::Decimal { precision, scale } => return write!(f, "decimal({precision},{scale})"),
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Uuid => "uuid",
            Self::Json => "json",
        })
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The error is the rest of a sentence that begins with the type as it was written.
impl FromStr for Type {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "text" => Self::Text,
            "integer" => Self::Integer,
            "bigint" => Self::BigInt,
            "double" => Self::Double,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            "uuid" => Self::Uuid,
            "json" => Self::Json,
            "decimal" => {
                return Err(
                    "needs its digits: write decimal(p,s), for instance decimal(12,2)".to_owned(),
                );
            }
            _ => match text
                .strip_prefix("decimal(")
                .and_then(|rest| rest.strip_suffix(')'))
            {
                Some(digits) => return decimal(digits),
                None => return Err(format!("is no type: write {}", Self::WORDS)),
            },
        })
    }
}

fn decimal(digits: &str) -> Result<Type, String> {
    let (precision, scale) = digits.split_once(',').unwrap_or((digits, "0"));
    match (precision.trim().parse::<u8>(), scale.trim().parse::<u8>()) {
        (Ok(precision @ 1..=MAX_PRECISION), Ok(scale)) if scale <= precision => {
            Ok(Type::Decimal { precision, scale })
        }
        _ => Err(format!(
            "is no decimal: write decimal(p,s) with 1 to {MAX_PRECISION} digits, s of them after the point"
        )),
    }
}
