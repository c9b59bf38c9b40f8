//! The rules that a file, a record or a field can break, and what breaking one looks like.

use std::fmt;

use serde::{Serialize, Serializer};

/// A field's value broke a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
    /// What is wrong and what to send instead, for the partner; the value itself is not repeated.
    pub message: String,
}

impl Violation {
    /// A violation of `rule`, explained by `message`.
    pub fn new(rule: Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.message)
    }
}

impl std::error::Error for Violation {}

macro_rules! rules {
    ($($variant:ident = $word:literal, $describe:literal;)+) => {
        /// What a file, a record or a field must satisfy. The list is documented in `docs/contracts.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $describe] $variant,)+
        }

        impl Rule {
            /// Every rule, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The rule's name in reports: `max_length`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// What the rule asks, in one sentence.
            pub const fn describe(self) -> &'static str {
                match self {
                    $(Self::$variant => $describe,)+
                }
            }
        }
    };
}

rules! {
    Required = "required", "A required column has a value in every record.";
    Type = "type", "A value is written as its column's type asks and lies in the type's range.";
    Min = "min", "A value is not below the column's `min`.";
    Max = "max", "A value is not above the column's `max`.";
    MaxLength = "max_length", "A text has at most `max_length` characters.";
    Pattern = "pattern", "The whole text matches the column's `pattern`.";
    OneOf = "one_of", "A value is one of those that the column lists.";
    References = "references", "A value exists in the column that this one refers to.";
    Unique = "unique", "A key occurs once in a batch.";
    Columns = "columns", "A record has as many fields as the header.";
    Quote = "quote", "Quotes are paired, double inside a quoted field, and absent from a bare one.";
    Encoding = "encoding", "The content is UTF-8.";
    Nul = "nul", "A text holds no NUL character.";
    Syntax = "syntax", "A record is well-formed in the format of its file.";
    DuplicateColumn = "duplicate_column", "A record names each column once.";
    UnknownColumn = "unknown_column", "A record names only columns of the contract, unless unknown ones are ignored.";
    Header = "header", "The header names every required column, each column once, and no unknown one.";
    Records = "records", "A JSON or XML document has its records where the contract says.";
    Empty = "empty", "A batch has at least one record.";
    RecordSize = "record_size", "A record is not larger than the limit.";
    ContentSize = "content_size", "The decompressed content is not larger than the limit.";
    Compression = "compression", "Compressed content is intact, ends where it says, and does not expand beyond the limit.";
    Truncated = "truncated", "The content is complete.";
    Source = "source", "The object exists, can be read, and stays the same while it is read.";
    Rows = "rows", "The batch has as many records as its sender declared.";
    Checksum = "checksum", "The content has the checksum that its sender declared.";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
