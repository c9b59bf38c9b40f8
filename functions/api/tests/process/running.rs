//! The program as a server: over a real database, on a port that is free.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use testkit::load::{Load, Question, ask_once};
use testkit::{Role, TestDatabase};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::program::program;

/// How long anything may take that is waited for.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const RATES: &str =
    "/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";
pub const READY: &str = "/health/ready";

/// The program over a database, on a port that is free. It does not drain unless `more` says so.
pub async fn server(database: &TestDatabase, more: &[(&str, &str)]) -> Command {
    let config = database.config(Role::Api);
    let endpoint = testkit::parameter_store(database.password().expose()).await;
    let mut program = program(&[
        ("WAYBILL_DRAIN_SECONDS", "0"),
        ("WAYBILL_LISTEN", "127.0.0.1:0"),
        ("AWS_ENDPOINT_URL", &endpoint),
        ("WAYBILL_DATABASE_HOST", &config.host),
        ("WAYBILL_DATABASE_PORT", &config.port.to_string()),
        ("WAYBILL_DATABASE_NAME", database.name()),
    ]);
    program.envs(more.iter().copied()).kill_on_drop(true);
    program
}

/// Starts it, and waits until it says on which port.
pub async fn serving(database: &TestDatabase, more: &[(&str, &str)]) -> (Child, SocketAddr) {
    let mut program = server(database, more)
        .await
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(program.stderr.take().expect("its log")).lines();
    let address = timeout(PATIENCE, async {
        while let Some(line) = lines.next_line().await.expect("a line") {
            if let Some((_, address)) = line.split_once("listening address=") {
                return address.trim().parse().expect("an address");
            }
        }
        panic!("the program ended before it listened");
    })
    .await
    .expect("it listens in time");
    // Who does not read its log would stop it in the end.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (program, address)
}

pub fn ask_to_stop(program: &Child, signal: Signal) {
    let id = program.id().expect("it runs").cast_signed();
    kill_process(Pid::from_raw(id).expect("an id"), signal).expect("the signal is sent");
}

pub async fn ended(mut program: Child) -> ExitStatus {
    timeout(PATIENCE, program.wait())
        .await
        .expect("it ends in time")
        .expect("a status")
}

/// Waits until a condition holds, asking again and again.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, asking)
        .await
        .unwrap_or_else(|_| panic!("in vain: {what}"));
}

/// Asks once, over a connection of its own; the status and the body, if there was an answer.
pub async fn ask(address: SocketAddr, path: &str) -> Option<(u16, Value)> {
    let (status, _, body) = ask_once(address, &Question::get(path, "")).await.ok()?;
    Some((status, serde_json::from_slice(&body).expect("JSON")))
}

/// Whether it is answered with this status.
pub async fn answers(address: SocketAddr, path: &str, expected: u16) -> bool {
    matches!(ask(address, path).await, Some((status, _)) if status == expected)
}

/// Readers of one route, this many at once.
pub fn readers(addresses: &[SocketAddr], connections: usize) -> Load {
    Load {
        addresses: addresses.to_vec(),
        connections,
        questions: vec![Question::get(RATES, "")],
    }
}
