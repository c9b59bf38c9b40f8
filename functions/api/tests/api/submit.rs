//! Deliveries in a body.

use axum::body::Body;
use axum::http::{StatusCode, header};
use std::sync::atomic::Ordering;

use crate::stack::{BUCKET, Stack, request};

const CSV: &str = "orig_code,dest_code,day,price\nCNGGZ,EETLL,2021-01-01,1244\n";

#[tokio::test]
async fn a_file_is_registered_with_its_options_and_lies_in_the_bucket_under_its_batch() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let path = "/v1/batches?dataset=prices&dry_run=true&force=true&expect_rows=1&filename=M%C3%A4rz%202021.csv";
    let answer = stack.post(path, &key, "text/csv", CSV).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let batch = answer.json();
    let id = batch["id"].as_str().expect("an id");
    assert_eq!(
        answer.header("location"),
        Some(format!("/v1/batches/{id}").as_str())
    );
    assert_eq!(
        (&batch["state"], &batch["dry_run"], &batch["submitted_by"]),
        (&"received".into(), &true.into(), &"tester".into())
    );
    assert_eq!(
        batch["source"],
        format!("s3://{BUCKET}/prices/api/{id}/März 2021.csv")
    );
    assert_eq!(batch["progress"]["total_bytes"], CSV.len());
    let objects = stack.memory.objects.lock().expect("not poisoned").clone();
    assert_eq!(
        objects
            .get(&format!("prices/api/{id}/März 2021.csv"))
            .map(AsRef::as_ref),
        Some(CSV.as_bytes())
    );
    let client = stack.database.connect(testkit::Role::Api).await;
    let kept = ledger::find(&client, id.parse().expect("an id"))
        .await
        .expect("found")
        .expect("there");
    assert!(kept.options.dry_run && kept.options.force);
    assert_eq!(kept.options.expect_rows, Some(1));
    assert_eq!(kept.id.0.get_version_num(), 7);
}

#[tokio::test]
async fn compressed_and_json_lines_content_keeps_its_bytes_and_gets_its_ending() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let gzip = request("POST", "/v1/batches?dataset=ports", &key)
        .header(header::CONTENT_TYPE, "text/csv")
        .header(header::CONTENT_ENCODING, "gzip")
        .body(Body::from(vec![0x1f, 0x8b, 0xff]));
    assert_eq!(
        stack.send(gzip.expect("a request")).await.status,
        StatusCode::ACCEPTED
    );
    assert_eq!(
        stack
            .post(
                "/v1/batches?dataset=ports",
                &key,
                "application/x-ndjson",
                "{}"
            )
            .await
            .status,
        StatusCode::ACCEPTED
    );
    let objects = stack.memory.objects.lock().expect("not poisoned");
    let gzip = objects
        .iter()
        .find(|(key, _)| key.ends_with("/content.csv.gz"))
        .expect("the gzip");
    assert_eq!(gzip.1.as_ref(), [0x1f, 0x8b, 0xff]);
    assert!(objects.keys().any(|key| key.ends_with("/content.jsonl")));
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_anything_is_stored() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    for (path, content_type, problem) in [
        ("/v1/batches", "text/csv", "invalid-argument"),
        (
            "/v1/batches?dataset=nothing",
            "text/csv",
            "dataset-not-found",
        ),
        (
            "/v1/batches?dataset=prices&dryrun=true",
            "text/csv",
            "invalid-argument",
        ),
        (
            "/v1/batches?dataset=prices&dry_run=maybe",
            "text/csv",
            "invalid-argument",
        ),
        (
            "/v1/batches?dataset=prices&expect_rows=-1",
            "text/csv",
            "invalid-argument",
        ),
        (
            "/v1/batches?dataset=prices&expect_rows=18446744073709551615",
            "text/csv",
            "invalid-argument",
        ),
        (
            "/v1/batches?dataset=prices&expect_sha256=abc",
            "text/csv",
            "invalid-argument",
        ),
        (
            "/v1/batches?dataset=prices&filename=..",
            "text/csv",
            "invalid-argument",
        ),
        (
            "/v1/batches?dataset=prices",
            "application/x-www-form-urlencoded",
            "unsupported-media-type",
        ),
        (
            "/v1/batches?dataset=prices",
            "application/pdf",
            "unsupported-media-type",
        ),
    ] {
        let answer = stack.post(path, &key, content_type, CSV).await;
        assert_eq!(answer.problem(), problem, "{path}");
    }
    let typeless = stack
        .send(
            request("POST", "/v1/batches?dataset=prices", &key)
                .body(Body::from(CSV))
                .expect("a request"),
        )
        .await;
    assert_eq!(typeless.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(typeless.json()["accepted"][0], "text/csv");
    assert!(
        stack
            .memory
            .objects
            .lock()
            .expect("not poisoned")
            .is_empty()
    );
    assert_eq!(
        stack.get("/v1/batches", &key).await.json()["batches"],
        serde_json::json!([])
    );
}

#[tokio::test]
async fn a_body_at_the_limit_is_taken_and_one_byte_more_is_sent_to_uploads() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let body = |bytes: usize| Body::from(vec![b'x'; bytes]);
    let most = stack
        .post(
            "/v1/batches?dataset=prices",
            &key,
            "text/csv",
            body(api::limits::BODY_BYTES),
        )
        .await;
    assert_eq!(most.status, StatusCode::ACCEPTED);
    let more = stack
        .post(
            "/v1/batches?dataset=prices",
            &key,
            "text/csv",
            body(api::limits::BODY_BYTES + 1),
        )
        .await;
    assert_eq!(
        (more.status, more.problem().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "content-too-large")
    );
    assert_eq!(
        (&more.json()["uploads"], &more.json()["limit_bytes"]),
        (&"/v1/uploads".into(), &4_194_304.into())
    );
}

#[tokio::test]
async fn content_that_cannot_be_stored_leaves_no_batch_waiting_and_no_secret_in_the_answer() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    stack.memory.broken.store(true, Ordering::SeqCst);
    let answer = stack
        .post("/v1/batches?dataset=prices", &key, "text/csv", CSV)
        .await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "storage-unavailable")
    );
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert!(!answer.text().contains("secret-internal-host"));
    let id = answer.json()["batch"]
        .as_str()
        .expect("the batch's id")
        .to_owned();
    let batch = stack.get(&format!("/v1/batches/{id}"), &key).await.json();
    assert_eq!(batch["state"], "failed");
    assert_eq!(batch["error"]["type"], "/problems/content-not-stored");
    assert_eq!(batch["timeline"].as_array().map(Vec::len), Some(2));
}
