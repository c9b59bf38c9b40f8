//! A database that is not there: 503 with a problem document, from the first request on, and better when it is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::pool::{Connect, Pool};
use api::problem::Problem;
use axum::body::Body;
use axum::http::StatusCode;
use testkit::{Role, database};

use crate::stack::{Stack, bare, pool, request, send};

/// An address at which nothing listens.
fn nowhere() -> Pool {
    let config =
        ledger::DatabaseConfig::from_url("postgres://api:only-for-tests@127.0.0.1:1/waybill")
            .expect("a good URL");
    pool(config)
}

const JANUARY: &str =
    "/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

#[tokio::test]
async fn without_a_database_every_call_that_needs_one_says_503() {
    let router = bare(nowhere(), nowhere());
    for (method, path) in [
        ("GET", JANUARY),
        ("GET", "/v1/batches"),
        ("GET", "/v1/datasets"),
        ("POST", "/v1/batches?dataset=prices"),
        ("POST", "/v1/uploads"),
    ] {
        let answer = send(
            &router,
            request(method, path, "wb_a_b")
                .body(Body::empty())
                .expect("a request"),
        )
        .await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "database-unavailable"),
            "{path}"
        );
        assert_eq!(answer.header("retry-after"), Some("5"));
        for secret in ["127.0.0.1", "refused", "postgres", "only-for-tests"] {
            assert!(!answer.text().contains(secret), "{path} tells {secret}");
        }
    }
}

#[tokio::test]
async fn without_a_database_the_process_lives_and_documents_itself() {
    let router = bare(nowhere(), nowhere());
    let health = send(
        &router,
        request("GET", "/health", "")
            .body(Body::empty())
            .expect("a request"),
    )
    .await;
    assert_eq!(health.status, StatusCode::OK);
    assert_eq!(
        health.json()["database"],
        serde_json::json!({"ledger": "unreachable", "reader": "unreachable"})
    );
    let document = send(
        &router,
        request("GET", "/openapi.json", "")
            .body(Body::empty())
            .expect("a request"),
    )
    .await;
    assert_eq!(document.status, StatusCode::OK);
}

#[tokio::test]
async fn sessions_that_the_server_ended_are_replaced() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    for _ in 0..3 {
        assert_eq!(stack.get("/v1/batches", &key).await.status, StatusCode::OK);
        assert_eq!(stack.get(JANUARY, "").await.status, StatusCode::OK);
        stack.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").await;
        // The end of a connection is noticed by its own task.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_database_that_comes_back_is_used_again() {
    let database = database().await;
    let away = Arc::new(AtomicBool::new(true));
    let config = database.config(Role::Reader);
    let switch = Arc::clone(&away);
    let connect: Connect = Arc::new(move || {
        let (config, switch) = (config.clone(), Arc::clone(&switch));
        Box::pin(async move {
            if switch.load(Ordering::SeqCst) {
                return Err(Problem::database("away"));
            }
            ledger::connect(&config).await.map_err(Problem::from)
        })
    });
    let router = bare(nowhere(), Pool::new(1, connect));
    let ask = || {
        send(
            &router,
            request("GET", JANUARY, "")
                .body(Body::empty())
                .expect("a request"),
        )
    };
    assert_eq!(ask().await.status, StatusCode::SERVICE_UNAVAILABLE);
    away.store(false, Ordering::SeqCst);
    assert_eq!(ask().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_defect_is_a_500_that_tells_nothing() {
    let stack = Stack::new().await;
    stack
        .sql("ALTER TABLE prices RENAME TO something_else")
        .await;
    let answer = stack.get(JANUARY, "").await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, "internal")
    );
    for secret in ["prices", "relation", "42P01", "SELECT"] {
        assert!(!answer.text().contains(secret), "{}", answer.text());
    }
}
