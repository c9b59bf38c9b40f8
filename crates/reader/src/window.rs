//! The part of the content that a splitter holds: read and not given away yet.

use contract::Rule;
use memchr::memchr_iter;

use crate::content::{Content, ContentFault};
use crate::fault::{Fault, Position};

/// What has been read of the content and is still needed, and where that is.
pub(crate) struct Window {
    content: Box<dyn Content>,
    pub(crate) buffer: Vec<u8>,
    /// Where the buffer begins.
    pub(crate) next: Position,
    end: End,
}

/// What is known of the end of the content.
enum End {
    /// It has not been met.
    Ahead,
    /// All content is in the buffer.
    Met,
    /// Nothing follows what is in the buffer, for this reason.
    Fault(ContentFault),
    /// A fault has been returned.
    Told,
}

impl Window {
    pub(crate) fn new(content: Box<dyn Content>) -> Self {
        Self {
            content,
            buffer: Vec::new(),
            next: Position::START,
            end: End::Ahead,
        }
    }

    /// Reads until the buffer has `target` bytes or there is no more.
    pub(crate) fn fill(&mut self, target: usize) {
        let mut filled = self.buffer.len();
        if filled >= target {
            return;
        }
        self.buffer.resize(target, 0);
        while filled < target && matches!(self.end, End::Ahead) {
            match self.content.read(&mut self.buffer[filled..]) {
                Ok(0) => self.end = End::Met,
                Ok(read) => filled += read,
                Err(fault) => self.end = End::Fault(fault),
            }
        }
        self.buffer.truncate(filled);
    }

    /// Whether the buffer holds all that is left, and nothing is wrong with its end.
    pub(crate) const fn is_last(&self) -> bool {
        matches!(self.end, End::Met)
    }

    /// Drops the beginning of the buffer.
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.next.line += memchr_iter(b'\n', &self.buffer[..bytes]).count() as u64;
        self.next.byte += bytes as u64;
        self.buffer.drain(..bytes);
    }

    /// Takes the beginning of the buffer; the rest stays, with room for a block of `block_bytes` more.
    pub(crate) fn take(&mut self, bytes: usize, block_bytes: usize) -> Vec<u8> {
        let mut rest = Vec::with_capacity(block_bytes + self.buffer.len() - bytes);
        rest.extend_from_slice(&self.buffer[bytes..]);
        self.buffer.truncate(bytes);
        std::mem::replace(&mut self.buffer, rest)
    }

    /// The fault that the content ended with, once there is nothing left to give before it.
    pub(crate) fn fault(&mut self) -> Option<Fault> {
        match std::mem::replace(&mut self.end, End::Told) {
            End::Fault(fault) => Some(fault.at(self.next)),
            End::Told => self.told(),
            end => {
                self.end = end;
                None
            }
        }
    }

    /// What is said after a fault.
    pub(crate) fn told(&self) -> Option<Fault> {
        matches!(self.end, End::Told).then(|| {
            let message = "reading has ended with a fault before";
            Fault::data(self.next, Rule::Source, message)
        })
    }

    /// Keeps anything from being read after this fault.
    pub(crate) fn end_with(&mut self, fault: Fault) -> Fault {
        self.end = End::Told;
        fault
    }
}
