//! Zstandard, frame by frame (RFC 8878): each must be whole, and nothing else may follow.

use std::io::BufRead;

use contract::Rule;
use zstd::stream::raw::{DParameter, Decoder, Operation};

use super::Decode;
use super::input::Input;
use crate::content::ContentFault;

/// The largest window that is accepted, as a power of two: the 8 MiB that RFC 8878 asks every decoder to take, and
/// what `zstd -1` to `-19` make. It is memory that the content may demand.
const WINDOW_LOG: u32 = 23;

const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

pub(super) struct Frames {
    input: Input,
    decoder: Option<Decoder<'static>>,
    finished: u64,
    /// Input bytes of the present frame; none between frames.
    inside: u64,
    /// The first bytes of the present frame, compared before the decoder sees them: it would not tell a frame that is
    /// cut off in its first bytes from garbage.
    magic: [u8; 4],
}

impl Frames {
    pub(super) fn new(input: Input) -> Self {
        Self {
            input,
            decoder: None,
            finished: 0,
            inside: 0,
            magic: [0; 4],
        }
    }

    fn garbage(&self) -> ContentFault {
        let message = if self.finished == 0 {
            "the content is not zstd, as its name says it is".to_owned()
        } else {
            let at = self.input.taken() - self.inside;
            format!("there are bytes after the end of the zstd content, from byte {at} on")
        };
        ContentFault::data(Rule::Compression, message)
    }

    fn damaged(&self, error: &std::io::Error) -> ContentFault {
        let at = self.input.taken();
        ContentFault::data(
            Rule::Compression,
            format!(
                "the zstd content is damaged at or after byte {at}, or needs a window of more than 8 MiB \
                 (compress it without --ultra and --long): {error}"
            ),
        )
    }
}

impl Decode for Frames {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault> {
        let mut decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => new_decoder().map_err(ContentFault::source)?,
        };
        loop {
            let input = self.input.fill_buf().map_err(ContentFault::source)?;
            let over = input.is_empty();
            if over && self.inside == 0 {
                return Ok(0);
            }
            if let Some(rest) = self.magic.get_mut(self.inside as usize..) {
                let known = rest.len().min(input.len());
                rest[..known].copy_from_slice(&input[..known]);
                if !begins_frame(&self.magic[..self.inside as usize + known]) {
                    return Err(self.garbage());
                }
            }
            let status = match decoder.run_on_buffers(input, into) {
                Ok(status) => status,
                Err(error) => return Err(self.damaged(&error)),
            };
            self.input.consume(status.bytes_read);
            if status.remaining == 0 {
                self.finished += 1;
                self.inside = 0;
            } else {
                self.inside += status.bytes_read as u64;
            }
            if status.bytes_written > 0 {
                self.decoder = Some(decoder);
                return Ok(status.bytes_written);
            }
            if over && self.inside > 0 {
                return Err(ContentFault::data(
                    Rule::Truncated,
                    "the zstd content is cut off: its end is missing",
                ));
            }
        }
    }

    fn taken(&self) -> Option<u64> {
        Some(self.input.taken())
    }
}

/// Whether bytes are the beginning of a frame's magic number, or of a skippable frame's.
fn begins_frame(bytes: &[u8]) -> bool {
    const SKIPPABLE: [u8; 4] = [0x50, 0x2A, 0x4D, 0x18];
    let skippable = bytes
        .iter()
        .zip(SKIPPABLE)
        .enumerate()
        .all(|(index, (byte, expected))| {
            if index == 0 {
                byte & 0xF0 == expected
            } else {
                *byte == expected
            }
        });
    MAGIC.starts_with(bytes) || skippable
}

fn new_decoder() -> std::io::Result<Decoder<'static>> {
    let mut decoder = Decoder::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
    Ok(decoder)
}
