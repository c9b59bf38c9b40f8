//! Undo and replay: decided here, carried by the queue.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use ledger::BatchId;
use ledger::keys::Scope;
use platform::messages::Control;

use crate::stack::{Answer, Stack};

async fn order(stack: &Stack, id: BatchId, what: &str, key: &str) -> Answer {
    stack
        .post(
            &format!("/v1/batches/{id}/{what}"),
            key,
            "application/json",
            "",
        )
        .await
}

fn orders(stack: &Stack) -> Vec<Control> {
    stack.memory.orders.lock().expect("not poisoned").clone()
}

#[tokio::test]
async fn undoing_a_committed_batch_is_accepted_noted_and_sent() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let id = stack.submit(&key, "a").await;
    stack.commit(id, "").await;
    let answer = order(&stack, id, "undo", &key).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert_eq!(
        answer.header("location"),
        Some(format!("/v1/batches/{id}").as_str())
    );
    assert!(
        answer.json()["timeline"]
            .to_string()
            .contains("undo asked for by tester")
    );
    assert_eq!(
        orders(&stack),
        [Control::Undo {
            batch: id,
            by: "tester".to_owned()
        }]
    );
}

#[tokio::test]
async fn a_batch_that_waits_is_cancelled_and_one_that_is_loading_is_told_to_stop() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let waits = stack.submit(&key, "a").await;
    let answer = order(&stack, waits, "cancel", &key).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let batch = answer.json();
    assert_eq!(batch["state"], "failed");
    assert_eq!(batch["error"]["type"], "/problems/cancelled");
    let twice = order(&stack, waits, "cancel", &key).await;
    assert_eq!(
        (twice.status, twice.problem().as_str()),
        (StatusCode::CONFLICT, "not-cancellable")
    );

    let loads = stack.submit(&key, "b").await;
    stack.begin(loads).await;
    let answer = order(&stack, loads, "cancel", &key).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let batch = answer.json();
    assert_eq!(batch["state"], "loading");
    assert!(
        batch["timeline"]
            .to_string()
            .contains("cancelling asked for by tester")
    );
}

#[tokio::test]
async fn only_a_key_that_may_can_be_urgent() {
    let stack = Stack::new().await;
    let all = stack.key().await;
    let plain = stack
        .key_for(&[Scope::BatchesWrite, Scope::BatchesRead], &["*"])
        .await;
    let submit = async |key: &str| {
        let path = "/v1/batches?dataset=prices&urgent=true";
        stack
            .post(path, key, "text/csv", "orig_code,dest_code,day,price\n")
            .await
    };
    let refused = submit(&plain).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (StatusCode::FORBIDDEN, "scope-missing")
    );
    assert_eq!(submit(&all).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_cannot_be_undone_is_refused_with_the_reason() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let early = order(&stack, stack.submit(&key, "a").await, "undo", &key).await;
    assert_eq!(
        (early.status, early.problem().as_str()),
        (StatusCode::CONFLICT, "not-undoable")
    );
    assert_eq!(early.json()["state"], "received");
    let ports = stack
        .post("/v1/batches?dataset=ports", &key, "text/csv", "a")
        .await
        .json();
    let ports: BatchId = ports["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id");
    stack.commit(ports, "").await;
    let upsert = order(&stack, ports, "undo", &key).await;
    assert_eq!(upsert.problem(), "not-undoable");
    assert!(
        upsert.json()["detail"]
            .as_str()
            .is_some_and(|why| why.contains("replace")),
        "{}",
        upsert.text()
    );
    assert_eq!(
        order(&stack, BatchId::fresh(), "undo", &key)
            .await
            .problem(),
        "batch-not-found"
    );
    assert!(orders(&stack).is_empty());
}

#[tokio::test]
async fn replaying_a_failed_batch_is_accepted_and_sent() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let id = stack.submit(&key, "a").await;
    stack.fail(id).await;
    assert_eq!(
        order(&stack, id, "replay", &key).await.status,
        StatusCode::ACCEPTED
    );
    assert_eq!(orders(&stack), [Control::Load { batch: id }]);
}

#[tokio::test]
async fn what_cannot_be_replayed_is_refused_with_the_reason() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let committed = stack.submit(&key, "a").await;
    stack.commit(committed, "").await;
    let rejected = stack.submit(&key, "b").await;
    stack.reject(rejected, b"h", 0, vec![]).await;
    for (id, state) in [(committed, "committed"), (rejected, "rejected")] {
        let answer = order(&stack, id, "replay", &key).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::CONFLICT, "not-replayable")
        );
        assert_eq!(answer.json()["state"], state);
    }
    let lost = stack.submit(&key, "c").await;
    stack.fail(lost).await;
    stack.memory.objects.lock().expect("not poisoned").clear();
    let answer = order(&stack, lost, "replay", &key).await;
    assert_eq!(answer.problem(), "not-replayable");
    assert!(answer.text().contains("not in the bucket"));
    let batch = stack.get(&format!("/v1/batches/{lost}"), &key).await;
    assert!(!batch.text().contains("replay asked for"), "{batch:?}");
    assert!(orders(&stack).is_empty());
}

#[tokio::test]
async fn a_queue_that_is_away_is_503_and_the_batch_stays_as_it_was() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let id = stack.submit(&key, "a").await;
    stack.commit(id, "").await;
    stack.memory.broken.store(true, Ordering::SeqCst);
    assert_eq!(
        order(&stack, id, "undo", &key).await.problem(),
        "storage-unavailable"
    );
    assert_eq!(
        stack.get(&format!("/v1/batches/{id}"), &key).await.json()["state"],
        "committed"
    );
}
