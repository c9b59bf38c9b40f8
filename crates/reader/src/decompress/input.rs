//! The compressed input: counted, and remembering whether an error was its own or the decoder's.

use std::io::{self, BufRead, Read};

/// A source of bytes below a decoder.
pub(super) struct Input {
    source: Box<dyn BufRead + Send>,
    taken: u64,
    failed: bool,
}

impl Input {
    pub(super) fn new(source: Box<dyn BufRead + Send>) -> Self {
        Self {
            source,
            taken: 0,
            failed: false,
        }
    }

    /// Bytes taken so far.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether reading failed, so that an error of the decoder is the source's.
    pub(super) const fn failed(&self) -> bool {
        self.failed
    }

    /// Takes bytes until `into` is full or the input ends, and says how many.
    pub(super) fn read_full(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            match self.read(&mut into[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // Asked once more below because a borrow that is returned cannot be tried in a loop.
        loop {
            match self.source.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = true;
                    return Err(error);
                }
            }
        }
        self.source.fill_buf().inspect_err(|_| self.failed = true)
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount as u64;
        self.source.consume(amount);
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = loop {
            match self.source.read(into) {
                Ok(read) => break read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = true;
                    return Err(error);
                }
            }
        };
        self.taken += read as u64;
        Ok(read)
    }
}
