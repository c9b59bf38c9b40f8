//! One column of a contract and the rules that belong to it.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Serialize, Serializer};

use crate::constant::Constant;
use crate::dates;
use crate::documents::XmlField;
use crate::pattern::Pattern;
use crate::types::Type;

/// One column: what its values must be and what they are called in a file.
///
/// Made by [`Contract::parse`](crate::Contract::parse) only, which has seen to it that the rules fit the type.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Column {
    /// The column's name in the table, and in files unless an alias is used.
    pub name: String,
    /// What it holds, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Whether every record must have a value.
    pub required: bool,
    /// The smallest value allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Constant>,
    /// The largest value allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Constant>,
    /// The most characters (not bytes) allowed in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// What the whole text must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
    /// The only values allowed, in the contract's order; empty means any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Constant>,
    /// The column of a dataset in which the value must exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub references: Option<Reference>,
    /// Whether white space around a value is taken off before it is checked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub trim: bool,
    /// What an absent value becomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Constant>,
    /// How dates are written, where not as `2021-01-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<DateFormat>,
    /// Other names for the column in a file's header or a record's keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Where the value is in a record of XML, where not in a child or an attribute of the column's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xml: Option<XmlField>,
    /// `one_of` in order, to be searched.
    #[serde(skip)]
    pub(crate) allowed: Vec<Constant>,
    /// `min` and `max` of a type that is kept as a whole number, everything where there are none.
    #[serde(skip)]
    pub(crate) range: RangeInclusive<i64>,
}

impl Column {
    /// Whether a checked value can be null: neither required nor with a default.
    pub const fn is_nullable(&self) -> bool {
        !self.required && self.default.is_none()
    }

    /// Every place where a record of XML may have the value, as [`XmlField`] writes it: where the contract says, or
    /// else a child or an attribute of the column's name or one of its aliases.
    pub fn xml_places(&self) -> Vec<String> {
        match &self.xml {
            Some(field) => vec![field.to_string()],
            None => std::iter::once(&self.name)
                .chain(&self.aliases)
                .flat_map(|name| [name.clone(), format!("@{name}")])
                .collect(),
        }
    }
}

/// A column of a dataset, this one or another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The dataset's name.
    pub dataset: String,
    /// The column's name.
    pub column: String,
}

/// `ports.code`, as the contract writes it.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.dataset, self.column)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How dates are written, in the conversion specifications of strftime: `%d.%m.%Y`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat(pub(crate) String);

impl DateFormat {
    /// The format as the contract has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last day of January 2021 in this format.
    pub fn example(&self) -> String {
        dates::write_formatted(&self.0, jiff::civil::date(2021, 1, 31)).unwrap_or_default()
    }
}

impl Serialize for DateFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
