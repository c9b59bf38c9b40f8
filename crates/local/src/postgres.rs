//! A PostgreSQL server of our own: its programs found, its folder made, started on the loopback interface, stopped.
//!
//! What happens inside it (databases, roles, migrations) belongs to the ledger. The server is reached by TCP with a
//! password only; it has no socket in the file system.

mod account;
mod binaries;
mod replica;

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub use account::Account;
pub use binaries::Binaries;

use crate::error::StackError;
use crate::ports::free_port;
use crate::process::{Process, spawn_detached};
use crate::state::Part;

/// The superuser of every server that is made here.
pub const SUPERUSER: &str = "postgres";

/// What a server is for, which decides how careful it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A local stack: as durable as a server should be, sized for a workstation.
    Stack,
    /// Tests: nothing in it outlives the test, so nothing is waited for.
    Tests,
    /// Tests with a replica, which follows what is written at once.
    Replicated,
}

impl Purpose {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Stack => &[
                "max_connections=100",
                "shared_buffers=256MB",
                "max_wal_size=4GB",
                "checkpoint_timeout=15min",
                "random_page_cost=1.1",
                "jit=off",
            ],
            Self::Tests => &[
                "max_connections=200",
                "shared_buffers=128MB",
                "max_wal_size=2GB",
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "wal_level=minimal",
                "max_wal_senders=0",
                "random_page_cost=1.1",
                "jit=off",
            ],
            Self::Replicated => &[
                "max_connections=100",
                "shared_buffers=64MB",
                "fsync=off",
                "wal_level=replica",
                "max_wal_senders=4",
                "wal_keep_size=256MB",
                "wal_receiver_timeout=5s",
                "wal_retrieve_retry_interval=100ms",
                "random_page_cost=1.1",
                "jit=off",
            ],
        }
    }
}

/// A server's folder together with the programs that run it.
#[derive(Debug, Clone)]
pub struct Cluster {
    binaries: Binaries,
    account: Account,
    home: PathBuf,
    purpose: Purpose,
    password: String,
}

impl Cluster {
    /// Opens the server's folder at `home`, making it first where it is not there. Where this process is root, the
    /// server runs as `nobody`, and a place that `nobody` cannot reach is exchanged for one that it can.
    pub fn prepare(binaries: &Binaries, home: &Path, purpose: Purpose) -> Result<Self, StackError> {
        let account = Account::for_server()?;
        let home = account.reachable_home(home)?;
        let binaries = account.reachable_binaries(binaries)?;
        account.make_folder(&home)?;
        let password = superuser_password(&home, &account)?;
        let cluster = Self {
            binaries,
            account,
            home,
            purpose,
            password,
        };
        match fs::read_to_string(cluster.data().join("PG_VERSION")) {
            Ok(version) if version.trim() == cluster.binaries.major() => {}
            Ok(version) => {
                return Err(StackError::NotReady {
                    what: "PostgreSQL".into(),
                    detail: format!(
                        "{} was made by version {} and the programs in {} are version {}: set WAYBILL_POSTGRES_BIN, or remove that folder",
                        cluster.home.display(),
                        version.trim(),
                        cluster.binaries.folder().display(),
                        cluster.binaries.major()
                    ),
                });
            }
            Err(_) => cluster.initialise()?,
        }
        Ok(cluster)
    }

    /// Starts the server, on `port` where that is free, or finds it running. Returns when it takes connections.
    pub fn start(&self, port: u16) -> Result<Part, StackError> {
        if let Some((process, _)) = self.postmaster() {
            // Perhaps it was started a moment ago, by somebody who was broken off.
            if let Ok(part) = self.ready(&process)? {
                return Ok(part);
            }
        }
        let mut seen = String::new();
        for _ in 0..5 {
            let port = free_port(port).map_err(|source| StackError::Start {
                what: "PostgreSQL".into(),
                source,
            })?;
            match self.start_on(port)? {
                Ok(part) => return Ok(part),
                Err(last) => seen = last,
            }
            // Most likely somebody else took the port in between.
        }
        Err(StackError::NotReady {
            what: "PostgreSQL".into(),
            detail: format!("{seen}; its log is {}", self.log().display()),
        })
    }

    /// The server, where it runs and takes connections.
    pub fn running(&self) -> Option<Part> {
        let (process, file) = self.postmaster()?;
        let lines: Vec<&str> = file.lines().collect();
        let ready = lines.get(7).is_some_and(|status| status.trim() == "ready");
        let port = lines.get(3)?.trim().parse().ok()?;
        ready.then_some(Part { process, port })
    }

    /// The server's process and what its file says of it. A server that was killed leaves its file behind, and its
    /// process id may be a stranger's by now: only a process that works in this folder is ours.
    fn postmaster(&self) -> Option<(Process, String)> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let process = Process::with_pid(file.lines().next()?.trim().parse().ok()?)?;
        process.works_in(&self.data()).then_some((process, file))
    }

    /// Stops the server, where it runs: sessions are ended, transactions rolled back. Returns when it is gone, and
    /// whether it ran.
    pub fn stop(&self) -> Result<bool, StackError> {
        self.stop_mode("fast")
    }

    /// Stops the server as a power cut would: the next start recovers.
    pub fn crash(&self) -> Result<bool, StackError> {
        self.stop_mode("immediate")
    }

    /// The address of one of its databases for the superuser.
    pub fn superuser_url(&self, port: u16, database: &str) -> String {
        format!(
            "postgres://{SUPERUSER}:{}@127.0.0.1:{port}/{database}",
            self.password
        )
    }

    /// The superuser's password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Where everything of the server lies.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The server's log.
    pub fn log(&self) -> PathBuf {
        self.home.join("log")
    }

    /// The programs that run it: psql and pgbench are there too.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// A command that, when its standard input ends, stops the server at once and removes its folder. A process that
    /// holds the other end of that pipe takes the server with it, however it ends.
    pub fn watchdog(&self) -> Command {
        let script =
            r#"read -r _; "$1" -D "$2/data" -m immediate -s stop; rm -rf "$2"/* && rmdir "$2""#;
        let mut command = self.command("/bin/sh".as_ref());
        command
            .arg("-c")
            .arg(script)
            .arg("watchdog")
            .arg(self.binaries.program("pg_ctl"))
            .arg(&self.home)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // Variables such as PGDATA or PGOPTIONS of whoever starts us must not reach the server.
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .current_dir("/");
        self.account.assume(&mut command);
        command
    }

    fn initialise(&self) -> Result<(), StackError> {
        // Under another name until it is whole: a folder from an interrupted run is never mistaken for a server's.
        let fresh = self.home.join("data.new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).map_err(StackError::file(&fresh))?;
        }
        let output = self
            .command(&self.binaries.program("initdb"))
            .args([
                "--username",
                SUPERUSER,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
            ])
            .arg("--pwfile")
            .arg(self.home.join("superuser"))
            .arg("--pgdata")
            .arg(&fresh)
            .output()
            .map_err(|source| StackError::Start {
                what: "initdb".into(),
                source,
            })?;
        if !output.status.success() {
            return Err(StackError::NotReady {
                what: "PostgreSQL".into(),
                detail: format!(
                    "initdb failed: {}",
                    String::from_utf8_lossy(&output.stderr).trim()
                ),
            });
        }
        fs::rename(&fresh, self.data()).map_err(StackError::file(self.data()))
    }

    /// `Err` inside: it ended, with the last line of its log.
    fn start_on(&self, port: u16) -> Result<Result<Part, String>, StackError> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(self.log())
            .map_err(StackError::file(self.log()))?;
        let errors = log.try_clone().map_err(StackError::file(self.log()))?;
        let mut command = self.command(&self.binaries.program("postgres"));
        command
            .arg("-D")
            .arg(self.data())
            .args(["-c", &format!("port={port}")])
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
            ])
            .args(["-c", "timezone=UTC", "-c", "log_timezone=UTC"])
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        for setting in self.purpose.settings() {
            command.args(["-c", setting]);
        }
        let (mut child, process) = spawn_detached(&mut command, "PostgreSQL")?;
        // Collected when it ends, which may be long after whoever started it has forgotten it.
        std::thread::spawn(move || child.wait());
        self.ready(&process)
    }

    /// Waits until a server that was started takes connections. `Err` inside: it does not, and why.
    #[expect(
        clippy::disallowed_methods,
        reason = "a condition is waited for, within a bound; there is no runtime here"
    )]
    fn ready(&self, process: &Process) -> Result<Result<Part, String>, StackError> {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(part) = self.running().filter(|part| part.process == *process) {
                return Ok(Ok(part));
            }
            if !process.is_alive() {
                return Ok(Err(format!("it ended: {}", self.last_words())));
            }
            if Instant::now() > end {
                process.stop("PostgreSQL", Duration::from_secs(5))?;
                return Ok(Err(format!(
                    "it did not take connections for 60 s: {}",
                    self.last_words()
                )));
            }
            sleep(Duration::from_millis(20));
        }
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        log.lines().last().unwrap_or("its log is empty").to_owned()
    }

    fn stop_mode(&self, mode: &str) -> Result<bool, StackError> {
        let Some((process, _)) = self.postmaster() else {
            return Ok(false);
        };
        let output = self
            .command(&self.binaries.program("pg_ctl"))
            .arg("-D")
            .arg(self.data())
            .args(["-m", mode, "-w", "-t", "60", "-s", "stop"])
            .output()
            .map_err(|source| StackError::Start {
                what: "pg_ctl".into(),
                source,
            })?;
        if output.status.success() || process.gone_within(Duration::from_secs(5)) {
            return Ok(true);
        }
        Err(StackError::Unstoppable {
            what: "PostgreSQL".into(),
            pid: process.pid,
        })
    }
}

/// The superuser's password: made once, kept beside the data for its owner only.
fn superuser_password(home: &Path, account: &Account) -> Result<String, StackError> {
    let path = home.join("superuser");
    if let Ok(password) = fs::read_to_string(&path)
        && !password.trim().is_empty()
    {
        return Ok(password.trim().to_owned());
    }
    let mut random = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut random))
        .map_err(StackError::file("/dev/urandom"))?;
    let password = format!("{:032x}", u128::from_ne_bytes(random));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .map_err(StackError::file(&path))?;
    writeln!(file, "{password}").map_err(StackError::file(&path))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
        .map_err(StackError::file(&path))?;
    account.give(&path)?;
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_starts_is_found_running_and_stops() {
        let home = tempfile::Builder::new()
            .prefix("waybill-pg-")
            .tempdir_in("/tmp")
            .expect("a folder");
        let binaries = Binaries::find(&[]).expect("PostgreSQL is installed");
        let cluster =
            Cluster::prepare(&binaries, home.path(), Purpose::Tests).expect("it can be made");
        let part = cluster.start(0).expect("it starts");
        assert!(part.is_alive());
        assert_eq!(cluster.start(0).expect("it runs"), part);
        let again = Cluster::prepare(&binaries, home.path(), Purpose::Tests).expect("it is there");
        assert_eq!(again.running(), Some(part.clone()));
        assert_eq!(
            again.superuser_url(part.port, "postgres"),
            cluster.superuser_url(part.port, "postgres")
        );
        cluster.crash().expect("it crashes");
        assert!(!part.is_alive());
        let part = cluster.start(part.port).expect("it recovers");
        cluster.stop().expect("it stops");
        assert!(!part.is_alive());
        assert_eq!(cluster.running(), None);
        assert!(!cluster.stop().expect("stopping twice is no fault"));
    }

    #[test]
    fn a_strangers_process_is_never_taken_for_the_server() {
        let home = tempfile::Builder::new()
            .prefix("waybill-pg-")
            .tempdir_in("/tmp")
            .expect("a folder");
        let binaries = Binaries::find(&[]).expect("PostgreSQL is installed");
        let cluster =
            Cluster::prepare(&binaries, home.path(), Purpose::Tests).expect("it can be made");
        let part = cluster.start(0).expect("it starts");
        let file = cluster.data().join("postmaster.pid");
        let left = fs::read_to_string(&file).expect("a running server has its file");
        cluster.crash().expect("it crashes");
        // What a kill leaves behind, once the number belongs to somebody else.
        let (mut stranger, process) =
            spawn_detached(Command::new("sleep").arg("60"), "a stranger").expect("it starts");
        let stale = left.replacen(&part.process.pid.to_string(), &process.pid.to_string(), 1);
        fs::write(&file, stale).expect("the folder can be written");
        assert_eq!(cluster.running(), None);
        assert!(!cluster.stop().expect("there is nothing to stop"));
        assert!(process.is_alive(), "the stranger was stopped");
        stranger.kill().expect("it is ours");
        stranger.wait().expect("it ends");
    }

    #[test]
    fn a_server_goes_with_whoever_holds_its_watchdog() {
        let home = tempfile::Builder::new()
            .prefix("waybill-pg-")
            .tempdir_in("/tmp")
            .expect("a folder")
            .keep();
        let binaries = Binaries::find(&[]).expect("PostgreSQL is installed");
        let cluster = Cluster::prepare(&binaries, &home, Purpose::Tests).expect("it can be made");
        let part = cluster.start(0).expect("it starts");
        let (mut dog, _) =
            spawn_detached(&mut cluster.watchdog(), "a watchdog").expect("it starts");
        drop(dog.stdin.take());
        dog.wait().expect("it ends");
        assert!(part.process.gone_within(Duration::from_secs(10)));
        assert!(!cluster.data().exists());
        let _ = fs::remove_dir(&home);
    }
}
