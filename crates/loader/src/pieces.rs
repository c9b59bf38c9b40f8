//! Encoded rows on their way to the server, in pieces large enough that framing and flushing cost
//! nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::meter::Meter;
use crate::runs::Rows;

const PIECE_BYTES: usize = 256 << 10;
/// Room for the row that fills a piece.
const SLACK: usize = 4096;

/// Nobody takes rows any more: the load has ended, and with it the need for them.
#[derive(Debug)]
pub(crate) struct Gone;

/// Where rows go.
pub(crate) struct Pieces {
    rows_to: mpsc::Sender<Bytes>,
    meter: Arc<Meter>,
    piece: Vec<u8>,
    rows: u64,
}

impl Pieces {
    pub(crate) fn new(rows_to: mpsc::Sender<Bytes>, meter: Arc<Meter>) -> Self {
        Self {
            rows_to,
            meter,
            piece: Vec::new(),
            rows: 0,
        }
    }

    /// Adds a row; waits while the server is slower.
    #[inline]
    pub(crate) fn push(&mut self, row: &[u8]) -> Result<(), Gone> {
        self.piece.extend_from_slice(row);
        self.rows += 1;
        if self.piece.len() >= PIECE_BYTES {
            return self.flush();
        }
        Ok(())
    }

    /// Sends a whole block's rows as they are.
    pub(crate) fn block(&mut self, rows: Rows) -> Result<(), Gone> {
        if rows.is_empty() {
            return Ok(());
        }
        self.send(rows.refs.len() as u64, rows.bytes)
    }

    /// Sends what is left.
    pub(crate) fn flush(&mut self) -> Result<(), Gone> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES + SLACK));
        let rows = std::mem::take(&mut self.rows);
        self.send(rows, piece)
    }

    fn send(&mut self, rows: u64, piece: Vec<u8>) -> Result<(), Gone> {
        self.rows_to.blocking_send(piece.into()).map_err(|_| Gone)?;
        self.meter.sent.fetch_add(rows, Ordering::Relaxed);
        Ok(())
    }
}
