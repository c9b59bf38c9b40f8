//! The state file of a local stack: which processes it started, on which ports, and the few ids and secrets that
//! the command line needs to talk to it. Readable by its owner only.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use serde::{Deserialize, Serialize};

use crate::dirs::LocalDir;
use crate::error::StackError;
use crate::process::Process;

/// What `local up` has made so far. Written after every step, so that a `down` after a broken `up` finds it all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackState {
    /// The AWS emulator.
    pub emulator: Option<Part>,
    /// The PostgreSQL server.
    pub postgres: Option<Part>,
    /// What runs the jobs of the task lane.
    #[serde(default)]
    pub tasks: Option<Process>,
    /// The database's name.
    #[serde(default)]
    pub database: String,
    /// The name of the database's owner.
    #[serde(default)]
    pub owner: String,
    /// The owner's password.
    #[serde(default)]
    pub owner_password: String,
    /// The id of the HTTP API in the emulator.
    #[serde(default)]
    pub api: String,
    /// A key for the API with every scope.
    #[serde(default)]
    pub api_key: String,
    /// The bucket that batches are put into.
    #[serde(default)]
    pub incoming_bucket: String,
    /// Whether the last `up` started PostgreSQL and the emulator only, for Terraform to make the rest.
    #[serde(default)]
    pub bare: bool,
    /// Whether the last `up` went through to its end.
    #[serde(default)]
    pub ready: bool,
}

/// A program of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The process.
    pub process: Process,
    /// The port on the loopback interface.
    pub port: u16,
}

impl Part {
    /// Whether the process runs.
    pub fn is_alive(&self) -> bool {
        self.process.is_alive()
    }
}

impl StackState {
    /// The state of the stack in `dir`; empty when nothing was ever started.
    pub fn read(dir: &LocalDir) -> Result<Self, StackError> {
        let path = dir.state_file();
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|source| StackError::State { path, source })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(StackError::File { path, source }),
        }
    }

    /// Replaces the state file in one step.
    pub fn write(&self, dir: &LocalDir) -> Result<(), StackError> {
        let path = dir.state_file();
        let next = path.with_extension("json.next");
        let bytes = serde_json::to_vec_pretty(self).map_err(|source| StackError::State {
            path: path.clone(),
            source,
        })?;
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&next)
            .map_err(StackError::file(&next))?;
        file.write_all(&bytes)
            .and_then(|()| file.sync_all())
            .map_err(StackError::file(&next))?;
        fs::rename(&next, &path).map_err(StackError::file(&path))
    }

    /// The address of the emulator.
    pub fn endpoint(&self) -> Option<String> {
        self.emulator
            .as_ref()
            .map(|part| format!("http://127.0.0.1:{}", part.port))
    }

    /// The address of the API.
    pub fn url(&self) -> Option<String> {
        if self.api.is_empty() {
            return None;
        }
        self.endpoint()
            .map(|endpoint| format!("{endpoint}/_aws/execute-api/{}", self.api))
    }

    /// The owner's address of the database.
    pub fn database_url(&self) -> Option<String> {
        self.postgres.as_ref().map(|part| {
            format!(
                "postgres://{}:{}@127.0.0.1:{}/{}",
                self.owner, self.owner_password, part.port, self.database
            )
        })
    }
}

/// The lock of one stack: held by `up` and `down` while they work.
#[derive(Debug)]
pub struct StackLock {
    _file: File,
}

impl StackLock {
    /// Waits for the lock. `on_wait` is called once when somebody else has it.
    pub fn acquire(dir: &LocalDir, on_wait: impl FnOnce()) -> Result<Self, StackError> {
        let path = dir.lock_file();
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(StackError::file(&path))?;
        if file.try_lock().is_err() {
            on_wait();
            file.lock().map_err(StackError::file(&path))?;
        }
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_only_by_its_owner() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().expect("a temporary folder");
        let dir = LocalDir::at(root.path(), None).expect("a folder");
        assert_eq!(
            StackState::read(&dir).expect("nothing yet"),
            StackState::default()
        );
        let state = StackState {
            emulator: Some(Part {
                process: Process {
                    pid: 7,
                    started: "9".into(),
                },
                port: 4566,
            }),
            api: "abc".into(),
            ..StackState::default()
        };
        state.write(&dir).expect("it can be written");
        assert_eq!(StackState::read(&dir).expect("it can be read"), state);
        let mode = fs::metadata(dir.state_file())
            .expect("it exists")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            state.url().as_deref(),
            Some("http://127.0.0.1:4566/_aws/execute-api/abc")
        );
    }
}
