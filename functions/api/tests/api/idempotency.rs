//! `Idempotency-Key`: done once, answered as often as asked.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{StatusCode, header};

use crate::stack::{Answer, Stack, request};

async fn submit(stack: &Stack, key: &str, name: &str, query: &str, body: &'static str) -> Answer {
    let request = request("POST", &format!("/v1/batches?dataset=prices{query}"), key)
        .header(header::CONTENT_TYPE, "text/csv")
        .header("idempotency-key", name);
    stack
        .send(request.body(Body::from(body)).expect("a request"))
        .await
}

async fn batches(stack: &Stack, key: &str) -> usize {
    stack.get("/v1/batches", key).await.json()["batches"]
        .as_array()
        .map_or(0, Vec::len)
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_makes_no_second_batch() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let first = submit(&stack, &key, "k-1", "", "a").await;
    let second = submit(&stack, &key, "k-1", "", "a").await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    assert_eq!(
        (first.status, &first.body, first.header("location")),
        (second.status, &second.body, second.header("location"))
    );
    assert_eq!(second.header("content-type"), Some("application/json"));
    assert_eq!(batches(&stack, &key).await, 1);
}

#[tokio::test]
async fn another_body_or_other_options_under_the_same_key_are_refused() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    submit(&stack, &key, "k-1", "", "a").await;
    for answer in [
        submit(&stack, &key, "k-1", "", "b").await,
        submit(&stack, &key, "k-1", "&dry_run=true", "a").await,
    ] {
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, "idempotency-mismatch")
        );
    }
    assert_eq!(batches(&stack, &key).await, 1);
}

#[tokio::test]
async fn keys_of_different_callers_do_not_meet() {
    let stack = Stack::new().await;
    let (one, other) = (stack.key().await, stack.key().await);
    submit(&stack, &one, "k-1", "", "a").await;
    assert_eq!(
        submit(&stack, &other, "k-1", "", "b").await.status,
        StatusCode::ACCEPTED
    );
}

#[tokio::test]
async fn while_the_first_request_runs_the_second_is_told_so() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    submit(&stack, &key, "k-1", "", "a").await;
    stack
        .sql("UPDATE waybill.idempotency SET answer = NULL")
        .await;
    let answer = submit(&stack, &key, "k-1", "", "a").await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::CONFLICT, "idempotency-running")
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn a_failure_is_not_remembered() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    stack.memory.broken.store(true, Ordering::SeqCst);
    assert_eq!(
        submit(&stack, &key, "k-1", "", "a").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    stack.memory.broken.store(false, Ordering::SeqCst);
    assert_eq!(
        submit(&stack, &key, "k-1", "", "a").await.status,
        StatusCode::ACCEPTED
    );
}

#[tokio::test]
async fn a_hundred_at_once_make_one_batch() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let answers: Vec<Answer> = {
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let router = stack.router.clone();
            let request = request("POST", "/v1/batches?dataset=prices", &key)
                .header(header::CONTENT_TYPE, "text/csv")
                .header("idempotency-key", "k-1")
                .body(Body::from("a"))
                .expect("a request");
            running.spawn(async move { crate::stack::send(&router, request).await });
        }
        running.join_all().await
    };
    assert!(
        answers
            .iter()
            .all(|answer| [StatusCode::ACCEPTED, StatusCode::CONFLICT].contains(&answer.status))
    );
    assert!(
        answers
            .iter()
            .any(|answer| answer.status == StatusCode::ACCEPTED)
    );
    assert_eq!(batches(&stack, &key).await, 1);
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    for name in ["", &"x".repeat(256)] {
        assert_eq!(
            submit(&stack, &key, name, "", "a").await.problem(),
            "invalid-argument"
        );
    }
}
