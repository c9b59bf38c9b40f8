//! What the janitor function is told.

use std::collections::BTreeMap;

use super::{SettingsError, Variables, keys, process};

/// What the janitor function is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Janitor {
    /// The database servers that it stops and starts, the one that others copy from first.
    pub servers: Vec<String>,
}

impl Janitor {
    /// Reads them from this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Variables(&process))
    }

    /// Reads them.
    pub fn read(from: Variables<'_>) -> Result<Self, SettingsError> {
        let servers = from.required(
            keys::DATABASE_SERVERS,
            "the identifiers of the database servers, with commas between them",
        )?;
        Ok(Janitor {
            servers: servers
                .split(',')
                .map(str::trim)
                .filter(|server| !server.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }

    /// The same as variables.
    pub fn variables(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(keys::DATABASE_SERVERS.to_owned(), self.servers.join(","))])
    }
}
