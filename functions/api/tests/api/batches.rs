//! Following deliveries: one, and all of them in pages.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::stack::{Answer, Stack};

fn ids(answer: &Answer) -> Vec<String> {
    let batches = answer.json()["batches"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| panic!("no list: {answer:?}"));
    batches
        .iter()
        .filter_map(|batch| batch["id"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn a_batch_is_shown_with_its_timeline_and_the_calls_that_make_sense() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let id = stack.submit(&key, "a").await;
    stack.commit(id, "").await;
    let batch = stack.get(&format!("/v1/batches/{id}"), &key).await.json();
    assert_eq!(
        (&batch["state"], &batch["rows"], &batch["attempt"]),
        (&json!("committed"), &json!(1), &json!(1))
    );
    let states: Vec<&Value> = batch["timeline"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| &event["state"])
        .collect();
    assert_eq!(states, ["received", "loading", "committed"]);
    assert_eq!(
        batch["links"],
        json!({"self": format!("/v1/batches/{id}"), "undo": format!("/v1/batches/{id}/undo")})
    );
}

#[tokio::test]
async fn what_is_no_batch_is_not_found() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    for id in ["00000000-0000-0000-0000-000000000000", "not-an-id", "%00"] {
        let answer = stack.get(&format!("/v1/batches/{id}"), &key).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::NOT_FOUND, "batch-not-found"),
            "{id}"
        );
    }
}

#[tokio::test]
async fn pages_are_newest_first_and_new_batches_do_not_disturb_them() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(stack.submit(&key, "a").await.to_string());
    }
    sent.reverse();
    let first = stack.get("/v1/batches?limit=2&dataset=prices", &key).await;
    assert_eq!(ids(&first), sent[..2]);
    let next = first.json()["next"].as_str().expect("more").to_owned();
    assert_eq!(
        first.header("link"),
        Some(format!("</v1/batches?limit=2&dataset=prices&cursor={next}>; rel=\"next\"").as_str())
    );
    stack.submit(&key, "b").await;
    let second = stack
        .get(&format!("/v1/batches?limit=2&cursor={next}"), &key)
        .await;
    assert_eq!(ids(&second), sent[2..4]);
    let next = second.json()["next"].as_str().expect("more").to_owned();
    let last = stack
        .get(&format!("/v1/batches?limit=2&cursor={next}"), &key)
        .await;
    assert_eq!(
        (ids(&last), &last.json()["next"], last.header("link")),
        (sent[4..].to_vec(), &Value::Null, None)
    );
}

#[tokio::test]
async fn batches_are_found_by_dataset_state_and_time() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let one = stack.submit(&key, "a").await;
    let other = stack.submit(&key, "b").await;
    stack.commit(one, "").await;
    stack
        .sql(&format!(
            "UPDATE waybill.batches SET received_at = '2020-06-01T12:00:00Z' WHERE id = '{one}'"
        ))
        .await;
    for (query, found) in [
        ("state=committed", vec![one]),
        ("state=received", vec![other]),
        ("dataset=ports", vec![]),
        ("dataset=prices", vec![other, one]),
        ("until=2020-06-02", vec![one]),
        (
            "since=2020-06-01T14:00:00%2B02:00&until=2020-06-01T14:00:01+02:00",
            vec![one],
        ),
        ("since=2020-06-02", vec![other]),
    ] {
        let answer = stack.get(&format!("/v1/batches?{query}"), &key).await;
        assert_eq!(
            ids(&answer),
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "{query}"
        );
    }
}

#[tokio::test]
async fn arguments_that_cannot_be_meant_are_refused() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    for query in [
        "state=done",
        "since=yesterday",
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "datset=prices",
    ] {
        let answer = stack.get(&format!("/v1/batches?{query}"), &key).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::BAD_REQUEST, "invalid-argument"),
            "{query}"
        );
    }
}
