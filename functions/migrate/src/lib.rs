//! The migrate function, which does what the database's owner does: brings it to this release's schema, sets the login
//! roles' passwords, proves that the contracts fit the tables, and keeps the API keys.
//!
//! A release calls it before it shifts any alias; it can be called as often as one likes.

use std::time::{Duration, SystemTime};

use lambda_runtime::Diagnostic;
use ledger::keys::{self, ApiKey, Scope};
use ledger::migrate::{self, Options, Report};
use ledger::{Error, ErrorKind, Session};
use platform::names::Role;
use platform::secrets::Passwords;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// `{"action":"migrate"}`, `{"action":"verify"}`, `{"action":"create_key",…}` and so on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Request {
    /// Apply what is missing, set the logins, verify.
    Migrate,
    /// Change nothing; say whether the contracts fit.
    Verify,
    /// Make an API key. The answer is the only place where it is ever seen.
    CreateKey {
        /// Whose it is.
        name: String,
        /// What it may do.
        scopes: Vec<Scope>,
        /// On which datasets; `*` for all.
        datasets: Vec<String>,
    },
    /// List the API keys.
    ListKeys,
    /// Make an API key useless.
    RevokeKey {
        /// Its public part.
        id: String,
    },
}

/// What was done. It cannot be printed by accident: it may hold a key.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To the schema.
    Schema(Schema),
    /// The new key.
    Created {
        /// The key itself.
        key: String,
        /// Its public part.
        id: String,
    },
    /// Every key.
    Keys(Vec<ApiKey>),
    /// Whether there was such a key in use.
    Revoked {
        /// Whether there was.
        revoked: bool,
    },
}

/// What was done to the schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schema {
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

/// Does what was asked for, on a session of the owner's, and ends it in time.
pub async fn handle(
    request: Request,
    session: &mut Session,
    passwords: &dyn Passwords,
    release: &str,
    until: Instant,
) -> Result<Answer, MigrateError> {
    let report = match request {
        Request::CreateKey {
            name,
            scopes,
            datasets,
        } => {
            let (key, plaintext) = keys::create(session, &name, &scopes, &datasets).await?;
            return Ok(Answer::Created {
                key: plaintext.expose().to_owned(),
                id: key.id,
            });
        }
        Request::ListKeys => return Ok(Answer::Keys(keys::list(session).await?)),
        Request::RevokeKey { id } => {
            let revoked = keys::revoke(session, &id).await?;
            return Ok(Answer::Revoked { revoked });
        }
        Request::Verify => {
            migrate::verify(session, contract::shipped()).await?;
            None
        }
        Request::Migrate => {
            // Anew: this is how a rotated password reaches the database.
            let options = Options::shipped()
                .with_logins(
                    passwords.password(Role::Loader, true).await?,
                    passwords.password(Role::Reader, true).await?,
                    passwords.password(Role::Api, true).await?,
                )
                .ending(until);
            Some(migrate::run(session, &options).await?)
        }
    };
    Ok(Answer::Schema(Schema {
        release: release.to_owned(),
        verified: true,
        report,
    }))
}

/// What is kept back of an invocation's time: to take away an index that was not finished, and to say why.
const MARGIN: Duration = Duration::from_secs(20);

/// When the work of an invocation must have ended that Lambda ends at `end`.
pub fn until(end: SystemTime) -> Instant {
    let left = end.duration_since(SystemTime::now()).unwrap_or_default();
    Instant::now() + left.saturating_sub(MARGIN)
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

    #[tokio::test(start_paused = true)]
    async fn the_work_ends_before_the_invocation_does() {
        let left = |end| {
            until(end)
                .saturating_duration_since(Instant::now())
                .as_secs()
        };
        let in_an_hour = SystemTime::now() + Duration::from_secs(3600);
        assert!((3570..=3580).contains(&left(in_an_hour)));
        assert_eq!(left(SystemTime::UNIX_EPOCH), 0);
    }

    #[test]
    fn the_answer_is_one_flat_object() {
        let answer = Answer::Schema(Schema {
            release: "c0ffee".to_owned(),
            verified: true,
            report: Some(Report {
                applied: vec!["V1__ledger".to_owned()],
                version: 1,
                known: 1,
                logins: true,
            }),
        });
        let json = serde_json::to_value(answer).expect("serialises");
        assert_eq!(json["applied"][0], "V1__ledger");
        assert_eq!(json["release"], "c0ffee");
    }
}
