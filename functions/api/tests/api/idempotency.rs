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

#[tokio::test]
async fn addresses_that_expired_are_not_answered_again() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let begin = async || {
        let request = request("POST", "/v1/uploads", &key)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "k-1");
        let body = Body::from(r#"{"dataset":"prices","filename":"a.csv"}"#);
        let answer = stack.send(request.body(body).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.body
    };
    let later = async |seconds: u32| {
        let sql = format!(
            "UPDATE waybill.idempotency SET answer = jsonb_set(answer, '{{until}}',
                to_jsonb((answer ->> 'until')::float8 - {seconds}))"
        );
        stack.sql(&sql).await;
    };
    let first = begin().await;
    later(3_500).await;
    assert_eq!(begin().await, first);
    later(100).await;
    assert_ne!(begin().await, first);
}

#[tokio::test]
async fn what_nobody_asks_for_any_more_is_deleted_as_others_come() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    submit(&stack, &key, "old", "", "a").await;
    submit(&stack, &key, "young", "", "b").await;
    stack
        .sql("UPDATE waybill.idempotency SET begun_at = begun_at - interval '25 hours' WHERE key = 'old'")
        .await;
    submit(&stack, &key, "new", "", "c").await;
    let client = stack.database.connect(testkit::Role::Super).await;
    let keys: Vec<String> = client
        .query("SELECT key FROM waybill.idempotency ORDER BY key", &[])
        .await
        .expect("rows")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(keys, ["new", "young"]);
}

#[tokio::test]
async fn content_that_arrived_without_an_answer_stays_one_batch_though_it_is_forced() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    stack.memory.mute.store(true, Ordering::SeqCst);
    let lost = submit(&stack, &key, "k-1", "&force=true", "a").await;
    assert_eq!(lost.problem(), "storage-unavailable");
    stack.memory.mute.store(false, Ordering::SeqCst);
    let id: ledger::BatchId = lost.json()["batch"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id");
    let early = submit(&stack, &key, "k-1", "&force=true", "a").await;
    assert_eq!(early.problem(), "idempotency-running");
    assert_eq!(
        *stack.memory.orders.lock().expect("not poisoned"),
        [platform::messages::Control::Load { batch: id }]
    );
    stack.commit(id, "").await;
    let late = submit(&stack, &key, "k-1", "&force=true", "a").await;
    assert_eq!(late.status, StatusCode::ACCEPTED, "{late:?}");
    assert_eq!(late.json()["id"], id.to_string());
    assert_eq!(late.json()["state"], "committed");
    assert_eq!(batches(&stack, &key).await, 1);
}

#[tokio::test]
async fn a_key_that_was_forgotten_names_a_new_batch() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let first = submit(&stack, &key, "k-1", "&force=true", "a").await;
    stack
        .sql(
            "UPDATE waybill.idempotency SET begun_at = begun_at - interval '25 hours';
             UPDATE waybill.batches SET received_at = received_at - interval '25 hours'",
        )
        .await;
    let second = submit(&stack, &key, "k-1", "&force=true", "a").await;
    assert_eq!(second.status, StatusCode::ACCEPTED);
    assert_ne!(first.json()["id"], second.json()["id"]);
}
