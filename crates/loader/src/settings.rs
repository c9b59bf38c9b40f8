//! What can be tuned about one load; the defaults are what production uses.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

/// How long a loader may be silent before another may take its batch.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);

/// Limits and sizes of one load.
#[derive(Debug, Clone)]
pub struct LoadSettings {
    /// Threads that parse and check; the reader and the sorter have one each besides.
    pub threads: usize,
    /// Memory of one sorted run in bytes, rows and sort keys together. Two of them exist at a time, and with what eight
    /// threads and a merge hold they stay below the 128 MiB that a load may take.
    pub run_bytes: usize,
    /// Where sorted runs wait for each other, so that the target's index is met in one ascending pass.
    pub scratch: ScratchSettings,
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
            run_bytes: 28 << 20,
            scratch: ScratchSettings::default(),
            report_cap: 10_000,
            report_bytes: 8 << 20,
            reference_cap: 200_000,
            lease: DEFAULT_LEASE,
            beat: Duration::from_secs(2),
            limits: reader::Limits::default(),
        }
    }
}

/// The disk that a load may use for sorting. A batch that fits into one run uses none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScratchSettings {
    /// The folder of the scratch file, which has no name in it. A folder that refuses is no error: the batch is then
    /// sorted in memory, run by run, which is slower and as right.
    pub folder: PathBuf,
    /// The most bytes that the file may have; 0 for none. When they are full, or the disk is, what is sorted so far
    /// goes to the server and the file begins anew. A row takes about twice its CSV text.
    pub bytes: u64,
}

impl Default for ScratchSettings {
    fn default() -> Self {
        Self {
            folder: std::env::temp_dir(),
            bytes: 8 << 30,
        }
    }
}
