//! One field against its column: the hot path of every load.
//!
//! A good value costs no allocation. What a violation says is made elsewhere, out of the way.

mod messages;

use std::cmp::Ordering;

use self::messages::{NO_UUID, no_json, too_long, unreadable, unreadable_as};
use crate::column::Column;
use crate::dates::{self, DateFault};
use crate::json;
use crate::numbers;
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
