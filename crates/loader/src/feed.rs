//! From the source's asynchronous pieces to a reader that a thread can block on.
//!
//! A stream that breaks off is opened again where it stopped, a bounded number of times; the source
//! sees to it that this is the same version of the object.

use std::io::{self, BufRead, Read};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use tokio::sync::{Semaphore, mpsc};

use crate::file::File;
use crate::meter::Meter;
use crate::source::{Source, SourceError, SourceErrorKind};

/// Pieces of at most this size wait for the reader, [`WAITING`] of them.
const PIECE_BYTES: usize = 64 << 10;
const WAITING: usize = 32;
/// How often a stream is opened in vain, one after the other, before the load gives up; each time it waits longer.
const REOPENS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Where the pump leaves the reason why the bytes stopped.
pub(crate) type Broken = Arc<Mutex<Option<SourceError>>>;

/// The blocking end.
pub(crate) struct FeedReader {
    pieces: mpsc::Receiver<Bytes>,
    piece: Bytes,
    broken: Broken,
    /// Where bytes are counted that were read, as they are stored.
    meter: Option<Arc<Meter>>,
    /// Who may be pumped: given back when this one is done with.
    turns: Option<Arc<Semaphore>>,
}

/// A channel from [`pump`] to a reader, and the place where a source error is left.
pub(crate) fn channel() -> (mpsc::Sender<Bytes>, FeedReader, Broken) {
    let (sender, pieces) = mpsc::channel(WAITING);
    let broken = Broken::default();
    (
        sender,
        FeedReader {
            pieces,
            piece: Bytes::new(),
            broken: Arc::clone(&broken),
            meter: None,
            turns: None,
        },
        broken,
    )
}

/// How many files of a batch are pumped before they are read: the next one is opened while the present one is read.
const AHEAD: usize = 2;

/// A channel for each of a batch's files, of which few hold anything at a time.
pub(crate) struct Feeds {
    turns: Arc<Semaphore>,
    senders: Vec<(mpsc::Sender<Bytes>, Broken)>,
}

impl Feeds {
    /// The asynchronous end for so many files, and the readers in the same order.
    pub(crate) fn new(files: usize, meter: &Arc<Meter>) -> (Self, Vec<FeedReader>) {
        let turns = Arc::new(Semaphore::new(AHEAD));
        let mut senders = Vec::with_capacity(files);
        let mut readers = Vec::with_capacity(files);
        for _ in 0..files {
            let (sender, mut reader, broken) = channel();
            reader.turns = Some(Arc::clone(&turns));
            reader.meter = Some(Arc::clone(meter));
            senders.push((sender, broken));
            readers.push(reader);
        }
        (Self { turns, senders }, readers)
    }

    /// Moves the files into their channels, one after the other; gives back where each left its error.
    pub(crate) async fn pump(self, files: &[File<'_>]) -> Vec<Broken> {
        let mut broken = Vec::with_capacity(files.len());
        for (file, (sender, error)) in files.iter().zip(self.senders) {
            // Nobody closes it.
            if let Ok(turn) = self.turns.acquire().await {
                turn.forget();
            }
            if !sender.is_closed() {
                pump(file.source, sender, &error).await;
            }
            broken.push(error);
        }
        broken
    }
}

impl Drop for FeedReader {
    fn drop(&mut self) {
        if let Some(turns) = &self.turns {
            turns.add_permits(1);
        }
    }
}

/// Moves the whole object into the channel. Ends early, without an error, when the reader is gone.
pub(crate) async fn pump(source: &dyn Source, pieces: mpsc::Sender<Bytes>, broken: &Broken) {
    if let Err(error) = try_pump(source, &pieces).await {
        // Before the channel closes, so that the reader sees the reason and not an early end.
        *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

async fn try_pump(source: &dyn Source, pieces: &mpsc::Sender<Bytes>) -> Result<(), SourceError> {
    let mut offset = 0_u64;
    let mut reopened = 0;
    loop {
        let before = offset;
        let streamed = stream_from(source, &mut offset, pieces).await;
        if offset > before {
            reopened = 0;
        }
        match streamed {
            Ok(()) => return Ok(()),
            Err(error) if error.kind == SourceErrorKind::Unreachable && reopened < REOPENS => {
                tracing::warn!(offset, error = %error, "the object's stream broke off; opening it again");
                tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(reopened)).await;
                reopened += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn stream_from(
    source: &dyn Source,
    offset: &mut u64,
    pieces: &mpsc::Sender<Bytes>,
) -> Result<(), SourceError> {
    let mut opened = source.open(*offset).await?;
    while let Some(piece) = opened.stream.next().await {
        let mut piece = piece?;
        *offset += piece.len() as u64;
        while !piece.is_empty() {
            let part = piece.split_to(piece.len().min(PIECE_BYTES));
            if pieces.send(part).await.is_err() {
                return Ok(());
            }
        }
    }
    match opened.bytes {
        Some(bytes) if *offset < bytes => Err(SourceError::new(
            SourceErrorKind::Unreachable,
            format!("the object ended after {offset} of {bytes} bytes"),
        )),
        _ => Ok(()),
    }
}

impl BufRead for FeedReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            let Some(piece) = self.pieces.blocking_recv() else {
                let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
                return match &*broken {
                    Some(error) => Err(io::Error::other(error.to_string())),
                    None => Ok(&[]),
                };
            };
            self.piece = piece;
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, bytes: usize) {
        if let Some(meter) = &self.meter {
            meter.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        self.piece.advance(bytes);
    }
}

impl Read for FeedReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let bytes = ready.len().min(out.len());
        out[..bytes].copy_from_slice(&ready[..bytes]);
        self.consume(bytes);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;
    use reader::{Compression, Limits};

    use super::*;
    use crate::source::BytesSource;

    #[tokio::test]
    async fn bytes_are_counted_as_they_are_stored() {
        // 100,000 times the same character, by gzip.
        let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed
            .write_all("a".repeat(100_000).as_bytes())
            .expect("packed");
        let packed = packed.finish().expect("packed");
        let stored = packed.len() as u64;
        let source = BytesSource::new(packed);
        let meter = Arc::new(Meter::default());
        let (feeds, mut readers) = Feeds::new(1, &meter);
        let feed = readers.remove(0);
        let reading = tokio::task::spawn_blocking(move || {
            let mut content =
                reader::decompress(Compression::Gzip, Box::new(feed), &Limits::default());
            let mut all = 0;
            let mut into = [0; 4096];
            loop {
                match content.read(&mut into).expect("content") {
                    0 => return all,
                    read => all += read,
                }
            }
        });
        let format = contract::Format::Csv;
        feeds
            .pump(&[File::only(format, Compression::Gzip, &source)])
            .await;
        assert_eq!(reading.await.expect("no panic"), 100_000);
        assert_eq!(meter.bytes.load(Ordering::Relaxed), stored);
    }
}
