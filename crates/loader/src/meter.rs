//! How far a load has come; read while it runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ledger::Progress;

/// Counts that the threads of a load keep.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Bytes read, as they are stored.
    pub(crate) bytes: AtomicU64,
    /// Records checked.
    pub(crate) rows: AtomicU64,
    /// Rows handed to the server.
    pub(crate) sent: AtomicU64,
    /// No row will be handed to the server any more: what is left is reading.
    pub(crate) only_reads: AtomicBool,
    /// The ledger's entry is being committed: its row is ours, and a beat would only wait for it.
    pub(crate) committing: AtomicBool,
}

impl Meter {
    /// Another reading begins.
    pub(crate) fn begin(&self, sends_rows: bool) {
        self.bytes.store(0, Ordering::Relaxed);
        self.sent.store(0, Ordering::Relaxed);
        self.only_reads.store(!sends_rows, Ordering::Relaxed);
    }

    /// What the ledger is told. Sorted rows wait until the content was read, and writing them takes several times as
    /// long: a byte counts a quarter when it was read, and whole when its row is with the server.
    pub(crate) fn progress(&self) -> Progress {
        let bytes = self.bytes.load(Ordering::Relaxed);
        let rows = self.rows.load(Ordering::Relaxed);
        let sent = self.sent.load(Ordering::Relaxed).min(rows);
        let waiting = match rows {
            _ if self.only_reads.load(Ordering::Relaxed) => 0,
            0 => bytes,
            _ => (u128::from(bytes) * u128::from(rows - sent) / u128::from(rows)) as u64,
        };
        Progress {
            bytes: bytes - waiting / 4 * 3,
            rows,
            copied: sent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(bytes: u64, rows: u64, sent: u64, only_reads: bool) -> u64 {
        let meter = Meter {
            bytes: bytes.into(),
            rows: rows.into(),
            sent: sent.into(),
            only_reads: only_reads.into(),
            ..Meter::default()
        };
        meter.progress().bytes
    }

    #[test]
    fn bytes_count_whole_when_their_rows_are_written() {
        assert_eq!(progress(0, 0, 0, false), 0);
        assert_eq!(progress(4_000, 100, 0, false), 1_000);
        assert_eq!(progress(4_000, 100, 50, false), 2_500);
        assert_eq!(progress(4_000, 100, 100, false), 4_000);
        assert_eq!(
            progress(4_000, 100, 20, true),
            4_000,
            "rejected: no more rows"
        );
        // The records of an earlier reading may still be the ones that were counted.
        assert_eq!(progress(4_000, 10, 100, false), 4_000);
    }
}
