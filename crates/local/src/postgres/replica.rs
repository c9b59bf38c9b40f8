//! A streaming replica of a server that runs: a copy of its folder that follows it.

use std::path::Path;

use super::{Cluster, SUPERUSER};
use crate::error::StackError;

impl Cluster {
    /// Makes a replica at `home` of this server, which runs on `port` and keeps the log that a replica needs
    /// ([`super::Purpose::Replicated`]). The replica is a server of its own: it is started and stopped as one.
    pub fn replicate(&self, port: u16, home: &Path) -> Result<Self, StackError> {
        let home = self.account.reachable_home(home)?;
        self.account.make_folder(&home)?;
        // Its users are the primary's, the superuser among them.
        let password = home.join("superuser");
        std::fs::copy(self.home.join("superuser"), &password)
            .map_err(StackError::file(&password))?;
        self.account.give(&password)?;
        let replica = Self {
            home,
            ..self.clone()
        };
        let source = format!(
            "host=127.0.0.1 port={port} user={SUPERUSER} password={}",
            self.password
        );
        let output = self
            .command(&self.binaries.program("pg_basebackup"))
            .args(["--checkpoint=fast", "--wal-method=stream", "--no-sync"])
            // Writes down that the copy is to follow, and whom.
            .arg("--write-recovery-conf")
            .arg("--dbname")
            .arg(source)
            .arg("--pgdata")
            .arg(replica.data())
            .output()
            .map_err(|source| StackError::Start {
                what: "pg_basebackup".into(),
                source,
            })?;
        if output.status.success() {
            return Ok(replica);
        }
        Err(StackError::NotReady {
            what: "the replica".into(),
            detail: format!(
                "pg_basebackup failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            ),
        })
    }
}
