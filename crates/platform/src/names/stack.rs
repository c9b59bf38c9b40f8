//! What an environment consists of, as values that serialise.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Role;

/// How large an environment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// One machine.
    Local,
    /// A short-lived stack with its own database inside dev's server.
    Preview,
    /// dev, and whatever has no name of its own.
    Dev,
    /// Production in small.
    Staging,
    /// Production.
    Prod,
}

/// Sizes and limits of one function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunctionSettings {
    /// The function's name.
    pub name: String,
    /// Memory, and with it CPU (one core at 1,769).
    pub memory_mb: u32,
    /// When Lambda ends it.
    pub timeout_s: u32,
    /// Instances at once; `None`: not limited.
    pub reserved_concurrency: Option<u32>,
    /// The logins it opens sessions as.
    pub roles: &'static [Role],
}

/// A function as an environment has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deployed {
    /// Its name and sizes.
    #[serde(flatten)]
    pub settings: FunctionSettings,
    /// The variables that it is given; addresses, which are known only where things are, are empty.
    pub variables: BTreeMap<String, String>,
}

/// The queue that says that something waits, and its mapping. In times and tries it is as the other one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoadsSettings {
    /// The queue.
    pub queue: String,
    /// Messages an invocation.
    pub batch_size: u32,
    /// Invocations, and so loads, at once.
    pub maximum_concurrency: u32,
}

/// The queue that the bucket tells of objects, and its mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IntakeSettings {
    /// The queue that the bucket tells of objects.
    pub queue: String,
    /// Its dead-letter queue, which is that of loads too.
    pub dead_letter_queue: String,
    /// Messages an invocation.
    pub batch_size: u32,
    /// How long the mapping waits for more messages.
    pub window_s: u32,
    /// The queue's visibility timeout.
    pub visibility_s: u32,
    /// Tries until a message is a dead letter.
    pub max_receive_count: u32,
    /// Invocations at once.
    pub maximum_concurrency: u32,
    /// How long a message may wait.
    pub retention_s: u32,
    /// How long a dead letter is kept.
    pub dead_letter_retention_s: u32,
}

/// Every name and size of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stack {
    /// What names begin with.
    pub prefix: String,
    /// The environment.
    pub environment: String,
    /// How large it is.
    pub scale: Scale,
    /// The alias of every function.
    pub alias: &'static str,
    /// What functions run on.
    pub runtime: &'static str,
    /// The file in the zip.
    pub handler: &'static str,
    /// What functions are built for.
    pub architecture: &'static str,
    /// The bucket of incoming files.
    pub incoming_bucket: String,
    /// The state machine that brings releases out.
    pub release_machine: String,
    /// The table with the lock that a release holds.
    pub release_locks: String,
    /// The topic that is told how releases end.
    pub release_topic: String,
    /// The HTTP API.
    pub http_api: String,
    /// The root of the parameters.
    pub parameters: String,
    /// The database.
    pub database: String,
    /// The parameters with the passwords of owner, loader, reader and api.
    pub passwords: [String; 4],
    /// Objects that arrive.
    pub intake: IntakeSettings,
    /// Batches that wait.
    pub loads: LoadsSettings,
    /// The functions that it has.
    pub functions: Vec<Deployed>,
    /// The most sessions that they open; `None`: not limited.
    pub session_budget: Option<u32>,
}
