//! Keys, scopes, datasets; and the ways in that do not exist.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use ledger::keys::Scope;
use testkit::Role;

use crate::stack::{Stack, request};

#[tokio::test]
async fn a_call_without_a_valid_key_is_refused_in_every_form() {
    let stack = Stack::new().await;
    for key in ["", "wb_nonsense", "wb_0123456789ab_secret", "x"] {
        let answer = stack.get("/v1/batches", key).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.problem(), "unauthenticated");
        assert!(
            answer
                .header("www-authenticate")
                .is_some_and(|how| how.starts_with("Bearer"))
        );
    }
    let basic = Request::get("/v1/batches")
        .header("authorization", "Basic dXNlcg==")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(stack.send(basic).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn a_key_comes_in_either_header() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    assert_eq!(stack.get("/v1/batches", &key).await.status, StatusCode::OK);
    let other = Request::get("/v1/batches")
        .header("x-api-key", &key)
        .body(Body::empty())
        .expect("a request");
    assert_eq!(stack.send(other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let owner = stack.database.connect(Role::Owner).await;
    let id = key.split('_').nth(1).expect("the key's id");
    assert!(ledger::keys::revoke(&owner, id).await.expect("revoked"));
    assert_eq!(
        stack.get("/v1/batches", &key).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    let stack = Stack::new().await;
    let reader = stack.key_for(&[Scope::BatchesRead], &["*"]).await;
    let writer = stack.key_for(&[Scope::BatchesWrite], &["*"]).await;
    let id = stack.submit(&writer, "a").await;
    let (batch, errors) = (
        format!("/v1/batches/{id}"),
        format!("/v1/batches/{id}/errors"),
    );
    for path in ["/v1/batches", &batch, &errors] {
        assert_eq!(
            stack.get(path, &reader).await.status,
            StatusCode::OK,
            "{path}"
        );
        let refused = stack.get(path, &writer).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (StatusCode::FORBIDDEN, "scope-missing"),
            "{path}"
        );
        assert_eq!(refused.json()["scope"], "batches:read");
    }
    let (undo, replay, complete) = (
        format!("/v1/batches/{id}/undo"),
        format!("/v1/batches/{id}/replay"),
        format!("/v1/uploads/{id}/complete"),
    );
    for path in [
        "/v1/batches?dataset=prices",
        "/v1/uploads",
        &undo,
        &replay,
        &complete,
    ] {
        assert_eq!(
            stack.post(path, &reader, "text/csv", "").await.problem(),
            "scope-missing",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_key_for_some_datasets_sees_no_other() {
    let stack = Stack::new().await;
    let all = stack.key().await;
    let ports = stack.key_for(Scope::ALL, &["ports"]).await;
    let id = stack.submit(&all, "a").await;
    for path in [
        format!("/v1/batches/{id}"),
        format!("/v1/batches/{id}/errors"),
    ] {
        assert_eq!(stack.get(&path, &ports).await.problem(), "batch-not-found");
    }
    for path in [
        format!("/v1/batches/{id}/undo"),
        format!("/v1/batches/{id}/replay"),
        format!("/v1/uploads/{id}/complete"),
    ] {
        assert_eq!(
            stack
                .post(&path, &ports, "application/json", "")
                .await
                .problem(),
            "batch-not-found"
        );
    }
    assert_eq!(
        stack
            .post("/v1/batches?dataset=prices", &ports, "text/csv", "a")
            .await
            .problem(),
        "dataset-not-granted"
    );
    let upload = stack
        .post(
            "/v1/uploads",
            &ports,
            "application/json",
            r#"{"dataset":"prices","filename":"a.csv"}"#,
        )
        .await;
    assert_eq!(upload.problem(), "dataset-not-granted");
    assert_eq!(
        stack.get("/v1/batches", &ports).await.json()["batches"],
        serde_json::json!([])
    );
    assert_eq!(
        stack
            .get("/v1/batches?dataset=prices", &ports)
            .await
            .problem(),
        "dataset-not-granted"
    );
    let listed = stack.get("/v1/datasets", &ports).await.json();
    assert_eq!(listed["datasets"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        stack.get("/v1/datasets/prices", &ports).await.problem(),
        "dataset-not-found"
    );
    assert_eq!(
        stack.get("/v1/datasets/ports", &ports).await.json()["key"],
        serde_json::json!(["code"])
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let stack = Stack::new().await;
    for path in ["/", "/v1", "/v1/nothing", "/rates/", "/v1/batches/1/2/3"] {
        let answer = stack.get(path, "").await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::NOT_FOUND, "not-found"),
            "{path}"
        );
    }
    let wrong = stack
        .send(
            request("DELETE", "/rates", "")
                .body(Body::empty())
                .expect("a request"),
        )
        .await;
    assert_eq!(
        (wrong.status, wrong.problem().as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed")
    );
    assert_eq!(wrong.header("allow"), Some("GET,HEAD"));
}

#[tokio::test]
async fn health_tells_what_answers_and_what_it_reaches() {
    let stack = Stack::new().await;
    let answer = stack.get("/health", "").await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    insta::assert_json_snapshot!(answer.json(), @r#"
    {
      "database": {
        "ledger": "reachable",
        "reader": "reachable"
      },
      "environment": "test",
      "release": "c0ffee",
      "status": "ok"
    }
    "#);
}
