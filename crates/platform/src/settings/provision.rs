//! What the provision function is told.

use std::collections::BTreeMap;

use super::{Common, SettingsError, Variables, keys, process};
use crate::names::Names;

/// What the provision function is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provision {
    /// What every function is told.
    pub common: Common,
    /// What names begin with: the previews that share the server have it too.
    pub prefix: String,
    /// The server administrator's login.
    pub admin: String,
}

impl Provision {
    /// Reads them from this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Variables(&process))
    }

    /// Reads them.
    pub fn read(from: Variables<'_>) -> Result<Self, SettingsError> {
        Ok(Provision {
            common: Common::read(from)?,
            prefix: from.required(keys::PREFIX, "what names begin with, as `waybill`")?,
            admin: from.required(
                keys::DATABASE_ADMIN,
                "the login of the database server's administrator",
            )?,
        })
    }

    /// What an environment's provision function is told.
    pub fn of(common: Common, names: &Names, admin: &str) -> Self {
        Provision {
            common,
            prefix: names.prefix().to_owned(),
            admin: admin.to_owned(),
        }
    }

    /// The same as variables.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.common.variables();
        variables.insert(keys::PREFIX.to_owned(), self.prefix.clone());
        variables.insert(keys::DATABASE_ADMIN.to_owned(), self.admin.clone());
        variables
    }
}
