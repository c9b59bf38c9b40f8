//! The migrate function: brings the database to this release's schema, sets the login roles'
//! passwords, and proves that the contracts fit the tables.
//!
//! A release calls it before it shifts any alias; it can be called as often as one likes.

use std::time::Duration;

use lambda_runtime::Diagnostic;
use ledger::migrate::{self, Options, Report};
use ledger::{Error, ErrorKind, Session};
use platform::names::Role;
use platform::secrets::Passwords;
use serde::{Deserialize, Serialize};

/// `{"action":"migrate"}` or `{"action":"verify"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Request {
    /// Apply what is missing, set the logins, verify.
    Migrate,
    /// Change nothing; say whether the contracts fit.
    Verify,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The release that did it.
    pub release: String,
    /// Whether the contracts fit the tables: always, else it is an error that names the columns.
    pub verified: bool,
    /// What a migration did; null where nothing was asked but to verify.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

/// Why not. Its type in the function's answer tells a caller whether another try can help.
#[derive(Debug, thiserror::Error)]
#[error("{}", ledger::chain(.0))]
pub struct MigrateError(#[from] Error);

impl MigrateError {
    /// The error's name in the function's answer.
    pub fn name(&self) -> &'static str {
        match self.0.kind() {
            ErrorKind::Unreachable => "DatabaseUnreachable",
            ErrorKind::LoginRefused => "LoginRefused",
            ErrorKind::Forbidden => "Forbidden",
            ErrorKind::Conflict => "ContractMismatch",
            ErrorKind::Config => "Configuration",
            _ => "MigrationFailed",
        }
    }
}

impl From<MigrateError> for Diagnostic {
    fn from(error: MigrateError) -> Diagnostic {
        Diagnostic {
            error_type: error.name().to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// Does what was asked for, on a session of the owner's.
pub async fn handle(
    request: Request,
    session: &mut Session,
    passwords: &dyn Passwords,
    release: &str,
) -> Result<Answer, MigrateError> {
    let report = match request {
        Request::Verify => {
            migrate::verify(session, contract::shipped()).await?;
            None
        }
        Request::Migrate => {
            // Anew: this is how a rotated password reaches the database.
            let options = Options::shipped().with_logins(
                passwords.password(Role::Loader, true).await?,
                passwords.password(Role::Reader, true).await?,
                passwords.password(Role::Api, true).await?,
            );
            Some(migrate::run(session, &options).await?)
        }
    };
    Ok(Answer {
        release: release.to_owned(),
        verified: true,
        report,
    })
}

/// How long a server that is being started is waited for: a new stack's may take its time.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_by_their_action() {
        let read = |text: &str| serde_json::from_str::<Request>(text);
        assert_eq!(
            read(r#"{"action":"migrate"}"#).expect("known"),
            Request::Migrate
        );
        assert_eq!(
            read(r#"{"action":"verify"}"#).expect("known"),
            Request::Verify
        );
        assert!(read(r#"{"action":"drop"}"#).is_err());
        assert!(read("{}").is_err());
    }

    #[test]
    fn an_error_has_a_name_that_a_release_can_act_on() {
        let error = Error::new(
            ErrorKind::Conflict,
            "prices.day: the table has no such column",
        );
        let diagnostic = Diagnostic::from(MigrateError(error));
        assert_eq!(diagnostic.error_type, "ContractMismatch");
        assert!(diagnostic.error_message.contains("prices.day"));
    }

    #[test]
    fn the_answer_is_one_flat_object() {
        let answer = Answer {
            release: "c0ffee".to_owned(),
            verified: true,
            report: Some(Report {
                applied: vec!["V1__ledger".to_owned()],
                version: 1,
                known: 1,
                logins: true,
            }),
        };
        let json = serde_json::to_value(answer).expect("serialises");
        assert_eq!(json["applied"][0], "V1__ledger");
        assert_eq!(json["release"], "c0ffee");
    }
}
