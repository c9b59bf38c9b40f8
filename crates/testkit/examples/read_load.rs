//! Asks a server as fast as it answers and tells how fast that was: for `scripts/bench reads`.
//!
//!     read_load ADDRESS CONNECTIONS SECONDS [tags] < paths
//!
//! Each path is asked once first; every later answer must be the same to the byte. With `tags` each question carries the
//! entity tag of that answer, and 304 must come. One thread: the cores are the server's.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it measured is its output"
)]

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::load::{Load, Question, Tally, ask_once};

const USAGE: &str = "usage: read_load ADDRESS CONNECTIONS SECONDS [tags] < paths";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match measure(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("read_load: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &[String]) -> Result<(), String> {
    let [address, connections, seconds, more @ ..] = arguments else {
        return Err(USAGE.to_owned());
    };
    let address: SocketAddr = address.parse().map_err(|_| USAGE)?;
    let seconds: f64 = seconds.parse().map_err(|_| USAGE)?;
    let mut questions = Vec::new();
    for path in std::io::stdin().lines() {
        let path = path.map_err(|error| error.to_string())?;
        questions.push(question(address, &path, !more.is_empty()).await?);
    }
    let load = Load {
        addresses: vec![address],
        connections: connections.parse().map_err(|_| USAGE)?,
        questions,
    };
    let began = Instant::now();
    let running = load.start();
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    let tally = running.stop().await;
    tell(tally, began.elapsed());
    Ok(())
}

/// A path as a question whose answer is known.
async fn question(address: SocketAddr, path: &str, tagged: bool) -> Result<Question, String> {
    let mut question = Question::get(path, "");
    let (status, tag, body) = ask_once(address, &question)
        .await
        .map_err(|error| format!("{path}: {error}"))?;
    if status != 200 {
        return Err(format!("{path} is answered with {status}"));
    }
    question.expected = Some((200, body));
    if tagged {
        let tag = tag.ok_or_else(|| format!("{path} has no entity tag"))?;
        question = Question::get(path, &format!("If-None-Match: {tag}\r\n"));
        question.expected = Some((304, Vec::new()));
    }
    Ok(question)
}

fn tell(mut tally: Tally, took: Duration) {
    tally.micros.sort_unstable();
    let at = |share: f64| {
        let place = (tally.micros.len() as f64 * share) as usize;
        tally
            .micros
            .get(place)
            .map(|micros| f64::from(*micros) / 1000.0)
    };
    println!(
        "{}",
        json!({
            "rate": (tally.micros.len() as f64 / took.as_secs_f64()).round(),
            "p50_ms": at(0.5),
            "p99_ms": at(0.99),
            "answers": tally.answers,
            "lost": tally.lost,
            "wrong": tally.wrong,
        })
    );
}
