//! The functions, and what each needs.

use serde::Serialize;

use super::{Role, Scale};

/// The functions of this release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// Queue messages become loaded batches.
    Intake,
    /// HTTP.
    Api,
    /// Schema and roles.
    Migrate,
    /// Databases on the server, with their owners.
    Provision,
    /// Database servers stopped outside hours.
    Janitor,
    /// What a release needs beside its state machine: judging, traffic, old versions.
    Release,
}

impl Function {
    /// Every function.
    pub const ALL: [Function; 6] = [
        Function::Intake,
        Function::Api,
        Function::Migrate,
        Function::Provision,
        Function::Janitor,
        Function::Release,
    ];

    /// Whether an environment of that size has it.
    pub const fn runs_at(self, scale: Scale) -> bool {
        match self {
            Function::Intake | Function::Api | Function::Migrate | Function::Release => true,
            // A preview's database lies on dev's server, and dev's function makes it.
            Function::Provision => !matches!(scale, Scale::Preview),
            // The environments that sleep.
            Function::Janitor => matches!(scale, Scale::Dev | Scale::Staging),
        }
    }

    /// The name without prefix and environment; also the crate's and the binary's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Function::Intake => "intake",
            Function::Api => "api",
            Function::Migrate => "migrate",
            Function::Provision => "provision",
            Function::Janitor => "janitor",
            Function::Release => "release",
        }
    }

    /// The database logins that the function opens sessions as.
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Function::Intake => &[Role::Loader],
            Function::Api => &[Role::Api, Role::Reader],
            Function::Migrate => &[Role::Owner],
            // The administrator's login is no role of a database.
            Function::Provision | Function::Janitor | Function::Release => &[],
        }
    }

    /// The passwords that the function may read: `migrate` also sets those of the others.
    pub const fn passwords(self) -> &'static [Role] {
        match self {
            Function::Migrate => &Role::ALL,
            Function::Provision => &[Role::Owner],
            other => other.roles(),
        }
    }

    /// The most sessions that one instance keeps open.
    pub const fn sessions(self) -> u32 {
        match self {
            // One claims and beats, one loads. The API: one a role.
            Function::Intake | Function::Api => 2,
            Function::Migrate | Function::Provision => 1,
            Function::Janitor | Function::Release => 0,
        }
    }
}
