//! What the intake function is told.

use std::collections::BTreeMap;
use std::time::Duration;

use loader::DEFAULT_LEASE;

use super::{
    Bulk, Common, SettingsError, Spark, Variables, incoming_bucket, keys, lease, loads_url,
    process, queue_url,
};
use crate::names::Names;

const DEFAULT_LANE_BYTES: u64 = 4 << 30;
/// In a function's quarter of an hour these are taken out at 23,000 a second; 1,500,000 took 2 s on a machine of two
/// cores. Where a database is slower than that, an undo in the function finds out, and goes on as a task.
const DEFAULT_UNDO_ROWS: u64 = 20_000_000;

/// What the intake function is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// What every function is told.
    pub common: Common,
    /// The bucket whose events count.
    pub incoming_bucket: String,
    /// The queue that the bucket tells of objects.
    pub queue_url: String,
    /// The queue whose messages say that something waits.
    pub loads_url: String,
    /// The largest stored object that this lane takes.
    pub lane_bytes: u64,
    /// The most rows of a batch that the function undoes, where there is a task lane.
    pub undo_rows: u64,
    /// How long a claim holds without a beat, and a message stays hidden ahead.
    pub lease: Duration,
    /// The task lane, where there is one.
    pub bulk: Option<Bulk>,
    /// The Spark lane, where there is one.
    pub spark: Option<Spark>,
}

impl Intake {
    /// Reads them from this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Variables(&process))
    }

    /// Reads them.
    pub fn read(from: Variables<'_>) -> Result<Self, SettingsError> {
        Ok(Intake {
            common: Common::read(from)?,
            incoming_bucket: incoming_bucket(from)?,
            queue_url: queue_url(from)?,
            loads_url: loads_url(from)?,
            lane_bytes: from
                .parsed(keys::FUNCTION_LANE_BYTES, "a number of bytes")?
                .unwrap_or(DEFAULT_LANE_BYTES),
            undo_rows: from
                .parsed(keys::FUNCTION_UNDO_ROWS, "a number of rows")?
                .unwrap_or(DEFAULT_UNDO_ROWS),
            lease: lease(from)?,
            bulk: Bulk::read(from)?,
            spark: Spark::read(from)?,
        })
    }

    /// What an environment's intake function is told.
    pub fn of(common: Common, names: &Names, queue_url: &str, loads_url: &str) -> Self {
        Intake {
            common,
            incoming_bucket: names.incoming_bucket(),
            queue_url: queue_url.to_owned(),
            loads_url: loads_url.to_owned(),
            lane_bytes: DEFAULT_LANE_BYTES,
            undo_rows: DEFAULT_UNDO_ROWS,
            lease: DEFAULT_LEASE,
            bulk: (names.tasks() > 0).then(|| Bulk::of(names)),
            spark: Spark::of(names),
        }
    }

    /// The same as variables.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.common.variables();
        for (key, value) in [
            (keys::INCOMING_BUCKET, self.incoming_bucket.clone()),
            (keys::INTAKE_QUEUE_URL, self.queue_url.clone()),
            (keys::LOADS_QUEUE_URL, self.loads_url.clone()),
            (keys::FUNCTION_LANE_BYTES, self.lane_bytes.to_string()),
            (keys::FUNCTION_UNDO_ROWS, self.undo_rows.to_string()),
            (keys::LEASE_SECONDS, self.lease.as_secs().to_string()),
        ] {
            variables.insert(key.to_owned(), value);
        }
        let bulk = self.bulk.iter().flat_map(Bulk::variables);
        let spark = self.spark.iter().flat_map(Spark::variables);
        for (key, value) in bulk.chain(spark) {
            variables.insert(key.to_owned(), value);
        }
        variables
    }
}
