//! What a function is told by its environment variables, read once, in this place only. A
//! setting that is missing or wrong is an error that names its key. Each structure also writes
//! itself back as variables, so that whoever makes the functions (the local stack; Terraform
//! repeats it) sets exactly what they read.
//!
//! No secret is a setting: passwords come from the parameter store (`secrets`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use loader::DEFAULT_LEASE;
use thiserror::Error;

use crate::names::Names;

/// The keys, in the order of the documentation.
pub mod keys {
    /// The environment's name: `dev`.
    pub const ENVIRONMENT: &str = "WAYBILL_ENVIRONMENT";
    /// The release: the commit that was built.
    pub const RELEASE: &str = "WAYBILL_RELEASE";
    /// The root of the parameters: `/waybill/dev`.
    pub const PARAMETERS: &str = "WAYBILL_PARAMETERS";
    /// The database server.
    pub const DATABASE_HOST: &str = "WAYBILL_DATABASE_HOST";
    /// Its port; 5432 if unset.
    pub const DATABASE_PORT: &str = "WAYBILL_DATABASE_PORT";
    /// The database.
    pub const DATABASE_NAME: &str = "WAYBILL_DATABASE_NAME";
    /// `verify` (if unset) or `off`.
    pub const DATABASE_TLS: &str = "WAYBILL_DATABASE_TLS";
    /// The PEM file with the authorities that `verify` trusts.
    pub const DATABASE_CA: &str = "WAYBILL_DATABASE_CA";
    /// The replica that reads go to, where there is one.
    pub const DATABASE_REPLICA_HOST: &str = "WAYBILL_DATABASE_REPLICA_HOST";
    /// Its port; the primary's if unset.
    pub const DATABASE_REPLICA_PORT: &str = "WAYBILL_DATABASE_REPLICA_PORT";
    /// The bucket of incoming files.
    pub const INCOMING_BUCKET: &str = "WAYBILL_INCOMING_BUCKET";
    /// The queue of the intake function.
    pub const INTAKE_QUEUE_URL: &str = "WAYBILL_INTAKE_QUEUE_URL";
    /// The largest stored object that the function lane takes; 4 GiB if unset.
    pub const FUNCTION_LANE_BYTES: &str = "WAYBILL_FUNCTION_LANE_BYTES";
    /// How long a claim holds without a beat; 30 if unset.
    pub const LEASE_SECONDS: &str = "WAYBILL_LEASE_SECONDS";
    /// `true` where rates may be read without an API key; `false` if unset.
    pub const PUBLIC_RATES: &str = "WAYBILL_PUBLIC_RATES";
}

/// The release of a build that nobody named.
pub const UNRELEASED: &str = "unreleased";
const DEFAULT_LANE_BYTES: u64 = 4 << 30;

/// A setting that is missing or wrong.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SettingsError {
    /// Required, and not there.
    #[error("{key} is not set: {meaning}")]
    Missing {
        /// The variable.
        key: &'static str,
        /// What belongs there.
        meaning: &'static str,
    },
    /// There, and not to be used.
    #[error("{key} is `{value}`, but must be {expected}")]
    Invalid {
        /// The variable.
        key: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        expected: &'static str,
    },
}

/// A source of variables: the process's environment, or a map in a test.
#[derive(Clone, Copy)]
pub struct Variables<'a>(&'a dyn Fn(&str) -> Option<String>);

impl<'a> Variables<'a> {
    /// Variables from a look-up.
    pub fn new(look_up: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Variables(look_up)
    }

    /// A variable; an empty one counts as unset.
    fn optional(self, key: &str) -> Option<String> {
        (self.0)(key).filter(|value| !value.is_empty())
    }

    fn required(self, key: &'static str, meaning: &'static str) -> Result<String, SettingsError> {
        self.optional(key)
            .ok_or(SettingsError::Missing { key, meaning })
    }

    fn parsed<T: std::str::FromStr>(
        self,
        key: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, SettingsError> {
        let Some(value) = self.optional(key) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(parsed) => Ok(Some(parsed)),
            Err(_) => Err(SettingsError::Invalid {
                key,
                value,
                expected,
            }),
        }
    }
}

/// Looks a variable up in this process's environment.
fn process(key: &str) -> Option<String> {
    std::env::var(key).ok()
}

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

/// What the intake function is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// What every function is told.
    pub common: Common,
    /// The bucket whose events count.
    pub incoming_bucket: String,
    /// The queue that the messages come from.
    pub queue_url: String,
    /// The largest stored object that this lane takes.
    pub lane_bytes: u64,
    /// How long a claim holds without a beat, and a message stays hidden ahead.
    pub lease: Duration,
}

impl Intake {
    /// Reads them from this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Variables(&process))
    }

    /// Reads them.
    pub fn read(from: Variables<'_>) -> Result<Self, SettingsError> {
        let lease_s = from
            .parsed(keys::LEASE_SECONDS, "a number of seconds from 3 to 900")?
            .unwrap_or(DEFAULT_LEASE.as_secs());
        if !(3..=900).contains(&lease_s) {
            return Err(SettingsError::Invalid {
                key: keys::LEASE_SECONDS,
                value: lease_s.to_string(),
                expected: "a number of seconds from 3 to 900",
            });
        }
        Ok(Intake {
            common: Common::read(from)?,
            incoming_bucket: incoming_bucket(from)?,
            queue_url: queue_url(from)?,
            lane_bytes: from
                .parsed(keys::FUNCTION_LANE_BYTES, "a number of bytes")?
                .unwrap_or(DEFAULT_LANE_BYTES),
            lease: Duration::from_secs(lease_s),
        })
    }

    /// What an environment's intake function is told.
    pub fn of(common: Common, names: &Names, queue_url: &str) -> Self {
        Intake {
            common,
            incoming_bucket: names.incoming_bucket(),
            queue_url: queue_url.to_owned(),
            lane_bytes: DEFAULT_LANE_BYTES,
            lease: DEFAULT_LEASE,
        }
    }

    /// The same as variables.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.common.variables();
        for (key, value) in [
            (keys::INCOMING_BUCKET, self.incoming_bucket.clone()),
            (keys::INTAKE_QUEUE_URL, self.queue_url.clone()),
            (keys::FUNCTION_LANE_BYTES, self.lane_bytes.to_string()),
            (keys::LEASE_SECONDS, self.lease.as_secs().to_string()),
        ] {
            variables.insert(key.to_owned(), value);
        }
        variables
    }
}

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
            queue_url: queue_url(from)?,
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
            public_rates: names.scale() == crate::names::Scale::Local,
        }
    }

    /// The same as variables.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.common.variables();
        for (key, value) in [
            (keys::INCOMING_BUCKET, self.incoming_bucket.clone()),
            (keys::INTAKE_QUEUE_URL, self.queue_url.clone()),
            (keys::PUBLIC_RATES, self.public_rates.to_string()),
        ] {
            variables.insert(key.to_owned(), value);
        }
        variables
    }
}

fn incoming_bucket(from: Variables<'_>) -> Result<String, SettingsError> {
    from.required(keys::INCOMING_BUCKET, "the bucket of incoming files")
}

fn queue_url(from: Variables<'_>) -> Result<String, SettingsError> {
    from.required(keys::INTAKE_QUEUE_URL, "the URL of the intake queue")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Database {
        Database {
            host: "db.internal".to_owned(),
            port: 5433,
            name: "waybill_dev".to_owned(),
            tls: Tls::Verify("/var/task/rds.pem".into()),
            replica: Some(("replica.internal".to_owned(), 5434)),
        }
    }

    fn common() -> (Names, Common) {
        let names = Names::new("dev").expect("a good name");
        let common = Common::of(&names, "c0ffee", database());
        (names, common)
    }

    fn look_up(variables: BTreeMap<String, String>) -> impl Fn(&str) -> Option<String> {
        move |key| variables.get(key).cloned()
    }

    #[test]
    fn settings_written_as_variables_are_read_back_the_same() {
        let (names, common) = common();
        let intake = Intake::of(common.clone(), &names, "https://sqs/q");
        let from = look_up(intake.variables());
        assert_eq!(Intake::read(Variables::new(&from)), Ok(intake));

        let api = Api::of(common, &names, "https://sqs/q");
        let from = look_up(api.variables());
        assert_eq!(Api::read(Variables::new(&from)), Ok(api));
    }

    #[test]
    fn a_missing_setting_is_named() {
        let (_, common) = common();
        let mut variables = common.variables();
        variables.remove(keys::DATABASE_HOST);
        let from = look_up(variables);
        let error = Common::read(Variables::new(&from)).expect_err("a host is missing");
        assert_eq!(
            error.to_string(),
            "WAYBILL_DATABASE_HOST is not set: the database server's host name"
        );
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_is_wanted() {
        let (_, common) = common();
        let mut variables = common.variables();
        variables.insert(keys::DATABASE_TLS.to_owned(), "maybe".to_owned());
        let from = look_up(variables);
        let error = Common::read(Variables::new(&from)).expect_err("a wrong value");
        assert_eq!(
            error.to_string(),
            "WAYBILL_DATABASE_TLS is `maybe`, but must be `verify` or `off`"
        );
    }

    #[test]
    fn verification_is_on_unless_switched_off_and_needs_a_bundle() {
        let (_, common) = common();
        let mut variables = common.variables();
        variables.remove(keys::DATABASE_TLS);
        variables.remove(keys::DATABASE_CA);
        let from = look_up(variables);
        assert!(matches!(
            Common::read(Variables::new(&from)),
            Err(SettingsError::Missing {
                key: keys::DATABASE_CA,
                ..
            })
        ));
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let (names, common) = common();
        let mut variables = Api::of(common, &names, "u").variables();
        variables.insert(keys::PUBLIC_RATES.to_owned(), String::new());
        let from = look_up(variables);
        let api = Api::read(Variables::new(&from)).expect("unset is false");
        assert!(!api.public_rates);
    }
}
