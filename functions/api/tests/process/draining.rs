//! A process that is replaced: readers learn of its end before it, and none of them loses an answer.

use std::process::Stdio;

use rustix::process::Signal;
use serde_json::Value;
use testkit::migrated_database;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;

use crate::running::{
    PATIENCE, RATES, READY, answers, ask, ask_to_stop, ended, readers, server, serving, until,
};

const DRAINING: (&str, &str) = ("WAYBILL_DRAIN_SECONDS", "2");

#[tokio::test]
async fn it_says_that_it_ends_while_it_still_answers() {
    let database = migrated_database().await;
    let (program, address) = serving(&database, &[DRAINING]).await;
    until("it is ready", async || answers(address, READY, 200).await).await;

    ask_to_stop(&program, Signal::TERM);
    until("it says that it ends", async || {
        answers(address, READY, 503).await
    })
    .await;
    let (_, problem) = ask(address, READY).await.expect("it still listens");
    assert_eq!(problem["type"], "/problems/not-ready");
    assert!(
        answers(address, RATES, 200).await,
        "who did not hear of it is answered"
    );
    assert!(answers(address, "/health/live", 200).await);
    assert!(ended(program).await.success());
    assert!(
        ask(address, READY).await.is_none(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn a_process_is_replaced_under_load_without_the_loss_of_an_answer() {
    let database = migrated_database().await;
    let (old, first) = serving(&database, &[DRAINING]).await;
    let (_new, second) = serving(&database, &[DRAINING]).await;
    let running = readers(&[first, second], 16).start();
    until("both are asked", async || running.answered() > 500).await;

    ask_to_stop(&old, Signal::TERM);
    assert!(ended(old).await.success());
    let answered = running.answered();
    until("the other one answers all", async || {
        running.answered() > answered + 500
    })
    .await;
    let tally = running.stop().await;
    assert_eq!(tally.lost, 0, "of {}", tally.sent());
    assert_eq!(
        tally.answers.keys().collect::<Vec<_>>(),
        [&200],
        "{:?}",
        tally.answers
    );
}

#[tokio::test]
async fn a_container_tells_of_its_requests_in_one_line() {
    let database = migrated_database().await;
    let container = ("ECS_CONTAINER_METADATA_URI_V4", "http://127.0.0.1:1");
    let mut program = server(&database, &[container])
        .await
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(program.stdout.take().expect("its log")).lines();
    let mut line = async || {
        let line = timeout(PATIENCE, lines.next_line()).await;
        let line = line.expect("a line in time").expect("a line")?;
        Some(serde_json::from_str::<Value>(&line).expect("every line is JSON"))
    };
    let listening = line().await.expect("it lives");
    let address = listening["address"].as_str().expect("an address");
    let address = address.parse().expect("an address");
    for (path, expected) in [
        (RATES, 200),
        (RATES, 200),
        ("/rates", 400),
        ("/health/live", 200),
        ("/wp-login.php", 404),
    ] {
        assert!(answers(address, path, expected).await, "{path}");
    }
    ask_to_stop(&program, Signal::TERM);
    let mut told = Vec::new();
    while let Some(line) = line().await {
        told.extend((!line["_aws"].is_null()).then_some(line));
    }
    assert!(ended(program).await.success());
    // Health checks and paths that there are not do not count.
    let [told] = &told[..] else {
        panic!("one line is expected: {told:?}");
    };
    assert_eq!(
        (&told["requests"], &told["client_errors"]),
        (&3.into(), &1.into())
    );
}
