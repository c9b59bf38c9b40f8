//! What the task lane's loader is told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use loader::DEFAULT_LEASE;

use super::{Common, SettingsError, Variables, keys, process};

/// What the task lane's loader is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What every function is told.
    pub common: Common,
    /// Where sorted runs are put aside; `None`: nowhere.
    pub scratch: Option<PathBuf>,
    /// How much of it may be used.
    pub scratch_bytes: Option<u64>,
    /// How long a claim holds without a beat.
    pub lease: Duration,
    /// How long it is let run; `None`: as long as it takes.
    pub time_limit: Option<Duration>,
}

impl Task {
    /// Reads them from this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Variables(&process))
    }

    /// What the loader of an environment is told.
    pub fn of(common: Common, scratch: PathBuf) -> Self {
        Task {
            common,
            scratch: Some(scratch),
            scratch_bytes: None,
            lease: DEFAULT_LEASE,
            time_limit: None,
        }
    }

    /// The same as variables.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.common.variables();
        let lease = self.lease.as_secs().to_string();
        variables.insert(keys::LEASE_SECONDS.to_owned(), lease);
        if let Some(scratch) = &self.scratch {
            variables.insert(keys::SCRATCH.to_owned(), scratch.display().to_string());
        }
        if let Some(bytes) = self.scratch_bytes {
            variables.insert(keys::SCRATCH_BYTES.to_owned(), bytes.to_string());
        }
        if let Some(limit) = self.time_limit {
            let limit = limit.as_secs().to_string();
            variables.insert(keys::TIME_LIMIT_SECONDS.to_owned(), limit);
        }
        variables
    }

    /// Reads them.
    pub fn read(from: Variables<'_>) -> Result<Self, SettingsError> {
        Ok(Task {
            common: Common::read(from)?,
            scratch: from.optional(keys::SCRATCH).map(PathBuf::from),
            scratch_bytes: from.parsed(keys::SCRATCH_BYTES, "a number of bytes")?,
            lease: super::lease(from)?,
            time_limit: from
                .parsed(keys::TIME_LIMIT_SECONDS, "a number of seconds")?
                .map(Duration::from_secs),
        })
    }
}
