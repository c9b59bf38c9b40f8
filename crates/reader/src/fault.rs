//! Where something is, and what ends the reading of a file.

use std::error::Error;
use std::fmt;
use std::io;

use contract::Rule;

/// A place in decompressed content. Positions are absolute: they hold for the whole content, not for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Data records count from 1; 0 is the header or what comes before it.
    pub record: u64,
    /// Physical lines count from 1; a line feed inside a quoted field counts.
    pub line: u64,
    /// Bytes count from 0, a byte order mark included.
    pub byte: u64,
}

impl Position {
    /// Before anything has been read.
    pub const START: Self = Self {
        record: 0,
        line: 1,
        byte: 0,
    };
}

/// Whose fault it is.
#[derive(Debug)]
pub enum FaultKind {
    /// The content is wrong: the same bytes will never be read.
    Data,
    /// The content could not be had: another try may do better.
    Io(io::Error),
}

/// What is wrong with the content as a whole or with the rest of it: reading cannot go on.
#[derive(Debug)]
pub struct Fault {
    /// Where the record that was being read starts.
    pub at: Position,
    /// The rule that is broken.
    pub rule: Rule,
    /// What is wrong and what to send instead.
    pub message: String,
    /// A short excerpt of what is wrong, where there is something to show.
    pub value: Option<Vec<u8>>,
    /// Whether the content or its source is at fault.
    pub kind: FaultKind,
}

impl Fault {
    pub(crate) fn data(at: Position, rule: Rule, message: impl Into<String>) -> Self {
        Self {
            at,
            rule,
            message: message.into(),
            value: None,
            kind: FaultKind::Data,
        }
    }

    pub(crate) fn with_value(mut self, value: &[u8]) -> Self {
        self.value = Some(excerpt(value).to_vec());
        self
    }

    /// Whether another try may do better.
    pub const fn is_io(&self) -> bool {
        matches!(self.kind, FaultKind::Io(_))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (line {}, byte {})",
            self.message, self.at.line, self.at.byte
        )
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            FaultKind::Data => None,
            FaultKind::Io(error) => Some(error),
        }
    }
}

/// The most bytes of a wrong value that an error repeats.
const EXCERPT: usize = 200;

/// The beginning of a value, short enough to repeat.
pub(crate) fn excerpt(value: &[u8]) -> &[u8] {
    &value[..value.len().min(EXCERPT)]
}
