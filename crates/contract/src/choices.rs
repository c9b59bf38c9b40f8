//! The closed choices of a contract: how it is loaded, what it is written in, what happens to unknown columns.

use std::fmt;

use serde::{Serialize, Serializer};

/// How a batch changes its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Every batch adds rows, which carry its number; it can be undone.
    Append,
    /// A row replaces the one with the same key, or is added.
    Upsert,
    /// The batch is the whole new content of the table.
    Snapshot,
}

impl Mode {
    /// All modes, in the order of the reference.
    pub const ALL: &[Self] = &[Self::Append, Self::Upsert, Self::Snapshot];

    /// The word in the contract file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Upsert => "upsert",
            Self::Snapshot => "snapshot",
        }
    }
}

/// What a file is written in, compression aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// RFC 4180, comma-separated, with a header.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// One JSON document with the records in an array.
    Json,
    /// One XML document with an element for each record.
    Xml,
}

impl Format {
    /// All formats, in the order of the reference.
    pub const ALL: &[Self] = &[Self::Csv, Self::JsonLines, Self::Json, Self::Xml];

    /// The word in the contract file, which is the file name's extension too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Json => "json",
            Self::Xml => "xml",
        }
    }

    /// The format of a file name's extension, without the dot and in lower case: `csv`, `jsonl`, `json`, `xml`.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.as_str() == extension)
    }
}

/// What happens to a column that the contract does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UnknownColumns {
    /// The file is wrong.
    #[default]
    Reject,
    /// The column is read past.
    Ignore,
}

impl UnknownColumns {
    /// Both choices, in the order of the reference.
    pub const ALL: &[Self] = &[Self::Reject, Self::Ignore];

    /// The word in the contract file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Ignore => "ignore",
        }
    }
}

/// Where the rows of a batch go that the Spark lane loads; those of other lanes go into the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SparkInto {
    /// Into the table and into the lake.
    #[default]
    Both,
    /// Into the table only.
    Postgres,
    /// Into the lake only.
    Lake,
}

impl SparkInto {
    /// All choices, in the order of the reference.
    pub const ALL: &[Self] = &[Self::Both, Self::Postgres, Self::Lake];

    /// The word in the contract file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Postgres => "postgres",
            Self::Lake => "lake",
        }
    }
}

macro_rules! written_as_its_word {
    ($($choice:ty),+) => {$(
        impl fmt::Display for $choice {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $choice {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}
written_as_its_word!(Mode, Format, UnknownColumns, SparkInto);
