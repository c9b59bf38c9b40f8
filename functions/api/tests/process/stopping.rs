//! Outside Lambda: who asks the program to stop does not cut an answer.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rustix::process::Signal;
use serde_json::Value;
use testkit::{Role, migrated_database};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::running::{PATIENCE, RATES, ask_to_stop, ended, serving, until};

#[tokio::test]
async fn an_answer_in_progress_is_not_cut() {
    for signal in [Signal::TERM, Signal::INT] {
        let database = migrated_database().await;
        let (program, address) = serving(&database, &[]).await;
        let holder = database.connect(Role::Super).await;
        holder
            .batch_execute("BEGIN; LOCK TABLE prices IN ACCESS EXCLUSIVE MODE")
            .await
            .expect("locked");
        let mut request = TcpStream::connect(&address).await.expect("a connection");
        let text = format!("GET {RATES} HTTP/1.1\r\nHost: test\r\n\r\n");
        request.write_all(text.as_bytes()).await.expect("sent");
        database.until_one_waits().await;

        ask_to_stop(&program, signal);
        until("it takes no connection any more", async || {
            TcpStream::connect(&address).await.is_err()
        })
        .await;
        holder.batch_execute("ROLLBACK").await.expect("unlocked");

        let mut answer = Vec::new();
        timeout(PATIENCE, request.read_to_end(&mut answer))
            .await
            .expect("the connection is closed in time")
            .expect("read");
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{answer}");
        let body: Value = serde_json::from_str(body).expect("the whole body");
        assert_eq!(body["rates"].as_array().map(Vec::len), Some(31));
        assert!(ended(program).await.success(), "{signal:?}");
    }
}

#[tokio::test]
async fn a_connection_that_asks_for_nothing_does_not_hold_the_program() {
    let database = migrated_database().await;
    let (program, address) = serving(&database, &[]).await;
    let mut idle = TcpStream::connect(&address).await.expect("a connection");
    idle.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: test\r\n\r\n")
        .await
        .expect("sent");
    let mut first = [0; 15];
    timeout(PATIENCE, idle.read_exact(&mut first))
        .await
        .expect("an answer in time")
        .expect("read");
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    ask_to_stop(&program, Signal::TERM);
    assert!(ended(program).await.success());
}

#[tokio::test]
async fn what_never_ends_is_cut_off_and_told() {
    let entered = Arc::new(Notify::new());
    let stop = Arc::clone(&entered);
    let hang = move || async move {
        entered.notify_one();
        pending::<()>().await;
    };
    let router = Router::new().route("/", get(hang));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut request = TcpStream::connect(address).await.expect("a connection");
    request
        .write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        .await
        .expect("sent");
    let stop = async move { stop.notified().await };
    let served = api::server::serve(listener, router, stop, Duration::from_millis(100));
    let error = timeout(PATIENCE, served)
        .await
        .expect("it ends in time")
        .expect_err("a request was in progress");
    assert!(error.to_string().contains("still in progress"), "{error}");
}
