//! What can go wrong with the parts of the local stack. Every variant says what to do next, because the
//! person who reads it is at a terminal.

use std::path::PathBuf;

/// A part of the local stack could not be found, started, asked or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StackError {
    /// A program or folder the stack needs is not there.
    #[error("{what} was not found: {advice}")]
    Missing {
        /// What was looked for.
        what: String,
        /// What to do about it.
        advice: String,
    },
    /// A program could not be started at all.
    #[error("{what} could not be started")]
    Start {
        /// What was to be started.
        what: String,
        /// Why the system refused.
        source: std::io::Error,
    },
    /// A program was started and did not become ready.
    #[error("{what} is not ready: {detail}")]
    NotReady {
        /// What was waited for.
        what: String,
        /// The last thing seen of it, and where its log is.
        detail: String,
    },
    /// A process outlived every way of stopping it.
    #[error("process {pid} ({what}) does not stop; look at it with `ps -p {pid}`")]
    Unstoppable {
        /// What it is.
        what: String,
        /// Its process id.
        pid: u32,
    },
    /// A file of the stack's own could not be read or written.
    #[error("{path} cannot be used")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The state file is not what this version writes.
    #[error("{path} is not a state file of this version: stop its processes and remove it")]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl StackError {
    /// The closure that names the path in an I/O error.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
