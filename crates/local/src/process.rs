//! Processes by identity. A process id alone is reused by the system, so every process that the stack started
//! is remembered with the time it started at, and nothing is ever signalled that does not match both.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::error::StackError;

/// One process, and no other that may get its number later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The process id.
    pub pid: u32,
    /// When it started, in whatever unit the system gives; only ever compared.
    pub started: String,
}

impl Process {
    /// The process that has this id now, unless it has ended.
    pub fn with_pid(pid: u32) -> Option<Self> {
        start_time(pid).map(|started| Self { pid, started })
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        start_time(self.pid).as_deref() == Some(self.started.as_str())
    }

    /// Whether this is its working folder. Only Linux can tell; elsewhere it is taken to be.
    pub fn works_in(&self, folder: &Path) -> bool {
        if !Path::new("/proc/self/cwd").exists() {
            return true;
        }
        let place = fs::read_link(format!("/proc/{}/cwd", self.pid));
        matches!((place, folder.canonicalize()), (Ok(place), Ok(folder)) if place == folder)
    }

    /// Ends it: asks first, waits for `patience`, then ends it for certain. True when it ended by itself.
    pub fn stop(&self, what: &str, patience: Duration) -> Result<bool, StackError> {
        self.signal(Signal::TERM);
        if self.gone_within(patience) {
            return Ok(true);
        }
        self.signal(Signal::KILL);
        if self.gone_within(Duration::from_secs(5)) {
            return Ok(false);
        }
        Err(StackError::Unstoppable {
            what: what.to_owned(),
            pid: self.pid,
        })
    }

    /// Waits until it has ended.
    #[expect(
        clippy::disallowed_methods,
        reason = "a condition is waited for, within a bound; there is no runtime here"
    )]
    pub fn gone_within(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() >= end {
                return false;
            }
            sleep(Duration::from_millis(20));
        }
        true
    }

    fn signal(&self, signal: Signal) {
        if !self.is_alive() {
            return;
        }
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // A process that ended in between is what was wanted.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Starts `command` so that it outlives this process and the terminal's interrupt.
pub fn spawn_detached(command: &mut Command, what: &str) -> Result<(Child, Process), StackError> {
    use std::os::unix::process::CommandExt as _;
    let start = |source| StackError::Start {
        what: what.to_owned(),
        source,
    };
    let mut child = command.process_group(0).spawn().map_err(start)?;
    if let Some(process) = Process::with_pid(child.id()) {
        return Ok((child, process));
    }
    let status = child.wait().map_err(start)?;
    Err(StackError::NotReady {
        what: what.to_owned(),
        detail: format!("it ended at once ({status})"),
    })
}

/// Every process whose environment holds exactly `name=value`. Only Linux can tell; elsewhere there are none.
pub fn with_variable(name: &str, value: &Path) -> Vec<Process> {
    let wanted = format!("{name}={}", value.display());
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != std::process::id())
        .filter(|pid| {
            fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                environment
                    .split(|b| *b == 0)
                    .any(|entry| entry == wanted.as_bytes())
            })
        })
        .filter_map(Process::with_pid)
        .collect()
}

/// When a process started; `None` when there is no such process or it has ended and only waits to be collected.
fn start_time(pid: u32) -> Option<String> {
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        return parse_stat(&stat);
    }
    let output = Command::new("ps")
        .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let line = String::from_utf8(output.stdout).ok()?;
    let (state, started) = line.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

/// The start time in a line of `/proc/<pid>/stat`. The name in parentheses may hold spaces and parentheses itself.
fn parse_stat(stat: &str) -> Option<String> {
    let after_name = &stat[stat.rfind(')')? + 1..];
    let mut fields = after_name.split_ascii_whitespace();
    let state = fields.next()?;
    // The state is field 3 of the line, the start time field 22.
    let started = fields.nth(18)?;
    (!matches!(state, "Z" | "X")).then(|| started.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_time_is_read_behind_a_name_with_parentheses() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 1 2 3";
        assert_eq!(parse_stat(stat).as_deref(), Some("987654"));
        assert_eq!(parse_stat(&stat.replace(" S ", " Z ")), None);
    }

    #[test]
    fn a_process_with_the_same_number_and_another_start_is_never_signalled() {
        let (mut child, process) =
            spawn_detached(Command::new("sleep").arg("60"), "a sleeper").expect("it starts");
        let other = Process {
            started: "0".into(),
            ..process.clone()
        };
        assert!(!other.is_alive());
        other
            .stop("another", Duration::from_millis(10))
            .expect("nothing to stop");
        assert!(process.is_alive());
        process
            .stop("a sleeper", Duration::from_secs(5))
            .expect("it stops");
        assert!(!process.is_alive());
        child.wait().expect("collected");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_found_by_its_environment() {
        let here = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new("sleep");
        command.arg("60").env("WAYBILL_PROCESS_TEST", here.path());
        let (mut child, process) = spawn_detached(&mut command, "a sleeper").expect("it starts");
        // The environment is readable once the program has been exchanged for the new one.
        let end = Instant::now() + Duration::from_secs(5);
        while with_variable("WAYBILL_PROCESS_TEST", here.path()) != [process.clone()] {
            assert!(Instant::now() < end, "not found by its environment");
        }
        process
            .stop("a sleeper", Duration::from_secs(5))
            .expect("it stops");
        child.wait().expect("collected");
    }
}
