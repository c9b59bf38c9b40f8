//! Deliveries that are too large for a body.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::stack::{Answer, Stack};

async fn begin(stack: &Stack, key: &str, body: Value) -> Answer {
    stack
        .post("/v1/uploads", key, "application/json", body.to_string())
        .await
}

async fn complete(stack: &Stack, key: &str, upload: &Value, body: &str) -> Answer {
    stack
        .post(
            upload["complete"].as_str().expect("an address"),
            key,
            "application/json",
            body.to_owned(),
        )
        .await
}

#[tokio::test]
async fn an_upload_in_one_piece_has_one_address_and_a_registered_batch() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let hash = "ab".repeat(32);
    let asked = json!({"dataset": "prices", "filename": "big.csv.gz", "bytes": 7, "sha256": hash, "options": {"dry_run": true, "expect_rows": 3}});
    let answer = begin(&stack, &key, asked).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let upload = answer.json();
    let id = upload["id"].as_str().expect("an id");
    assert_eq!(upload["put"]["method"], "PUT");
    assert_eq!(
        upload["put"]["url"],
        format!("https://bucket/prices/api/{id}/big.csv.gz")
    );
    assert_eq!(upload["put"]["headers"][0][0], "x-amz-checksum-sha256");
    assert_eq!((upload.get("parts"), upload.get("upload_id")), (None, None));
    let batch = stack
        .get(upload["batch"].as_str().expect("an address"), &key)
        .await
        .json();
    assert_eq!(
        (
            &batch["state"],
            &batch["dry_run"],
            &batch["progress"]["total_bytes"]
        ),
        (&json!("received"), &json!(true), &json!(7))
    );
    assert_eq!(answer.header("location"), upload["batch"].as_str());
}

#[tokio::test]
async fn completing_looks_for_the_object() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let upload = begin(
        &stack,
        &key,
        json!({"dataset": "prices", "content_type": "text/csv"}),
    )
    .await
    .json();
    let early = complete(&stack, &key, &upload, "").await;
    assert_eq!(
        (early.status, early.problem().as_str()),
        (StatusCode::CONFLICT, "upload-incomplete")
    );
    let object = format!(
        "prices/api/{}/content.csv",
        upload["id"].as_str().expect("an id")
    );
    stack
        .memory
        .objects
        .lock()
        .expect("not poisoned")
        .insert(object, "a".into());
    for body in ["", "{}"] {
        let done = complete(&stack, &key, &upload, body).await;
        assert_eq!(done.status, StatusCode::ACCEPTED, "{}", done.text());
        assert_eq!(done.header("location"), upload["batch"].as_str());
    }
}

#[tokio::test]
async fn an_upload_in_parts_is_joined_in_order() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let upload = begin(
        &stack,
        &key,
        json!({"dataset": "prices", "filename": "a.csv", "bytes": 12_000_000, "parts": 2}),
    )
    .await
    .json();
    assert_eq!(
        (&upload["upload_id"], &upload["part_bytes"]),
        (&json!("upload-1"), &json!(6_000_000))
    );
    assert_eq!(upload["parts"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&upload["parts"][1]["number"], upload.get("put")),
        (&json!(2), None)
    );
    let parts =
        r#"{"upload_id":"upload-1","parts":[{"number":2,"etag":"b"},{"number":1,"etag":"a"}]}"#;
    let wrong = complete(&stack, &key, &upload, &parts.replace("upload-1", "another")).await;
    assert_eq!(wrong.problem(), "upload-incomplete");
    assert_eq!(
        complete(&stack, &key, &upload, parts).await.status,
        StatusCode::ACCEPTED
    );
    assert_eq!(
        complete(&stack, &key, &upload, parts).await.status,
        StatusCode::ACCEPTED,
        "again"
    );
    let joined: Vec<String> = stack
        .memory
        .joined
        .lock()
        .expect("not poisoned")
        .iter()
        .map(|part| part.etag.clone())
        .collect();
    assert_eq!(joined, ["a", "b"]);
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_refused() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    for (asked, problem) in [
        (
            json!({"dataset": "nothing", "filename": "a.csv"}),
            "dataset-not-found",
        ),
        (json!({"filename": "a.csv"}), "invalid-body"),
        (
            json!({"dataset": "prices", "filename": "a.csv", "dry_run": true}),
            "invalid-body",
        ),
        (json!({"dataset": "prices"}), "unsupported-media-type"),
        (
            json!({"dataset": "prices", "filename": "a.xlsx"}),
            "unsupported-media-type",
        ),
        (
            json!({"dataset": "prices", "filename": "a.csv", "sha256": "x"}),
            "invalid-argument",
        ),
        (
            json!({"dataset": "prices", "filename": "a.csv", "parts": 0}),
            "invalid-argument",
        ),
        (
            json!({"dataset": "prices", "filename": "a.csv", "bytes": 6_000_000_000_000_u64}),
            "content-too-large",
        ),
    ] {
        assert_eq!(
            begin(&stack, &key, asked.clone()).await.problem(),
            problem,
            "{asked}"
        );
    }
    assert_eq!(
        stack
            .post("/v1/uploads", &key, "application/json", "{")
            .await
            .problem(),
        "invalid-body"
    );
}

#[tokio::test]
async fn an_upload_that_cannot_begin_leaves_no_batch_waiting() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    stack.memory.broken.store(true, Ordering::SeqCst);
    let answer = begin(
        &stack,
        &key,
        json!({"dataset": "prices", "filename": "a.csv"}),
    )
    .await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "storage-unavailable")
    );
    assert_eq!(
        stack.get("/v1/batches?state=received", &key).await.json()["batches"],
        json!([])
    );
}
