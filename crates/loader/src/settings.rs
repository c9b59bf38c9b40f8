//! What can be tuned about one load; the defaults are what production uses.

use std::num::NonZero;
use std::time::Duration;

/// How long a loader may be silent before another may take its batch.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);

/// Limits and sizes of one load.
#[derive(Debug, Clone)]
pub struct LoadSettings {
    /// Threads that parse and check; the reader and the sorter have one each besides.
    pub threads: usize,
    /// Memory of one sorted run in bytes, rows and sort keys together. Two of them exist at a time, and with what eight
    /// threads hold they stay below the 128 MiB that a load may take.
    pub run_bytes: usize,
    /// How many entries a report lists; its total is exact all the same.
    pub report_cap: usize,
    /// How many bytes of partners' rows a report lists.
    pub report_bytes: usize,
    /// The largest reference table, in rows, that is held in memory to check against; rows that
    /// refer to a larger one are checked by the server.
    pub reference_cap: usize,
    /// How long a loader may be silent before another may take its batch.
    pub lease: Duration,
    /// How often progress is written, and the lease with it.
    pub beat: Duration,
    /// What the reader refuses.
    pub limits: reader::Limits,
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism()
                .map_or(1, NonZero::get)
                .min(8),
            run_bytes: 36 << 20,
            report_cap: 10_000,
            report_bytes: 8 << 20,
            reference_cap: 200_000,
            lease: DEFAULT_LEASE,
            beat: Duration::from_secs(2),
            limits: reader::Limits::default(),
        }
    }
}
