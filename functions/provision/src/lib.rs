//! The provision function: a database on the server, with its owner, made for an environment or taken away with it.
//!
//! It alone has the administrator's password. dev's function does the same for previews, which share dev's server, so
//! that code from a pull request never sees that password. Only a preview's database is ever dropped.

use std::time::Duration;

use lambda_runtime::Diagnostic;
use ledger::migrate::{Bootstrap, bootstrap, drop_database};
use ledger::{Error, ErrorKind, Session};
use platform::names::{Names, Role, Scale};
use platform::secrets::Store;
use serde::{Deserialize, Serialize};

/// `{"environment":"pr-12"}`, with `"action":"drop"` to take it away.
///
/// Terraform's `aws_lambda_invocation` says the same in its own way: it adds `"tf":{"action":"delete"}` when the
/// invocation is destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Request {
    /// Whose database.
    pub environment: String,
    #[serde(default)]
    action: Action,
    #[serde(default)]
    tf: Option<Terraform>,
}

/// What is to be done with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Made, or completed where it is there.
    #[default]
    Make,
    /// Dropped, with everything in it and its logins.
    Drop,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Terraform {
    action: String,
}

impl Request {
    /// What is to be done, whoever says it.
    pub fn action(&self) -> Action {
        match &self.tf {
            Some(tf) if tf.action == "delete" => Action::Drop,
            _ => self.action,
        }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What was done.
    pub action: Action,
    /// With which database.
    pub database: String,
}

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The request asks for what this function must not do.
    #[error("{0}")]
    Refused(String),
    /// The server or the parameter store said no.
    #[error("{}", ledger::chain(.0))]
    Server(#[from] Error),
}

impl ProvisionError {
    /// The error's name in the function's answer.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused(_) => "Refused",
            Self::Server(error) => match error.kind() {
                ErrorKind::Unreachable => "DatabaseUnreachable",
                ErrorKind::LoginRefused => "LoginRefused",
                ErrorKind::Forbidden => "Forbidden",
                ErrorKind::Config => "Configuration",
                _ => "ProvisionFailed",
            },
        }
    }
}

impl From<ProvisionError> for Diagnostic {
    fn from(error: ProvisionError) -> Diagnostic {
        Diagnostic {
            error_type: error.name().to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// Does what was asked for, on a session of the administrator's. `own` is the environment that the function is of.
pub async fn handle(
    request: &Request,
    session: &Session,
    own: &Names,
    store: &Store,
) -> Result<Answer, ProvisionError> {
    let action = request.action();
    let names = permitted(own, &request.environment, action).map_err(ProvisionError::Refused)?;
    let database = names.database();
    match action {
        Action::Make => {
            let owner = &store.read(&names.password_parameter(Role::Owner)).await?;
            let new = Bootstrap {
                database: &database,
                owner,
            };
            bootstrap(session, &new).await?;
        }
        Action::Drop => drop_database(session, &database).await?,
    }
    Ok(Answer { action, database })
}

/// The names of the environment, where the function may do that for it.
fn permitted(own: &Names, environment: &str, action: Action) -> Result<Names, String> {
    let names = own
        .sibling(environment)
        .map_err(|error| error.to_string())?;
    let preview = names.scale() == Scale::Preview;
    match action {
        Action::Make if preview || names == *own => Ok(names),
        Action::Make => Err(format!(
            "{environment} is neither {} nor a preview, `pr-<number>`: its own function makes its database",
            own.environment()
        )),
        Action::Drop if preview => Ok(names),
        Action::Drop => Err(format!(
            "{environment} is no preview, `pr-<number>`: its database is not dropped by a function"
        )),
    }
}

/// How long a server that is being started is waited for: a new stack's may take its time.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn dev() -> Names {
        Names::new("dev").expect("a good name")
    }

    fn request(text: &str) -> Request {
        serde_json::from_str(text).expect("a request")
    }

    #[test]
    fn terraform_and_people_ask_for_the_same() {
        let made = request(r#"{"environment":"pr-1","tf":{"action":"create","prev_input":null}}"#);
        assert_eq!(made.action(), Action::Make);
        let updated = request(r#"{"environment":"pr-1","tf":{"action":"update"}}"#);
        assert_eq!(updated.action(), Action::Make);
        let dropped = request(r#"{"environment":"pr-1","tf":{"action":"delete"}}"#);
        assert_eq!(dropped.action(), Action::Drop);
        let dropped = request(r#"{"environment":"pr-1","action":"drop"}"#);
        assert_eq!(dropped.action(), Action::Drop);
    }

    #[test]
    fn only_previews_are_dropped_and_only_ones_own_and_previews_are_made() {
        let allowed = |environment, action| permitted(&dev(), environment, action).is_ok();
        assert!(allowed("dev", Action::Make) && allowed("pr-12", Action::Make));
        assert!(allowed("pr-12", Action::Drop));
        for other in ["dev", "prod", "staging", "preview", "pr_12", "Pr-1", ""] {
            assert!(!allowed(other, Action::Drop), "{other}");
        }
        for other in ["prod", "staging", "preview", "pr 1"] {
            assert!(!allowed(other, Action::Make), "{other}");
        }
    }
}
