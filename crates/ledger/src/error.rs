//! What can go wrong between us and the database, as kinds that callers act on.
//!
//! The server's own error carries row values in its detail, hint and context, and in the messages of
//! data exceptions. None of that is kept: [`Fault`] holds what is safe to log.

use std::{borrow::Cow, error::Error as StdError, fmt};

use tokio_postgres::error::{DbError, SqlState};

use crate::connect::Secret;

/// What a caller can do about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The database cannot be reached, is restarting, or did not answer in time. Try again later.
    Unreachable,
    /// The login was refused. The password may have been rotated: read it again.
    LoginRefused,
    /// What is asked for does not exist.
    NotFound,
    /// The request does not fit the state of things; [`Error::context`] says why, for the outside too.
    Conflict,
    /// The role may not do this.
    Forbidden,
    /// The data breaks a rule of the database.
    Data,
    /// Settings are wrong or missing.
    Config,
    /// Anything else: a defect of ours.
    Internal,
}

/// An error of the ledger: a kind, what was being done, and its source.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    context: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Shorthand for this crate's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error without a source.
    pub fn new(kind: ErrorKind, context: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            context: context.into(),
            source: None,
        }
    }

    /// The same error with its source.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error, saying what was being done when it happened.
    #[must_use]
    pub fn doing(mut self, context: impl Into<Cow<'static, str>>) -> Self {
        self.context = context.into();
        self
    }

    pub(crate) fn conflict(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, reason)
    }

    pub(crate) fn not_found(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, what)
    }

    pub(crate) fn internal(context: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, context)
    }

    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was being done, or for [`ErrorKind::Conflict`] the reason. Holds no row values.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// Whether trying the same again later can help.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Unreachable | ErrorKind::LoginRefused)
    }

    /// What the server said, where the server said something.
    pub fn fault(&self) -> Option<&Fault> {
        self.source.as_deref().and_then(|s| s.downcast_ref())
    }

    /// The server's five-character code, where the server said something.
    pub fn sqlstate(&self) -> Option<&str> {
        self.fault().map(|f| f.code.as_str())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::from_driver(&error)
    }
}

impl Error {
    /// What is worth keeping of a driver's error.
    pub(crate) fn from_driver(error: &tokio_postgres::Error) -> Self {
        if let Some(database) = error.as_db_error() {
            let fault = Fault::from(database);
            return Self {
                kind: fault.kind(),
                context: "the database refused".into(),
                source: Some(Box::new(fault)),
            };
        }
        let text = error.to_string();
        // Conversions and wrong columns are our defects; everything else without an answer from the
        // server is a connection that could not be made or did not last.
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let (kind, context) = if has(&[
            "serializ",
            "column",
            "parameters",
            "number of rows",
            "encoding",
        ]) {
            (ErrorKind::Internal, "a statement does not fit the database")
        } else if has(&["connection string", "configuration"]) {
            (ErrorKind::Config, "the database settings are not usable")
        } else if has(&["authentication"]) {
            (ErrorKind::LoginRefused, "the database login failed")
        } else {
            (ErrorKind::Unreachable, "the database cannot be reached")
        };
        // What a conversion could not convert may be a value; what a network says is not.
        let text = match error.source() {
            Some(source) if kind == ErrorKind::Unreachable => format!("{text}: {}", chain(source)),
            _ => text,
        };
        Self {
            kind,
            context: context.into(),
            source: Some(text.into()),
        }
    }
}

/// The server's answer without anything that may hold a row's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// SQLSTATE.
    pub code: String,
    /// The message, where its class is known to name objects and never values.
    pub message: Option<String>,
    /// The table it is about.
    pub table: Option<String>,
    /// The column it is about.
    pub column: Option<String>,
    /// The constraint that was broken.
    pub constraint: Option<String>,
    /// Of a row that no partition of its table takes: its partition key, `(day) = (2031-01-01)`. For the ledger, never for a log.
    pub unplaced: Option<Secret>,
}

impl Fault {
    fn kind(&self) -> ErrorKind {
        match self.code.as_str() {
            // Too many connections, out of memory or disk, not available, cancelled or timed out,
            // deadlock, serialization, idle-transaction timeout.
            "57014" | "55P03" | "40001" | "40P01" | "25P03" | "25006" => ErrorKind::Unreachable,
            "42501" => ErrorKind::Forbidden,
            "3D000" => ErrorKind::Config,
            code => match &code[..code.len().min(2)] {
                "08" | "53" | "57" | "58" => ErrorKind::Unreachable,
                "28" => ErrorKind::LoginRefused,
                "22" | "23" => ErrorKind::Data,
                _ => ErrorKind::Internal,
            },
        }
    }
}

impl From<&DbError> for Fault {
    fn from(error: &DbError) -> Self {
        let code = error.code().code().to_owned();
        // Classes whose messages name objects, limits and states. Data exceptions (22), what a function
        // raises (P0) and all others may quote a value.
        let safe = [
            "08", "0A", "23", "25", "28", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57",
            "58",
        ];
        let message = safe
            .contains(&&code[..code.len().min(2)])
            .then(|| error.message().to_owned());
        Self {
            code,
            message,
            table: error.table().map(str::to_owned),
            column: error.column().map(str::to_owned),
            constraint: error.constraint().map(str::to_owned),
            unplaced: unplaced(error),
        }
    }
}

/// The server has no code of its own for it: it is a broken check that has a table and no name.
fn unplaced(error: &DbError) -> Option<Secret> {
    let no_partition = error.code() == &SqlState::CHECK_VIOLATION
        && error.constraint().is_none()
        && error.table().is_some();
    // Words in the server's language, then the key, `(day) = (2031-01-01)`. Without the right to read the column there is none;
    // a row that its own partition refuses is told with all its values, which are nobody's.
    let detail = error.detail().unwrap_or_default();
    let key = detail
        .split_once('(')
        .filter(|(_, key)| key.contains(") = ("))
        .map_or("", |(_, key)| key);
    let key = key.trim_end_matches('.');
    no_partition.then(|| {
        Secret::new(if key.is_empty() {
            String::new()
        } else {
            format!("({key}")
        })
    })
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQLSTATE {}", self.code)?;
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if let Some(column) = &self.column {
            write!(f, " (column {column})")?;
        }
        if let Some(constraint) = &self.constraint {
            write!(f, " (constraint {constraint})")?;
        }
        Ok(())
    }
}

impl StdError for Fault {}

/// An error and all its sources on one line, for the one place that prints it.
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_has_every_source_once() {
        let error = Error::new(ErrorKind::Unreachable, "claiming a batch")
            .with_source(std::io::Error::other("broken pipe"));
        assert_eq!(chain(&error), "claiming a batch: broken pipe");
    }

    #[test]
    fn codes_map_to_what_a_caller_can_do() {
        let kind = |code: &str| {
            Fault {
                code: code.to_owned(),
                message: None,
                table: None,
                column: None,
                constraint: None,
                unplaced: None,
            }
            .kind()
        };
        assert_eq!(kind("57P01"), ErrorKind::Unreachable);
        assert_eq!(kind("57P03"), ErrorKind::Unreachable);
        assert_eq!(kind("53300"), ErrorKind::Unreachable);
        assert_eq!(kind("08006"), ErrorKind::Unreachable);
        assert_eq!(kind("28P01"), ErrorKind::LoginRefused);
        assert_eq!(kind("42501"), ErrorKind::Forbidden);
        assert_eq!(kind("23503"), ErrorKind::Data);
        assert_eq!(kind("42P01"), ErrorKind::Internal);
    }
}
