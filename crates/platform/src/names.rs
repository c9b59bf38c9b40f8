//! The one place of names and sizes. The local stack reads it from here, and Terraform repeats
//! it: whatever differs between the two is a bug in one of them. `Names::stack` is all of it as
//! one value that serialises, so that a test can compare.
//!
//! Nothing here talks to AWS, and nothing here is a secret.

mod function;
mod role;
mod stack;

use thiserror::Error;

pub use function::Function;
pub use role::Role;
pub use stack::{Deployed, FunctionSettings, IntakeSettings, LoadsSettings, Scale, Stack};

use crate::settings;

/// What every name begins with unless an owner chooses otherwise (bucket names are global).
pub const PREFIX: &str = "waybill";
/// The alias that callers, event mappings and API integrations name.
pub const ALIAS: &str = "live";
/// What functions run on.
pub const RUNTIME: &str = "provided.al2023";
/// The file in a function's zip.
pub const HANDLER: &str = "bootstrap";
/// The file in a function's zip that names the release.
pub const RELEASE_FILE: &str = "release";
/// What functions are built for in AWS; a local stack takes the machine's own.
pub const ARCHITECTURE: &str = "arm64";
/// Where the authorities of the database server lie inside a function.
pub const CERTIFICATES: &str = "/var/task/rds.pem";

/// The longest that prefix and environment may be together, so that a bucket name fits 63.
const LONGEST: usize = 44;

/// Why a name was refused.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "{what} `{value}` must be lower-case letters, digits and single hyphens, begin with a letter, \
     and prefix and environment together must be at most {LONGEST} characters"
)]
pub struct NameError {
    what: &'static str,
    value: String,
}

/// The names of everything in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    prefix: String,
    environment: String,
}

impl Names {
    /// The names of an environment under the usual prefix.
    pub fn new(environment: &str) -> Result<Names, NameError> {
        Names::with_prefix(PREFIX, environment)
    }

    /// The names of an environment under a prefix of one's own.
    pub fn with_prefix(prefix: &str, environment: &str) -> Result<Names, NameError> {
        for (what, value) in [("the prefix", prefix), ("the environment", environment)] {
            if !is_name(value) || prefix.len() + environment.len() > LONGEST {
                return Err(NameError {
                    what,
                    value: value.to_owned(),
                });
            }
        }
        Ok(Names {
            prefix: prefix.to_owned(),
            environment: environment.to_owned(),
        })
    }

    /// What every name begins with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The names of another environment of the same owner.
    pub fn sibling(&self, environment: &str) -> Result<Names, NameError> {
        Names::with_prefix(&self.prefix, environment)
    }

    /// The functions that the environment has.
    pub fn functions(&self) -> impl Iterator<Item = Function> + use<> {
        let scale = self.scale();
        Function::ALL
            .into_iter()
            .filter(move |function| function.runs_at(scale))
    }

    /// The environment's own name.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// How large the environment is, by its name.
    pub fn scale(&self) -> Scale {
        match self.environment.as_str() {
            "local" => Scale::Local,
            "staging" => Scale::Staging,
            "prod" => Scale::Prod,
            name if name.starts_with("pr-") => Scale::Preview,
            _ => Scale::Dev,
        }
    }

    /// A bucket: `waybill-dev-incoming`.
    pub fn bucket(&self, purpose: &str) -> String {
        self.name(purpose)
    }

    /// The bucket that partners' files arrive in.
    pub fn incoming_bucket(&self) -> String {
        self.bucket("incoming")
    }

    /// The queue between the bucket and the intake function.
    pub fn intake_queue(&self) -> String {
        self.name("intake")
    }

    /// The queue whose messages say that something waits to be loaded.
    pub fn loads_queue(&self) -> String {
        self.name("loads")
    }

    /// Tasks at once, in an environment that has the task lane. One's own machine runs them without one.
    pub fn tasks(&self) -> u32 {
        match self.scale() {
            Scale::Local | Scale::Preview => 0,
            Scale::Dev | Scale::Staging => 8,
            Scale::Prod => 24,
        }
    }

    /// Workers of one job of the Spark lane, in an environment that has it.
    pub fn spark_workers(&self) -> u32 {
        match self.scale() {
            Scale::Prod => 8,
            Scale::Local | Scale::Preview | Scale::Dev | Scale::Staging => 0,
        }
    }

    /// A job queue of the task lane, and what its job definitions' names begin with: `waybill-dev-load-small`.
    pub fn job_queue(&self, class: &str) -> String {
        self.name(&format!("load-{class}"))
    }

    /// Where messages go that were tried often enough.
    pub fn dead_letter_queue(&self) -> String {
        self.name("intake-dead")
    }

    /// A function.
    pub fn function(&self, function: Function) -> String {
        self.name(function.as_str())
    }

    /// The bucket that releases are uploaded to: one for all environments of an account.
    pub fn artifact_bucket(&self) -> String {
        format!("{}-artifacts", self.prefix)
    }

    /// The state machine that brings releases out.
    pub fn release_machine(&self) -> String {
        self.name("release")
    }

    /// The table with the lock that a release holds.
    pub fn release_locks(&self) -> String {
        self.name("releases")
    }

    /// The topic that is told how releases end.
    pub fn release_topic(&self) -> String {
        self.name("releases")
    }

    /// The HTTP API.
    pub fn http_api(&self) -> String {
        self.name("http")
    }

    /// The root of the environment's parameters: `/waybill/dev`.
    pub fn parameters(&self) -> String {
        format!("/{}/{}", self.prefix, self.environment)
    }

    /// The parameter with a role's password: `/waybill/dev/database/loader/password`.
    pub fn password_parameter(&self, role: Role) -> String {
        role.password_parameter(&self.parameters())
    }

    /// The parameter with the password of the database server's administrator.
    pub fn admin_parameter(&self) -> String {
        format!("{}/database/admin/password", self.parameters())
    }

    /// The database, named so that previews can share a server: `waybill_pr_12`.
    pub fn database(&self) -> String {
        format!("{}_{}", self.prefix, self.environment).replace('-', "_")
    }

    /// The login of a role: `waybill_dev_loader`.
    pub fn login(&self, role: Role) -> String {
        role.login(&self.database())
    }

    /// Sizes and limits of a function.
    pub fn function_settings(&self, function: Function) -> FunctionSettings {
        let scale = self.scale();
        let (memory_mb, timeout_s) = match function {
            // One full vCPU; the loader needs 128 MiB whatever the file's size.
            Function::Intake if scale == Scale::Local => (1769, 300),
            Function::Intake => (1769, 900),
            // Just below the 30 s that the gateway waits.
            Function::Api => (512, 29),
            Function::Migrate => (256, 900),
            Function::Provision => (256, 120),
            Function::Janitor => (128, 60),
            Function::Release => (256, 300),
        };
        // Reserved concurrency is what bounds the sessions on the database, so it is set
        // everywhere but on one's own machine.
        let reserved_concurrency = match (function, scale) {
            (_, Scale::Local) => None,
            (Function::Intake, _) => Some(self.maximum_concurrency() + ARRIVALS),
            (Function::Api, Scale::Preview) => Some(5),
            (Function::Api, Scale::Dev | Scale::Staging) => Some(20),
            (Function::Api, Scale::Prod) => Some(60),
            (Function::Migrate | Function::Provision | Function::Janitor, _) => Some(1),
            // A judge that is asked again while an earlier answer is still on its way.
            (Function::Release, _) => Some(2),
        };
        FunctionSettings {
            name: self.function(function),
            memory_mb,
            timeout_s,
            reserved_concurrency,
            roles: function.roles(),
        }
    }

    /// The queue of objects and the mapping from it to the intake function.
    pub fn intake_settings(&self) -> IntakeSettings {
        let timeout_s = self.function_settings(Function::Intake).timeout_s;
        let window_s = 0;
        IntakeSettings {
            queue: self.intake_queue(),
            dead_letter_queue: self.dead_letter_queue(),
            // To become known takes milliseconds, so the messages of many objects share an invocation.
            batch_size: 10,
            window_s,
            // What AWS asks for. The function itself shortens it while it works (hiding.rs).
            visibility_s: 6 * timeout_s + window_s,
            // With the intake's pauses between them: nearly two hours (verdict.rs).
            max_receive_count: 20,
            maximum_concurrency: ARRIVALS,
            retention_s: 4 * DAY_S,
            // Dead letters keep their first date, so this must be the longer one.
            dead_letter_retention_s: 14 * DAY_S,
        }
    }

    /// The queue of loads and the mapping from it to the intake function.
    pub fn loads_settings(&self) -> LoadsSettings {
        LoadsSettings {
            queue: self.loads_queue(),
            // A load may take minutes, and a small file must not wait behind a large one, nor share its deadline.
            batch_size: 1,
            maximum_concurrency: self.maximum_concurrency(),
        }
    }

    /// Loads at once.
    fn maximum_concurrency(&self) -> u32 {
        match self.scale() {
            // Two is the least that AWS takes.
            Scale::Preview => 2,
            Scale::Local | Scale::Dev | Scale::Staging => 4,
            Scale::Prod => 16,
        }
    }

    /// The most sessions that all functions, loads as tasks and jobs of the Spark lane can open together.
    pub fn session_budget(&self) -> Option<u32> {
        let functions: Option<u32> = self
            .functions()
            .map(|function| {
                let settings = self.function_settings(function);
                Some(settings.reserved_concurrency? * function.sessions())
            })
            .sum();
        let spark = match self.spark_workers() {
            0 => 0,
            // A worker's cores keep one each, a driver two; two jobs at once are the dearest (iac/modules/spark).
            workers => workers * 4 + 4,
        };
        Some(functions? + self.tasks() * Function::Intake.sessions() + spark)
    }

    /// All of it.
    pub fn stack(&self) -> Stack {
        Stack {
            prefix: self.prefix.clone(),
            environment: self.environment.clone(),
            scale: self.scale(),
            alias: ALIAS,
            runtime: RUNTIME,
            handler: HANDLER,
            architecture: ARCHITECTURE,
            incoming_bucket: self.incoming_bucket(),
            release_machine: self.release_machine(),
            release_locks: self.release_locks(),
            release_topic: self.release_topic(),
            http_api: self.http_api(),
            parameters: self.parameters(),
            database: self.database(),
            passwords: Role::ALL.map(|role| self.password_parameter(role)),
            intake: self.intake_settings(),
            loads: self.loads_settings(),
            functions: self
                .functions()
                .map(|function| Deployed {
                    settings: self.function_settings(function),
                    variables: settings::variables_of(function, self),
                })
                .collect(),
            session_budget: self.session_budget(),
        }
    }

    fn name(&self, purpose: &str) -> String {
        format!("{}-{}-{purpose}", self.prefix, self.environment)
    }
}

/// Invocations at once that make objects known: two is the least that AWS takes, and each does hundreds a second.
const ARRIVALS: u32 = 2;
const DAY_S: u32 = 24 * 60 * 60;

/// Lower-case letters, digits and single hyphens between them, a letter first.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(environment: &str) -> Names {
        Names::new(environment).expect("a good name")
    }

    #[test]
    fn names_follow_prefix_and_environment() {
        let names = names("dev");
        assert_eq!(names.incoming_bucket(), "waybill-dev-incoming");
        assert_eq!(names.intake_queue(), "waybill-dev-intake");
        assert_eq!(names.dead_letter_queue(), "waybill-dev-intake-dead");
        assert_eq!(names.function(Function::Migrate), "waybill-dev-migrate");
        assert_eq!(
            names.password_parameter(Role::Loader),
            "/waybill/dev/database/loader/password"
        );
    }

    #[test]
    fn a_preview_has_a_database_and_logins_of_its_own() {
        let names = names("pr-12");
        assert_eq!(names.scale(), Scale::Preview);
        assert_eq!(names.database(), "waybill_pr_12");
        assert_eq!(names.login(Role::Api), "waybill_pr_12_api");
    }

    #[test]
    fn names_that_aws_would_refuse_are_refused_here() {
        for bad in ["", "Dev", "1dev", "dev-", "a--b", "dev_1", "ä"] {
            assert!(Names::new(bad).is_err(), "{bad}");
        }
        assert!(Names::new(&"a".repeat(38)).is_err());
    }

    #[test]
    fn the_queue_hides_a_message_six_timeouts_long() {
        for environment in ["local", "dev", "staging", "prod", "pr-1"] {
            let names = names(environment);
            let timeout = names.function_settings(Function::Intake).timeout_s;
            let intake = names.intake_settings();
            assert_eq!(intake.visibility_s, 6 * timeout + intake.window_s);
            assert!(intake.maximum_concurrency >= 2 && intake.max_receive_count >= 5);
            // Even where every try is killed before it can set a pause, none expires meanwhile.
            assert!(intake.visibility_s * intake.max_receive_count < intake.retention_s);
        }
    }

    #[test]
    fn sessions_stay_below_what_the_smallest_server_allows() {
        // db.t4g.micro allows about 80, the production class several hundred.
        for (environment, most) in [("pr-1", 20), ("dev", 75), ("staging", 75), ("prod", 250)] {
            let budget = names(environment).session_budget().expect("a limit");
            assert!(budget <= most, "{environment}: {budget}");
        }
    }

    #[test]
    fn the_stack_serialises_with_units_in_its_names() {
        let json = serde_json::to_value(names("local").stack()).expect("serialises");
        assert_eq!(json["intake"]["visibility_s"], 1800);
        assert_eq!(json["functions"][1]["memory_mb"], 512);
        assert_eq!(json["functions"][2]["roles"][0], "owner");
    }
}
