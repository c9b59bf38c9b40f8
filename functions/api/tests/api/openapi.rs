//! The OpenAPI document: the same routes as the router, the same shapes as the answers, and no change by accident.

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::Value;

use crate::stack::{Stack, members, request};

fn document() -> Value {
    serde_json::to_value(api::document()).expect("a document")
}

#[test]
fn the_document_changes_only_on_purpose() {
    insta::assert_json_snapshot!("openapi", document());
}

/// The design's table of calls.
const CALLS: &[(&str, &str)] = &[
    ("get", "/health"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/openapi.json"),
    ("get", "/rates"),
    ("get", "/v1/batches"),
    ("post", "/v1/batches"),
    ("get", "/v1/batches/{id}"),
    ("get", "/v1/batches/{id}/errors"),
    ("post", "/v1/batches/{id}/cancel"),
    ("post", "/v1/batches/{id}/replay"),
    ("post", "/v1/batches/{id}/undo"),
    ("get", "/v1/datasets"),
    ("get", "/v1/datasets/{name}"),
    ("get", "/v1/rates"),
    ("post", "/v1/uploads"),
    ("post", "/v1/uploads/{id}/complete"),
];

#[test]
fn the_document_has_every_call_and_no_other() {
    let mut documented = Vec::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        for method in ["get", "put", "post", "delete", "patch", "head", "options"] {
            if item.get(method).is_some() {
                documented.push((method.to_owned(), path.clone()));
            }
        }
    }
    documented.sort();
    let mut calls: Vec<(String, String)> = CALLS
        .iter()
        .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    calls.sort();
    assert_eq!(documented, calls);
}

#[tokio::test]
async fn every_documented_call_is_routed_and_no_other_method_is() {
    let stack = Stack::new().await;
    for (_, path) in CALLS {
        let uri = path
            .replace("{id}", "00000000-0000-0000-0000-000000000000")
            .replace("{name}", "prices");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let answer = stack
                .send(
                    request(method, &uri, "")
                        .body(Body::empty())
                        .expect("a request"),
                )
                .await;
            if CALLS.contains(&(method.to_lowercase().as_str(), path)) {
                assert_ne!(
                    answer.status,
                    StatusCode::METHOD_NOT_ALLOWED,
                    "{method} {path}"
                );
                assert!(answer.status != StatusCode::NOT_FOUND, "{method} {path}");
            } else {
                assert_eq!(answer.problem(), "method-not-allowed", "{method} {path}");
                assert!(
                    answer
                        .header("allow")
                        .is_some_and(|allow| !allow.is_empty()),
                    "{method} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_document_is_served() {
    let stack = Stack::new().await;
    let answer = stack.get("/openapi.json", "").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json(), document());
}

#[tokio::test]
async fn answers_have_the_members_that_the_document_names() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let schemas = &document()["components"]["schemas"];
    let documented = |name: &str| members(&schemas[name]["properties"]);
    let batch = stack
        .post("/v1/batches?dataset=prices", &key, "text/csv", "a")
        .await
        .json();
    assert_eq!(members(&batch), documented("Batch"));
    assert_eq!(members(&batch["timeline"][0]), documented("Event"));
    assert_eq!(members(&batch["progress"]), documented("Progress"));
    assert_eq!(members(&batch["report"]), documented("Report"));
    assert_eq!(
        members(&stack.get("/v1/batches", &key).await.json()),
        documented("Batches")
    );
    let datasets = stack.get("/v1/datasets", &key).await.json();
    assert_eq!(
        members(&datasets["datasets"][0]),
        documented("DatasetSummary")
    );
    assert_eq!(
        members(&stack.get("/v1/datasets/prices", &key).await.json()),
        documented("Dataset")
    );
    assert_eq!(
        members(&stack.get("/health", "").await.json()),
        documented("Health")
    );
    let id = batch["id"].as_str().expect("an id").parse().expect("an id");
    let finding = ledger::Finding {
        file: Some("_parts/a.csv".to_owned()),
        record: 1,
        line: 2,
        byte: 3,
        column: None,
        rule: "columns".into(),
        value: None,
        message: "m".into(),
        row: b"r".to_vec(),
    };
    stack.reject(id, b"h", 1, vec![finding]).await;
    let errors = stack
        .get(&format!("/v1/batches/{id}/errors"), &key)
        .await
        .json();
    assert_eq!(members(&errors), documented("Errors"));
    assert_eq!(members(&errors["errors"][0]), documented("Error"));
}
