//! What a function is told by its environment variables, read once, in this place only. A
//! setting that is missing or wrong is an error that names its key. Each structure also writes
//! itself back as variables, so that whoever makes the functions (the local stack; Terraform
//! repeats it) sets exactly what they read.
//!
//! No secret is a setting: passwords come from the parameter store (`secrets`).

mod api;
mod bulk;
mod common;
mod intake;
mod janitor;
mod provision;
mod release;
mod serving;
mod spark;
mod task;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use loader::DEFAULT_LEASE;
use thiserror::Error;

pub use api::Api;
pub use bulk::{Bulk, Class};
pub use common::{Common, Database, Tls};
pub use intake::Intake;
pub use janitor::Janitor;
pub use provision::Provision;
pub use release::Release;
pub use serving::Serving;
pub use spark::Spark;
pub use task::Task;

use crate::names::{CERTIFICATES, Function, Names, RELEASE_FILE, Scale};

/// The keys, in the order of the documentation.
pub mod keys {
    /// The environment's name: `dev`.
    pub const ENVIRONMENT: &str = "WAYBILL_ENVIRONMENT";
    /// The release: the commit that was built. If unset, what the file `release` in the function's zip says.
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
    /// The queue that the bucket tells of objects.
    pub const INTAKE_QUEUE_URL: &str = "WAYBILL_INTAKE_QUEUE_URL";
    /// The queue whose messages say that something waits to be loaded.
    pub const LOADS_QUEUE_URL: &str = "WAYBILL_LOADS_QUEUE_URL";
    /// The task lane's job queue for what is neither large nor urgent; no task lane if unset.
    pub const BULK_QUEUE_SMALL: &str = "WAYBILL_BULK_QUEUE_SMALL";
    /// Its job queue for what is large.
    pub const BULK_QUEUE_LARGE: &str = "WAYBILL_BULK_QUEUE_LARGE";
    /// Its job queue for what is urgent.
    pub const BULK_QUEUE_URGENT: &str = "WAYBILL_BULK_QUEUE_URGENT";
    /// The job definitions that go with the queues.
    pub const BULK_JOB_SMALL: &str = "WAYBILL_BULK_JOB_SMALL";
    /// See [`BULK_JOB_SMALL`].
    pub const BULK_JOB_LARGE: &str = "WAYBILL_BULK_JOB_LARGE";
    /// See [`BULK_JOB_SMALL`].
    pub const BULK_JOB_URGENT: &str = "WAYBILL_BULK_JOB_URGENT";
    /// The ARN of the state machine that runs jobs of the Spark lane; no Spark lane if unset.
    pub const SPARK_MACHINE: &str = "WAYBILL_SPARK_MACHINE";
    /// From which size of the content on a batch is for it; 64 GiB if unset.
    pub const SPARK_LANE_BYTES: &str = "WAYBILL_SPARK_LANE_BYTES";
    /// The folder where a load puts sorted runs aside.
    pub const SCRATCH: &str = "WAYBILL_SCRATCH";
    /// How long the engine that runs a task lets it run.
    pub const TIME_LIMIT_SECONDS: &str = "WAYBILL_TIME_LIMIT_SECONDS";
    /// How many bytes of it a load may use.
    pub const SCRATCH_BYTES: &str = "WAYBILL_SCRATCH_BYTES";
    /// The largest stored object that the function lane takes; 4 GiB if unset.
    pub const FUNCTION_LANE_BYTES: &str = "WAYBILL_FUNCTION_LANE_BYTES";
    /// The most rows of a batch that the function undoes, where there is a task lane; 20,000,000 if unset.
    pub const FUNCTION_UNDO_ROWS: &str = "WAYBILL_FUNCTION_UNDO_ROWS";
    /// How long a claim holds without a beat; 30 if unset.
    pub const LEASE_SECONDS: &str = "WAYBILL_LEASE_SECONDS";
    /// What names begin with: `waybill`.
    pub const PREFIX: &str = "WAYBILL_PREFIX";
    /// The login of the database server's administrator.
    pub const DATABASE_ADMIN: &str = "WAYBILL_DATABASE_ADMIN";
    /// The database servers that the janitor stops and starts.
    pub const DATABASE_SERVERS: &str = "WAYBILL_DATABASE_SERVERS";
    /// `true` where rates may be read without an API key; `false` if unset.
    pub const PUBLIC_RATES: &str = "WAYBILL_PUBLIC_RATES";
    /// Where the HTTP API listens outside Lambda; `127.0.0.1:8080` if unset.
    pub const LISTEN: &str = "WAYBILL_LISTEN";
    /// The most sessions that it opens there for each of its two roles; 8 if unset.
    pub const SESSIONS: &str = "WAYBILL_SESSIONS";
    /// How long it goes on taking requests there after SIGTERM; 2 if unset.
    pub const DRAIN_SECONDS: &str = "WAYBILL_DRAIN_SECONDS";
}

/// The release of a build that nobody named.
pub const UNRELEASED: &str = "unreleased";

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

/// Looks a variable up in this process's environment. A function's release is part of its code, not of its
/// configuration: where no variable names it, the file beside the program does.
fn process(key: &str) -> Option<String> {
    std::env::var(key).ok().or_else(|| {
        let code = std::env::var_os("LAMBDA_TASK_ROOT").filter(|_| key == keys::RELEASE)?;
        let name = std::fs::read_to_string(PathBuf::from(code).join(RELEASE_FILE)).ok()?;
        Some(name.trim().to_owned())
    })
}

/// The release that this process is of.
pub fn release() -> String {
    Variables(&process)
        .optional(keys::RELEASE)
        .unwrap_or_else(|| UNRELEASED.to_owned())
}

/// The version of the function that this process is, as Lambda numbers them; `none` outside of it.
pub fn function_version() -> String {
    std::env::var("AWS_LAMBDA_FUNCTION_VERSION").unwrap_or_else(|_| "none".to_owned())
}

/// The variables that a function of an environment is given; addresses, which are known only where things are, are
/// empty. Its release is not among them: that is part of its code.
pub fn variables_of(function: Function, names: &Names) -> BTreeMap<String, String> {
    let scale = names.scale();
    let database = Database {
        host: String::new(),
        port: 0,
        name: names.database(),
        tls: match scale {
            Scale::Local => Tls::Off,
            _ => Tls::Verify(CERTIFICATES.into()),
        },
        replica: (scale == Scale::Prod).then(|| (String::new(), 0)),
    };
    let common = Common::of(names, UNRELEASED, database);
    let mut variables = match function {
        Function::Intake => Intake::of(common, names, "", "").variables(),
        Function::Api => Api::of(common, names, "").variables(),
        Function::Migrate => common.variables(),
        Function::Provision => Provision::of(common, names, "").variables(),
        Function::Janitor => Janitor::default().variables(),
        Function::Release => Release::of(names).variables(),
    };
    variables.remove(keys::RELEASE);
    for port in [keys::DATABASE_PORT, keys::DATABASE_REPLICA_PORT] {
        variables.entry(port.to_owned()).and_modify(String::clear);
    }
    variables
}

fn incoming_bucket(from: Variables<'_>) -> Result<String, SettingsError> {
    from.required(keys::INCOMING_BUCKET, "the bucket of incoming files")
}

fn loads_url(from: Variables<'_>) -> Result<String, SettingsError> {
    from.required(keys::LOADS_QUEUE_URL, "the URL of the queue of loads")
}

/// How long a claim holds without a beat.
fn lease(from: Variables<'_>) -> Result<Duration, SettingsError> {
    let expected = "a number of seconds from 3 to 900";
    let lease_s = from
        .parsed(keys::LEASE_SECONDS, expected)?
        .unwrap_or(DEFAULT_LEASE.as_secs());
    if !(3..=900).contains(&lease_s) {
        return Err(SettingsError::Invalid {
            key: keys::LEASE_SECONDS,
            value: lease_s.to_string(),
            expected,
        });
    }
    Ok(Duration::from_secs(lease_s))
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
        let intake = Intake::of(common.clone(), &names, "https://sqs/q", "https://sqs/l");
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
