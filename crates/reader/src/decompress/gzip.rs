//! Gzip, member by member (RFC 1952): each must have its checksum and length, and nothing else may follow.

use std::io::{self, Chain, ErrorKind, Read};

use contract::Rule;
use flate2::bufread::GzDecoder;

use super::Decode;
use super::input::Input;
use crate::content::ContentFault;

const MAGIC: &[u8; 2] = b"\x1F\x8B";

/// The magic number is read first, to tell another member from garbage exactly; the decoder gets it back.
type Member = Chain<&'static [u8], Input>;

pub(super) struct Members {
    state: State,
    /// Input bytes before the present member's end.
    taken: u64,
    started: u64,
}

enum State {
    Between(Input),
    Inside(Box<GzDecoder<Member>>),
    Over,
}

impl Members {
    pub(super) fn new(input: Input) -> Self {
        Self {
            state: State::Between(input),
            taken: 0,
            started: 0,
        }
    }

    /// Starts the next member, or says that there is none.
    fn start(&mut self, mut input: Input) -> Result<State, ContentFault> {
        let mut magic = [0; MAGIC.len()];
        let read = input.read_full(&mut magic).map_err(ContentFault::source)?;
        self.taken = input.taken();
        if read == 0 {
            return Ok(State::Over);
        }
        if magic[..read] != MAGIC[..read] {
            return Err(ContentFault::data(
                Rule::Compression,
                match self.started {
                    0 => "the content is not gzip, as its name says it is".to_owned(),
                    _ => format!(
                        "there are bytes after the end of the gzip content, from byte {} on",
                        self.taken - read as u64
                    ),
                },
            ));
        }
        if read < MAGIC.len() {
            return Err(truncated());
        }
        self.started += 1;
        Ok(State::Inside(Box::new(GzDecoder::new(
            MAGIC.as_slice().chain(input),
        ))))
    }
}

impl Decode for Members {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault> {
        loop {
            self.state = match std::mem::replace(&mut self.state, State::Over) {
                State::Between(input) => self.start(input)?,
                State::Inside(mut member) => match member.read(into) {
                    Ok(0) => State::Between(member.into_inner().into_inner().1),
                    Ok(read) => {
                        self.taken = member.get_ref().get_ref().1.taken();
                        self.state = State::Inside(member);
                        return Ok(read);
                    }
                    Err(error) => return Err(explain(error, member.get_ref().get_ref().1)),
                },
                State::Over => return Ok(0),
            };
        }
    }

    fn taken(&self) -> Option<u64> {
        Some(self.taken)
    }
}

fn explain(error: io::Error, input: &Input) -> ContentFault {
    if input.failed() {
        ContentFault::source(error)
    } else if error.kind() == ErrorKind::UnexpectedEof {
        truncated()
    } else {
        ContentFault::data(
            Rule::Compression,
            format!(
                "the gzip content is damaged at or before byte {}: {error}",
                input.taken()
            ),
        )
    }
}

fn truncated() -> ContentFault {
    ContentFault::data(
        Rule::Truncated,
        "the gzip content is cut off: its end is missing",
    )
}
