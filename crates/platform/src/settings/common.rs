//! What every function that talks to the database is told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{SettingsError, UNRELEASED, Variables, keys, process};
use crate::names::Names;

/// What every function is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// The environment's name.
    pub environment: String,
    /// The release that runs.
    pub release: String,
    /// The root of the parameters.
    pub parameters: String,
    /// Where the database is.
    pub database: Database,
}

/// Where a database is and how it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database.
    pub name: String,
    /// How the server proves itself.
    pub tls: Tls,
    /// Where reads go instead, if anywhere.
    pub replica: Option<(String, u16)>,
}

/// How a database server proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: one machine only.
    Off,
    /// By a certificate of one of the authorities in this PEM file, for the host's name.
    Verify(PathBuf),
}

impl Common {
    /// Reads them from this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Variables(&process))
    }

    /// Reads them.
    pub fn read(from: Variables<'_>) -> Result<Self, SettingsError> {
        let environment = from.required(keys::ENVIRONMENT, "the environment's name, as `dev`")?;
        Ok(Common {
            release: from
                .optional(keys::RELEASE)
                .unwrap_or_else(|| UNRELEASED.to_owned()),
            parameters: from
                .required(
                    keys::PARAMETERS,
                    "the root of the parameters, as `/waybill/dev`",
                )?
                .trim_end_matches('/')
                .to_owned(),
            database: Database::read(from)?,
            environment,
        })
    }

    /// The same as variables.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.database.variables();
        for (key, value) in [
            (keys::ENVIRONMENT, &self.environment),
            (keys::RELEASE, &self.release),
            (keys::PARAMETERS, &self.parameters),
        ] {
            variables.insert(key.to_owned(), value.clone());
        }
        variables
    }

    /// What the functions of an environment are told.
    pub fn of(names: &Names, release: &str, database: Database) -> Self {
        Common {
            environment: names.environment().to_owned(),
            release: release.to_owned(),
            parameters: names.parameters(),
            database,
        }
    }
}

impl Database {
    /// Reads it.
    pub fn read(from: Variables<'_>) -> Result<Self, SettingsError> {
        const PORT: &str = "a port number";
        let port = from.parsed(keys::DATABASE_PORT, PORT)?.unwrap_or(5432);
        let tls = match from.optional(keys::DATABASE_TLS).as_deref() {
            None | Some("verify") => Tls::Verify(
                from.required(
                    keys::DATABASE_CA,
                    "the PEM file of the authorities that the database server is verified against",
                )?
                .into(),
            ),
            Some("off") => Tls::Off,
            Some(other) => {
                return Err(SettingsError::Invalid {
                    key: keys::DATABASE_TLS,
                    value: other.to_owned(),
                    expected: "`verify` or `off`",
                });
            }
        };
        let replica_port = from
            .parsed(keys::DATABASE_REPLICA_PORT, PORT)?
            .unwrap_or(port);
        Ok(Database {
            host: from.required(keys::DATABASE_HOST, "the database server's host name")?,
            port,
            name: from.required(keys::DATABASE_NAME, "the database's name")?,
            tls,
            replica: from
                .optional(keys::DATABASE_REPLICA_HOST)
                .map(|host| (host, replica_port)),
        })
    }

    /// The same as variables.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::from([
            (keys::DATABASE_HOST.to_owned(), self.host.clone()),
            (keys::DATABASE_PORT.to_owned(), self.port.to_string()),
            (keys::DATABASE_NAME.to_owned(), self.name.clone()),
        ]);
        let tls = match &self.tls {
            Tls::Off => "off",
            Tls::Verify(bundle) => {
                variables.insert(
                    keys::DATABASE_CA.to_owned(),
                    bundle.to_string_lossy().into_owned(),
                );
                "verify"
            }
        };
        variables.insert(keys::DATABASE_TLS.to_owned(), tls.to_owned());
        if let Some((host, port)) = &self.replica {
            variables.insert(keys::DATABASE_REPLICA_HOST.to_owned(), host.clone());
            variables.insert(keys::DATABASE_REPLICA_PORT.to_owned(), port.to_string());
        }
        variables
    }
}
