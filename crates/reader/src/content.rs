//! Decompressed content as a splitter reads it: bytes, an end, or a reason why there is no more.

use std::fmt;
use std::io;

use contract::Rule;

use crate::fault::{Fault, FaultKind, Position};

/// Decompressed bytes. Wrap one to see every byte that a splitter reads, for instance to hash them.
pub trait Content: Send {
    /// Reads some bytes into a buffer that is not empty and says how many; 0 is the end.
    ///
    /// After an error no more is read.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault>;
}

impl<C: Content + ?Sized> Content for Box<C> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault> {
        (**self).read(into)
    }
}

impl<C: Content + ?Sized> Content for &mut C {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault> {
        (**self).read(into)
    }
}

/// A [`Fault`] whose place only the splitter knows.
#[derive(Debug)]
pub struct ContentFault {
    /// The rule that is broken.
    pub rule: Rule,
    /// What is wrong and what to send instead.
    pub message: String,
    /// Whether the content or its source is at fault.
    pub kind: FaultKind,
}

impl ContentFault {
    pub(crate) fn data(rule: Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
            kind: FaultKind::Data,
        }
    }

    pub(crate) fn source(error: io::Error) -> Self {
        Self {
            rule: Rule::Source,
            message: "the content could not be read to its end".to_owned(),
            kind: FaultKind::Io(error),
        }
    }

    pub(crate) fn at(self, at: Position) -> Fault {
        Fault {
            at,
            rule: self.rule,
            message: self.message,
            value: None,
            kind: self.kind,
        }
    }
}

impl fmt::Display for ContentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ContentFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            FaultKind::Data => None,
            FaultKind::Io(error) => Some(error),
        }
    }
}
