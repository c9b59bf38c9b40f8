//! What the release function is told.

use std::collections::BTreeMap;

use super::{SettingsError, Variables, keys, process};
use crate::names::Names;

/// What the release function is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The environment, by which metrics are found.
    pub environment: String,
}

impl Release {
    /// An environment's.
    pub fn of(names: &Names) -> Self {
        Release {
            environment: names.environment().to_owned(),
        }
    }

    /// Reads them from this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Variables(&process))
    }

    /// Reads them.
    pub fn read(from: Variables<'_>) -> Result<Self, SettingsError> {
        Ok(Release {
            environment: from.required(keys::ENVIRONMENT, "the environment's name")?,
        })
    }

    /// The same as variables.
    pub fn variables(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(keys::ENVIRONMENT.to_owned(), self.environment.clone())])
    }
}
