//! What a violation says, kept off the hot path.
//!
//! A message is the rest of a sentence that begins with the value: what is wrong with it and what to send. It never
//! repeats the value, which a report shows beside it.

use std::borrow::Cow;

use crate::column::Column;
use crate::constant::Constant;
use crate::dates::DateFault;
use crate::json::{self, JsonFault};
use crate::numbers::NumberFault;
use crate::rule::{Rule, Violation};
use crate::types::Type;
use crate::value::Raw;

pub(super) const NO_UUID: &str =
    "is no UUID: write it with hyphens, such as 67e55044-10b1-426f-9247-bb680e5fe0c8";

impl Column {
    #[cold]
    pub(super) fn not_listed(&self) -> Violation {
        const SHOWN: usize = 10;
        let shown: Vec<String> = self
            .one_of
            .iter()
            .take(SHOWN)
            .map(Constant::to_string)
            .collect();
        let more = match self.one_of.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more, listed in the contract"),
        };
        Violation::new(
            Rule::OneOf,
            format!("is none of the values allowed: {}{more}", shown.join(", ")),
        )
    }

    #[cold]
    pub(super) fn no_number(&self, bytes: &[u8], fault: NumberFault) -> Violation {
        let message = match (self.ty, fault) {
            (Type::Integer, NumberFault::OutOfRange) => {
                Cow::from("is outside the range of integer, -2147483648 to 2147483647")
            }
            (Type::BigInt, NumberFault::OutOfRange) => Cow::from(
                "is outside the range of bigint, -9223372036854775808 to 9223372036854775807",
            ),
            (Type::Integer | Type::BigInt, _) => Cow::from(
                "is no whole number: write digits only, with a leading - if it is negative, such as 1250",
            ),
            (Type::Decimal { precision, scale }, NumberFault::OutOfRange) => format!(
                "has more than {} digits before the point, which {} cannot hold",
                precision - scale,
                self.ty
            )
            .into(),
            (Type::Decimal { scale, .. }, NumberFault::TooFine) => {
                format!("has more than {scale} digits after the point: round it before you send it")
                    .into()
            }
            (Type::Decimal { .. }, NumberFault::Malformed) => Cow::from(
                "is no decimal number: write digits, with a point if need be and no exponent, such as 1250.75",
            ),
            (_, NumberFault::OutOfRange) => {
                Cow::from("is outside the range of double, about ±1.8e308, or too close to zero")
            }
            _ => Cow::from("is no number: write it such as 1250.75 or 1.25e3"),
        };
        unreadable(bytes, &message)
    }

    #[cold]
    pub(super) fn no_date(&self, bytes: &[u8], fault: DateFault) -> Violation {
        let message = match (fault, self.ty, &self.format) {
            (DateFault::NoSuchDay, ..) => Cow::from("names a day that does not exist"),
            (DateFault::NoSuchTime, ..) => {
                Cow::from("names a time of day or an offset that does not exist")
            }
            (DateFault::TooFine, ..) => {
                Cow::from("has more than six digits of a second: send at most microseconds")
            }
            (DateFault::NoOffset, ..) => {
                Cow::from("has no offset from UTC: end it with Z or an offset such as +02:00")
            }
            (DateFault::Malformed, Type::Timestamp, _) => Cow::from(
                "is no timestamp: write it as RFC 3339 does, such as 2021-01-31T10:00:00Z or 2021-01-31T10:00:00.5+02:00",
            ),
            (DateFault::Malformed, _, Some(format)) => format!(
                "is no date in the format {}, in which a day is written such as {}",
                format.as_str(),
                format.example()
            )
            .into(),
            (DateFault::Malformed, ..) => {
                Cow::from("is no date: write year, month and day, such as 2021-01-31")
            }
        };
        unreadable(bytes, &message)
    }

    #[cold]
    pub(super) fn wrong_json_type(&self, raw: Raw<'_>) -> Violation {
        let found = match raw {
            Raw::Number(_) => "a JSON number",
            Raw::String(_) => "a JSON string",
            Raw::Bool(_) => "a JSON boolean",
            Raw::Compound(_) => "a JSON object or array",
            Raw::Text(_) | Raw::Absent => "something else",
        };
        let wanted = match self.ty {
            Type::Text => "a string: put it in quotes",
            Type::Integer | Type::BigInt | Type::Double => "a number, without quotes",
            Type::Decimal { .. } => "a number or a string of digits",
            Type::Boolean => "true or false, without quotes",
            Type::Date => "a date in a string",
            Type::Timestamp => "a timestamp in a string",
            Type::Uuid => "a UUID in a string",
            Type::Json => "an object or an array",
        };
        Violation::new(
            Rule::Type,
            format!("is {found}, but type {} takes {wanted}", self.ty),
        )
    }
}

#[cold]
pub(super) fn too_long(text: &str, most: usize) -> Violation {
    let count = text.chars().count();
    Violation::new(
        Rule::MaxLength,
        format!(
            "has {count} characters, {} more than the {most} allowed",
            count - most
        ),
    )
}

#[cold]
pub(super) fn no_json(bytes: &[u8], fault: JsonFault) -> Violation {
    match fault {
        JsonFault::Malformed => unreadable(bytes, "is no well-formed JSON"),
        JsonFault::NotCompound => {
            unreadable(bytes, "is a single JSON value: send an object or an array")
        }
        JsonFault::TooDeep => Violation::new(
            Rule::Type,
            format!("is nested more than {} deep", json::MAX_DEPTH),
        ),
        JsonFault::Nul => Violation::new(
            Rule::Nul,
            "holds \\u0000, which the database cannot store: remove it",
        ),
        JsonFault::Surrogate => Violation::new(
            Rule::Encoding,
            "holds half of a surrogate pair (\\ud800 to \\udfff): send both halves or none",
        ),
        JsonFault::Number => Violation::new(
            Rule::Type,
            "holds a number with more digits than the database keeps",
        ),
    }
}

#[cold]
pub(super) fn unreadable(bytes: &[u8], message: &str) -> Violation {
    unreadable_as(Rule::Type, bytes, message)
}

/// The cause beneath the fault where there is one: bytes that are no text, or spaces that nobody sees.
#[cold]
pub(super) fn unreadable_as(rule: Rule, bytes: &[u8], message: &str) -> Violation {
    if std::str::from_utf8(bytes).is_err() {
        return Violation::new(
            Rule::Encoding,
            "is not UTF-8: convert the file to UTF-8 before you send it",
        );
    }
    if bytes.contains(&0) {
        return Violation::new(
            Rule::Nul,
            "holds a NUL character, which the database cannot store: remove it",
        );
    }
    if bytes.is_empty() {
        return Violation::new(rule, format!("is empty, which {message}"));
    }
    if bytes.trim_ascii().len() < bytes.len() {
        return Violation::new(
            rule,
            format!("{message}; it has white space around it, which may be all that is wrong"),
        );
    }
    Violation::new(rule, message)
}
