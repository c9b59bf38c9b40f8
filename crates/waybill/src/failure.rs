//! How a command ends: four exit statuses, and an error that says what happened, why, and what to do next.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

/// The exit status of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// The data or the work failed.
    Failed = 1,
    /// The command was given something it does not understand.
    Misuse = 2,
    /// Something that the command needs could not be reached.
    Unreachable = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit status.
    pub(crate) exit: Exit,
    what: String,
    advice: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// The data or the work failed.
    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self::new(Exit::Failed, what)
    }

    /// The command was misused.
    pub(crate) fn misuse(what: impl Into<String>) -> Self {
        Self::new(Exit::Misuse, what)
    }

    /// Something needed could not be reached.
    pub(crate) fn unreachable(what: impl Into<String>) -> Self {
        Self::new(Exit::Unreachable, what)
    }

    /// The reader of the output went away: nothing more to do, and nothing wrong.
    pub(crate) fn closed_output() -> Self {
        Self::new(Exit::Done, "")
    }

    fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            advice: None,
            source: None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Why.
    #[must_use]
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What to do about it, where somebody said so.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// Whether there is anything to print.
    pub(crate) fn is_silent(&self) -> bool {
        self.what.is_empty()
    }
}

impl fmt::Display for Failure {
    /// What happened and every cause, once each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let mut said = self.what.clone();
        let mut cause = self.source.as_deref().map(|error| error as &dyn Error);
        while let Some(error) = cause {
            let text = error.to_string();
            if !said.contains(&text) {
                write!(f, ": {text}")?;
                said.push_str(&text);
            }
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Failure {}

impl From<local::StackError> for Failure {
    fn from(error: local::StackError) -> Self {
        let exit = match error {
            local::StackError::Missing { .. } | local::StackError::NotReady { .. } => {
                Exit::Unreachable
            }
            _ => Exit::Failed,
        };
        Self {
            exit,
            what: "the local stack".into(),
            advice: None,
            source: Some(error.into()),
        }
    }
}

impl From<ledger::Error> for Failure {
    fn from(error: ledger::Error) -> Self {
        let failure = match error.kind() {
            ledger::ErrorKind::Unreachable => {
                Self::unreachable("the database could not be reached")
                    .advice("is it running, and is DATABASE_URL right?")
            }
            ledger::ErrorKind::LoginRefused => Self::unreachable("the database refused the login")
                .advice("check user and password in DATABASE_URL"),
            _ => Self::failed("the database refused"),
        };
        failure.because(error)
    }
}

/// What a command gives back.
pub(crate) type Outcome<T = Exit> = Result<T, Failure>;

/// Turns foreign errors into failures, with words of our own in front.
pub(crate) trait OrFail<T> {
    /// The work failed.
    fn or_failed(self, what: impl Into<String>) -> Outcome<T>;
    /// Something could not be reached.
    fn or_unreachable(self, what: impl Into<String>) -> Outcome<T>;
    /// The command was misused.
    fn or_misuse(self, what: impl Into<String>) -> Outcome<T>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> OrFail<T> for Result<T, E> {
    fn or_failed(self, what: impl Into<String>) -> Outcome<T> {
        self.map_err(|error| Failure::failed(what).because(error))
    }

    fn or_unreachable(self, what: impl Into<String>) -> Outcome<T> {
        self.map_err(|error| Failure::unreachable(what).because(error))
    }

    fn or_misuse(self, what: impl Into<String>) -> Outcome<T> {
        self.map_err(|error| Failure::misuse(what).because(error))
    }
}

/// A failed write to stdout: a closed pipe ends the command quietly.
pub(crate) fn output(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Failure::closed_output()
    } else {
        Failure::failed("the output could not be written").because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        let failure = Failure::failed("no luck")
            .because(io::Error::other("no luck"))
            .advice("try again");
        assert_eq!(failure.to_string(), "no luck");
        let failure = Failure::failed("no luck").because(io::Error::other("the door is shut"));
        assert_eq!(failure.to_string(), "no luck: the door is shut");
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let failure = output(io::ErrorKind::BrokenPipe.into());
        assert_eq!(failure.exit, Exit::Done);
        assert!(failure.is_silent());
    }
}
