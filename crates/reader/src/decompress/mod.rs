//! Compressed content to plain content, strictly: every member or frame must be whole and intact, nothing may follow
//! the last one, and neither the size nor the expansion may pass the limits.

mod gzip;
mod input;
mod zstd;

use std::io::BufRead;

use contract::Rule;

use crate::content::{Content, ContentFault};
use crate::limits::Limits;
use input::Input;

/// How content is compressed, as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// One or more gzip members.
    Gzip,
    /// One or more Zstandard frames.
    Zstd,
}

impl Compression {
    /// By the last extension of a name, without the dot; nothing for one that is no compression.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension {
            "gz" => Some(Self::Gzip),
            "zst" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The compression's name: `none`, `gzip`, `zstd`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Decompressed content within the limits. An input without a byte is content without a byte.
pub fn decompress(
    compression: Compression,
    input: Box<dyn BufRead + Send>,
    limits: &Limits,
) -> Box<dyn Content> {
    let input = Input::new(input);
    let decoder: Box<dyn Decode> = match compression {
        Compression::None => Box::new(input),
        Compression::Gzip => Box::new(gzip::Members::new(input)),
        Compression::Zstd => Box::new(zstd::Frames::new(input)),
    };
    Box::new(Capped {
        decoder,
        limits: limits.clone(),
        bytes: 0,
    })
}

/// A decoder that also knows how much it has taken in.
trait Decode: Send {
    /// As [`Content::read`].
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault>;
    /// Input bytes so far; nothing where output is input.
    fn taken(&self) -> Option<u64>;
}

impl Decode for Input {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault> {
        std::io::Read::read(self, into).map_err(ContentFault::source)
    }

    fn taken(&self) -> Option<u64> {
        None
    }
}

/// Counts what comes out and stops at the limits.
struct Capped {
    decoder: Box<dyn Decode>,
    limits: Limits,
    bytes: u64,
}

impl Content for Capped {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault> {
        // Read up to the limit exactly, then ask whether there is more: what comes out must not depend on the pieces.
        let most = self.limits.content_bytes;
        let room = usize::try_from(most - self.bytes)
            .unwrap_or(usize::MAX)
            .min(into.len());
        if room == 0 {
            return match self.decoder.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(ContentFault::data(
                    Rule::ContentSize,
                    format!("the content is larger than {most} bytes: send it in several batches"),
                )),
            };
        }
        let read = self.decoder.read(&mut into[..room])?;
        self.bytes += read as u64;
        if self.bytes > self.limits.ratio_from {
            let ratio = u64::from(self.limits.ratio);
            if self
                .decoder
                .taken()
                .is_some_and(|taken| self.bytes / ratio.max(1) > taken)
            {
                return Err(ContentFault::data(
                    Rule::Compression,
                    format!(
                        "the content expands to more than {ratio} times its compressed size: \
                         send it compressed less, or in several batches"
                    ),
                ));
            }
        }
        Ok(read)
    }
}
