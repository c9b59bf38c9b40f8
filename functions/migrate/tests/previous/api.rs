//! The API's part of the play: its router, over sessions that are recorded.

use std::sync::Arc;
use std::time::Duration;

use api::outbox::{Failure, Outbox, Sending};
use api::pool::{Connect, Pool};
use api::problem::Problem;
use api::{App, Settings};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, header};
use ledger::DatabaseConfig;
use platform::messages::Control;
use platform::objects::{ObjectErrorKind, Part, Presigned, Stored};
use serde_json::Value;
use tower::ServiceExt as _;

/// Content that cannot be stored.
pub(crate) const LOST: &str = "lost";

pub(crate) struct Api {
    router: Router,
    key: String,
}

impl Api {
    pub(crate) fn new(api: DatabaseConfig, reader: DatabaseConfig, key: &str) -> Self {
        let settings = Settings {
            environment: "test".to_owned(),
            release: "recorded".to_owned(),
            incoming_bucket: "incoming".to_owned(),
            public_rates: false,
            measured: false,
        };
        let app = App::new(settings, pool(api), pool(reader), Box::new(Shelf));
        Self {
            router: api::router(app),
            key: key.to_owned(),
        }
    }

    pub(crate) async fn get(&self, uri: &str) -> Value {
        self.send("GET", uri, "", "", 200).await
    }

    pub(crate) async fn post(&self, uri: &str, content: &str, once: &str, status: u16) -> Value {
        self.send("POST", uri, content, once, status).await
    }

    /// `once` is an idempotency key, where there is one.
    async fn send(&self, method: &str, uri: &str, content: &str, once: &str, status: u16) -> Value {
        let kind = if content.starts_with('{') {
            "application/json"
        } else {
            "text/csv"
        };
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, kind);
        if method == "GET" {
            // So that rates are asked for by their version as well.
            request = request.header(header::IF_NONE_MATCH, "\"another\"");
        }
        if !once.is_empty() {
            request = request.header("idempotency-key", once);
        }
        let request = request
            .body(Body::from(content.to_owned()))
            .expect("a request");
        let answer = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("an answer");
        let said = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX)
            .await
            .expect("a body");
        assert_eq!(
            said,
            status,
            "{method} {uri}: {}",
            String::from_utf8_lossy(&body)
        );
        serde_json::from_slice(&body).expect("JSON")
    }
}

fn pool(config: DatabaseConfig) -> Pool {
    let connect: Connect = Arc::new(move || {
        let config = config.clone();
        Box::pin(async move { ledger::connect(&config).await.map_err(Problem::from) })
    });
    Pool::new(1, connect)
}

/// A bucket and a queue that take what they are given and keep none of it: the database is what is recorded.
struct Shelf;

fn stored(bytes: u64) -> Stored {
    Stored {
        version: Some("1".to_owned()),
        etag: Some("e".to_owned()),
        bytes: Some(bytes),
    }
}

fn presigned() -> Presigned {
    Presigned {
        method: "PUT".to_owned(),
        url: "https://bucket".to_owned(),
        headers: Vec::new(),
    }
}

fn now<'a, T: Send + 'a>(answer: Result<T, Failure>) -> Sending<'a, T> {
    Box::pin(async move { answer })
}

impl Outbox for Shelf {
    fn put<'a>(&'a self, _: &'a str, content: Bytes, _: &'a str) -> Sending<'a, Stored> {
        if content == LOST {
            return now(Err(Failure::new(ObjectErrorKind::Unreachable, LOST)));
        }
        now(Ok(stored(content.len() as u64)))
    }

    fn head<'a>(&'a self, _: &'a str) -> Sending<'a, Option<Stored>> {
        now(Ok(Some(stored(7))))
    }

    fn presign_put<'a>(
        &'a self,
        _: &'a str,
        _: Option<&'a str>,
        _: Duration,
    ) -> Sending<'a, Presigned> {
        now(Ok(presigned()))
    }

    fn begin_parts<'a>(&'a self, _: &'a str, _: &'a str, _: bool) -> Sending<'a, String> {
        now(Ok("parts".to_owned()))
    }

    fn presign_part<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: u16,
        _: Option<&'a str>,
        _: Duration,
    ) -> Sending<'a, Presigned> {
        now(Ok(presigned()))
    }

    fn complete_parts<'a>(&'a self, _: &'a str, _: &'a str, _: &'a [Part]) -> Sending<'a, Stored> {
        now(Ok(stored(7)))
    }

    fn order<'a>(&'a self, _: &'a Control) -> Sending<'a, ()> {
        now(Ok(()))
    }
}
