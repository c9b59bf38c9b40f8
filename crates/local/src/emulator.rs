//! The AWS emulator: found, started under a clean environment on a loopback port, asked whether it is well, stopped
//! together with every function process it left behind. What is built inside it is not this module's business.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::dirs::LocalDir;
use crate::error::StackError;
use crate::ports;
use crate::process;
use crate::state::Part;

/// The port that is tried first.
pub const PREFERRED_PORT: u16 = 4566;
/// The region that everything local is in.
pub const REGION: &str = "us-east-1";
/// The access key id that the emulator hands to functions; it takes any.
pub const ACCESS_KEY_ID: &str = "local";
/// The secret that goes with it.
pub const SECRET_ACCESS_KEY: &str = "local";
/// Set in the environment of the emulator and of every function it starts: the stack's folder. That is how
/// what a killed emulator left behind is found again.
pub const MARKER: &str = "WAYBILL_LOCAL_STACK";

const WHAT: &str = "the AWS emulator (ministack)";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The emulator's program: `WAYBILL_MINISTACK`, else the one in a Python environment of the stack, else on PATH.
pub fn find(dir: &LocalDir) -> Result<PathBuf, StackError> {
    if let Some(path) = env::var_os("WAYBILL_MINISTACK").filter(|value| !value.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(StackError::Missing {
                what: format!("{} (WAYBILL_MINISTACK)", path.display()),
                advice: "name the ministack program, or unset the variable".into(),
            })
        };
    }
    let on_path = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    dir.python_environments()
        .iter()
        .map(|environment| environment.join("bin"))
        .chain(on_path)
        .map(|bin| bin.join("ministack"))
        .find(|program| program.is_file())
        .ok_or_else(|| StackError::Missing {
            what: WHAT.into(),
            advice:
                "run scripts/demo once, or `scripts/lib/tools`, which installs it into .local/venv"
                    .into(),
        })
}

/// Starts the emulator and returns when it answers.
pub fn start(dir: &LocalDir, preferred: u16) -> Result<Part, StackError> {
    let program = find(dir)?;
    let home = dir.emulator();
    let folders = [
        home.join("tmp"),
        home.join("state"),
        home.join("objects"),
        dir.logs(),
    ];
    for folder in &folders {
        fs::create_dir_all(folder).map_err(StackError::file(folder))?;
    }
    let log = dir.logs().join("ministack.log");
    // Another program may take the port between the look and the start: then another one is tried.
    let mut tried = Vec::new();
    loop {
        let wanted = if tried.is_empty() { preferred } else { 0 };
        let port = ports::free_port(wanted).map_err(|source| StackError::Start {
            what: WHAT.into(),
            source,
        })?;
        tried.push(port);
        let file = File::create(&log).map_err(StackError::file(&log))?;
        let errors = file.try_clone().map_err(StackError::file(&log))?;
        let mut command = clean_command(&program, dir, &home, port);
        command.stdin(Stdio::null()).stdout(file).stderr(errors);
        let (_child, process) = process::spawn_detached(&mut command, WHAT)?;
        let part = Part { process, port };
        match wait_until_ready(&part, &log) {
            Ok(()) => return Ok(part),
            Err(error) if tried.len() >= 3 || part.is_alive() => {
                part.process.stop(WHAT, Duration::from_secs(5))?;
                return Err(error);
            }
            Err(_) => {}
        }
    }
}

/// Functions inherit the emulator's environment whole, so it gets nothing of ours but what it needs.
fn clean_command(program: &Path, dir: &LocalDir, home: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(home)
        .env_clear()
        .env(
            "PATH",
            env::var_os("PATH")
                .as_deref()
                .unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin")),
        )
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("TMPDIR", home.join("tmp"))
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("MINISTACK_HOST", "127.0.0.1")
        .env("PERSIST_STATE", "1")
        .env("STATE_DIR", home.join("state"))
        .env("S3_PERSIST", "1")
        .env("S3_DATA_DIR", home.join("objects"))
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("AWS_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("MINISTACK_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(MARKER, dir.root());
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "a condition is waited for, within a bound; there is no runtime here"
)]
fn wait_until_ready(part: &Part, log: &Path) -> Result<(), StackError> {
    let end = Instant::now() + READY_WITHIN;
    loop {
        let last = match health(part.port) {
            Ok(200) => return Ok(()),
            Ok(status) => format!("it answers {status}"),
            Err(error) => error.to_string(),
        };
        let ended = !part.is_alive();
        if ended || Instant::now() >= end {
            let how = if ended {
                "it ended".to_owned()
            } else {
                format!("after {READY_WITHIN:?}: {last}")
            };
            return Err(StackError::NotReady {
                what: WHAT.into(),
                detail: format!("{how}; the end of {}:\n{}", log.display(), tail(log)),
            });
        }
        sleep(Duration::from_millis(30));
    }
}

/// The status of the emulator's health page.
pub fn health(port: u16) -> std::io::Result<u16> {
    let patience = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    write!(
        stream,
        "GET /_ministack/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    )?;
    let mut head = [0_u8; 12];
    stream.read_exact(&mut head)?;
    std::str::from_utf8(&head[9..])
        .ok()
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| std::io::Error::other("it does not speak HTTP"))
}

/// Stops the emulator and every process it started, and waits until they are gone. Returns how many it stopped.
pub fn stop(dir: &LocalDir, part: Option<&Part>) -> Result<usize, StackError> {
    let mut stopped = 0;
    if let Some(part) = part.filter(|part| part.is_alive()) {
        // It writes its state when asked to end; functions that work get the time to finish or be cut off.
        part.process.stop(WHAT, Duration::from_secs(20))?;
        stopped += 1;
    }
    let left = process::with_variable(MARKER, dir.root());
    for process in &left {
        process.stop("a function", Duration::from_secs(2))?;
    }
    Ok(stopped + left.len())
}

/// The last lines of a log.
pub fn tail(log: &Path) -> String {
    let text = fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
