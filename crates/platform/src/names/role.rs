//! The logins of a database.

use serde::Serialize;

/// A database login. None can do another's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Owns the schema; migrations only.
    Owner,
    /// Loads batches.
    Loader,
    /// Reads what was loaded.
    Reader,
    /// Registers batches, reads the ledger, checks API keys.
    Api,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Owner, Role::Loader, Role::Reader, Role::Api];

    /// The last part of the login's and the parameter's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Loader => "loader",
            Role::Reader => "reader",
            Role::Api => "api",
        }
    }

    /// The login in a database: `<database>_loader`.
    pub fn login(self, database: &str) -> String {
        format!("{database}_{}", self.as_str())
    }

    /// The parameter that holds the password, below a root as `Names::parameters` gives it.
    pub fn password_parameter(self, root: &str) -> String {
        format!("{root}/database/{}/password", self.as_str())
    }
}
