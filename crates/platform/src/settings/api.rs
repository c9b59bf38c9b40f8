//! What the HTTP API is told.

use std::collections::BTreeMap;

use super::{Common, SettingsError, Variables, incoming_bucket, keys, loads_url, process};
use crate::names::{Names, Scale};

/// What the HTTP API is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// What every function is told.
    pub common: Common,
    /// Where bodies and uploads go.
    pub incoming_bucket: String,
    /// Where undo and replay go.
    pub queue_url: String,
    /// Rates may be read without an API key.
    pub public_rates: bool,
}

impl Api {
    /// Reads them from this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Variables(&process))
    }

    /// Reads them.
    pub fn read(from: Variables<'_>) -> Result<Self, SettingsError> {
        Ok(Api {
            common: Common::read(from)?,
            incoming_bucket: incoming_bucket(from)?,
            queue_url: loads_url(from)?,
            public_rates: from
                .parsed(keys::PUBLIC_RATES, "`true` or `false`")?
                .unwrap_or(false),
        })
    }

    /// What an environment's HTTP API is told.
    pub fn of(common: Common, names: &Names, queue_url: &str) -> Self {
        Api {
            common,
            incoming_bucket: names.incoming_bucket(),
            queue_url: queue_url.to_owned(),
            public_rates: names.scale() == Scale::Local,
        }
    }

    /// The same as variables.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.common.variables();
        for (key, value) in [
            (keys::INCOMING_BUCKET, self.incoming_bucket.clone()),
            (keys::LOADS_QUEUE_URL, self.queue_url.clone()),
            (keys::PUBLIC_RATES, self.public_rates.to_string()),
        ] {
            variables.insert(key.to_owned(), value);
        }
        variables
    }
}
