//! One field against its column: the hot path of every load.
//!
//! A good value costs no allocation. Messages are made in functions of their own, out of the way; they say what was
//! expected and what to send, and never repeat the value, which a report shows beside them.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::column::Column;
use crate::constant::Constant;
use crate::dates::{self, DateFault};
use crate::json::{self, JsonFault};
use crate::numbers::{self, NumberFault};
use crate::rule::{Rule, Violation};
use crate::types::Type;
use crate::value::{Raw, Value};

impl Column {
    /// Turns what a reader found into a value of the column's type that keeps all the column's own rules.
    ///
    /// `references` and uniqueness need more than the field and are not looked at here.
    #[inline]
    pub fn check<'a>(&'a self, raw: Raw<'a>) -> Result<Value<'a>, Violation> {
        match raw {
            Raw::Text(bytes) => match self.trimmed(bytes) {
                [] => self.absent(),
                bytes => self.read(bytes),
            },
            Raw::Absent => self.absent(),
            Raw::Number(text) if self.ty.takes_json_number() => self.read(text.as_bytes()),
            Raw::String(text) if self.ty.takes_json_string() => {
                self.read(self.trimmed(text.as_bytes()))
            }
            Raw::Bool(value) if self.ty == Type::Boolean => Ok(Value::Bool(value)),
            Raw::Compound(text) if self.ty == Type::Json => self.read(text.as_bytes()),
            _ => Err(self.wrong_json_type(raw)),
        }
    }

    #[inline]
    fn trimmed<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        if self.trim { bytes.trim_ascii() } else { bytes }
    }

    fn absent(&self) -> Result<Value<'_>, Violation> {
        match &self.default {
            Some(default) => Ok(default.as_value()),
            None if self.required => Err(Violation::new(
                Rule::Required,
                "has no value; every record needs one",
            )),
            None => Ok(Value::Null),
        }
    }

    /// A value of the column's type that keeps its rules.
    ///
    /// Each arm tests the rules on the bare number or text and makes the [`Value`] last, where it stays: one that is
    /// handed through a chain of `Result`s is copied each time, which costs more than reading it.
    pub(crate) fn read<'a>(&self, bytes: &'a [u8]) -> Result<Value<'a>, Violation> {
        match self.ty {
            Type::Text => match text(bytes) {
                Some(text) if self.passes(text) => Ok(Value::Text(text)),
                Some(text) => self.with_rules(Value::Text(text)),
                None => Err(unreadable(bytes, "is no text")),
            },
            Type::Integer => match numbers::integer(bytes) {
                Ok(value) if self.in_range(value.into()) => Ok(Value::Int(value)),
                Ok(value) => self.with_rules(Value::Int(value)),
                Err(fault) => Err(self.no_number(bytes, fault)),
            },
            Type::BigInt => match numbers::whole(bytes) {
                Ok(value) if self.in_range(value) => Ok(Value::BigInt(value)),
                Ok(value) => self.with_rules(Value::BigInt(value)),
                Err(fault) => Err(self.no_number(bytes, fault)),
            },
            Type::Decimal { precision, scale } => match numbers::decimal(bytes, precision, scale) {
                Ok(value) => self.with_rules(Value::Decimal(value)),
                Err(fault) => Err(self.no_number(bytes, fault)),
            },
            Type::Double => match numbers::double(bytes) {
                Ok(value) => self.with_rules(Value::Double(value)),
                Err(fault) => Err(self.no_number(bytes, fault)),
            },
            Type::Boolean => match bytes {
                b"true" | b"t" | b"1" => Ok(Value::Bool(true)),
                b"false" | b"f" | b"0" => Ok(Value::Bool(false)),
                _ => Err(unreadable(
                    bytes,
                    "is no boolean: write true or false (t, f, 1 and 0 are understood too)",
                )),
            },
            Type::Date => match self.date(bytes) {
                Ok(days) if self.in_range(days.into()) => Ok(Value::Date(days)),
                Ok(days) => self.with_rules(Value::Date(days)),
                Err(fault) => Err(self.no_date(bytes, fault)),
            },
            Type::Timestamp => match dates::timestamp(bytes) {
                Ok(value) if self.in_range(value) => Ok(Value::Timestamp(value)),
                Ok(value) => self.with_rules(Value::Timestamp(value)),
                Err(fault) => Err(self.no_date(bytes, fault)),
            },
            Type::Uuid => match uuid(bytes) {
                Some(value) => self.with_rules(Value::Uuid(value)),
                None => Err(unreadable(bytes, NO_UUID)),
            },
            Type::Json => match text(bytes) {
                None => Err(unreadable(bytes, "is no text")),
                Some(text) => match json::check(text) {
                    Ok(()) => Ok(Value::Json(text)),
                    Err(fault) => Err(no_json(bytes, fault)),
                },
            },
        }
    }

    #[inline]
    fn date(&self, bytes: &[u8]) -> Result<i32, DateFault> {
        match &self.format {
            None => dates::date(bytes),
            Some(format) => dates::formatted_date(bytes, format.as_str()),
        }
    }

    /// Whether a number, a day or an instant surely keeps the rules.
    #[inline]
    fn in_range(&self, value: i64) -> bool {
        self.range.contains(&value) && self.allowed.is_empty()
    }

    /// Whether a text surely keeps the rules.
    #[inline]
    fn passes(&self, text: &str) -> bool {
        // A text has no more characters than bytes, so that most need no counting.
        self.max_length.is_none_or(|most| text.len() <= most)
            && self.allowed.is_empty()
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.matches(text))
    }

    fn with_rules<'a>(&self, value: Value<'a>) -> Result<Value<'a>, Violation> {
        match self.within_rules(&value) {
            Ok(()) => Ok(value),
            Err(violation) => Err(violation),
        }
    }

    /// The rules beyond the type.
    pub(crate) fn within_rules(&self, value: &Value<'_>) -> Result<(), Violation> {
        if let Some(min) = &self.min
            && min.compare(value) == Some(Ordering::Greater)
        {
            return Err(Violation::new(
                Rule::Min,
                format!("is below {min}, the smallest value allowed"),
            ));
        }
        if let Some(max) = &self.max
            && max.compare(value) == Some(Ordering::Less)
        {
            return Err(Violation::new(
                Rule::Max,
                format!("is above {max}, the largest value allowed"),
            ));
        }
        if let Value::Text(text) = *value {
            if let Some(most) = self.max_length
                && text.chars().count() > most
            {
                return Err(too_long(text, most));
            }
            if let Some(pattern) = &self.pattern
                && !pattern.matches(text)
            {
                let message = format!("does not match the pattern {} as a whole", pattern.as_str());
                return Err(unreadable_as(Rule::Pattern, text.as_bytes(), &message));
            }
        }
        if !self.allowed.is_empty() && !self.allows(value) {
            return Err(self.not_listed());
        }
        Ok(())
    }

    fn allows(&self, value: &Value<'_>) -> bool {
        self.allowed
            .binary_search_by(|candidate| candidate.compare(value).unwrap_or(Ordering::Less))
            .is_ok()
    }

    #[cold]
    fn not_listed(&self) -> Violation {
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
    fn no_number(&self, bytes: &[u8], fault: NumberFault) -> Violation {
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
    fn no_date(&self, bytes: &[u8], fault: DateFault) -> Violation {
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
    fn wrong_json_type(&self, raw: Raw<'_>) -> Violation {
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

impl Type {
    const fn takes_json_number(self) -> bool {
        matches!(
            self,
            Self::Integer | Self::BigInt | Self::Decimal { .. } | Self::Double
        )
    }

    const fn takes_json_string(self) -> bool {
        matches!(
            self,
            Self::Text | Self::Date | Self::Timestamp | Self::Uuid | Self::Decimal { .. }
        )
    }
}

const NO_UUID: &str =
    "is no UUID: write it with hyphens, such as 67e55044-10b1-426f-9247-bb680e5fe0c8";

#[inline]
fn text(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.contains(&0) => Some(text),
        _ => None,
    }
}

fn uuid(bytes: &[u8]) -> Option<[u8; 16]> {
    // The crate takes other notations as well, which are of other lengths.
    if bytes.len() != 36 {
        return None;
    }
    uuid::Uuid::try_parse_ascii(bytes)
        .ok()
        .map(uuid::Uuid::into_bytes)
}

#[cold]
fn too_long(text: &str, most: usize) -> Violation {
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
fn no_json(bytes: &[u8], fault: JsonFault) -> Violation {
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
fn unreadable(bytes: &[u8], message: &str) -> Violation {
    unreadable_as(Rule::Type, bytes, message)
}

/// The cause beneath the fault where there is one: bytes that are no text, or spaces that nobody sees.
#[cold]
fn unreadable_as(rule: Rule, bytes: &[u8], message: &str) -> Violation {
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
