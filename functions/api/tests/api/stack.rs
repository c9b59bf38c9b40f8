//! The router over a real database, with bucket and queue in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::outbox::{Failure, Outbox, Sending};
use api::pool::{Connect, Pool};
use api::problem::Problem;
use api::{App, Settings};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use ledger::keys::Scope;
use ledger::{BatchId, Claim, Committed, DatabaseConfig, Finding, Held, Outcome, Summary};
use platform::messages::Control;
use platform::objects::{ObjectErrorKind, Part, Presigned, Stored};
use serde_json::Value;
use testkit::{Role, TestDatabase, database};
use tower::ServiceExt;

pub const BUCKET: &str = "waybill-test-incoming";

/// A bucket and a queue, and whether they work today.
#[derive(Default)]
pub struct Memory {
    pub objects: Mutex<BTreeMap<String, Bytes>>,
    pub orders: Mutex<Vec<Control>>,
    pub joined: Mutex<Vec<Part>>,
    pub broken: AtomicBool,
    /// Puts arrive, and their answers are lost.
    pub mute: AtomicBool,
}

#[derive(Clone)]
struct Handle(Arc<Memory>);

impl Handle {
    fn works(&self) -> Result<(), Failure> {
        if self.0.broken.load(Ordering::SeqCst) {
            return Err(Failure::new(
                ObjectErrorKind::Unreachable,
                "secret-internal-host: connection refused",
            ));
        }
        Ok(())
    }
}

fn stored(bytes: usize) -> Stored {
    Stored {
        version: Some("v1".to_owned()),
        etag: Some("e".to_owned()),
        bytes: Some(bytes as u64),
    }
}

fn presigned(url: String, sha256: Option<&str>) -> Presigned {
    let headers = sha256
        .map(|hash| ("x-amz-checksum-sha256".to_owned(), hash.to_owned()))
        .into_iter()
        .collect();
    Presigned {
        method: "PUT".to_owned(),
        url,
        headers,
    }
}

impl Outbox for Handle {
    fn put<'a>(&'a self, key: &'a str, content: Bytes, _: &'a str) -> Sending<'a, Stored> {
        Box::pin(async move {
            self.works()?;
            let answer = stored(content.len());
            self.0
                .objects
                .lock()
                .expect("not poisoned")
                .insert(key.to_owned(), content);
            if self.0.mute.load(Ordering::SeqCst) {
                return Err(Failure::new(ObjectErrorKind::Unreachable, "no answer"));
            }
            Ok(answer)
        })
    }

    fn head<'a>(&'a self, key: &'a str) -> Sending<'a, Option<Stored>> {
        Box::pin(async move {
            self.works()?;
            Ok(self
                .0
                .objects
                .lock()
                .expect("not poisoned")
                .get(key)
                .map(|content| stored(content.len())))
        })
    }

    fn presign_put<'a>(
        &'a self,
        key: &'a str,
        sha256: Option<&'a str>,
        _: Duration,
    ) -> Sending<'a, Presigned> {
        Box::pin(async move {
            self.works()
                .map(|()| presigned(format!("https://bucket/{key}"), sha256))
        })
    }

    fn begin_parts<'a>(&'a self, _: &'a str, _: &'a str, _: bool) -> Sending<'a, String> {
        Box::pin(async move { self.works().map(|()| "upload-1".to_owned()) })
    }

    fn presign_part<'a>(
        &'a self,
        key: &'a str,
        upload: &'a str,
        number: u16,
        sha256: Option<&'a str>,
        _: Duration,
    ) -> Sending<'a, Presigned> {
        Box::pin(async move {
            self.works()
                .map(|()| presigned(format!("https://bucket/{key}?{upload}/{number}"), sha256))
        })
    }

    fn complete_parts<'a>(
        &'a self,
        key: &'a str,
        upload: &'a str,
        parts: &'a [Part],
    ) -> Sending<'a, Stored> {
        Box::pin(async move {
            self.works()?;
            if upload != "upload-1" {
                return Err(Failure::new(ObjectErrorKind::Gone, "NoSuchUpload"));
            }
            self.0
                .joined
                .lock()
                .expect("not poisoned")
                .extend_from_slice(parts);
            self.0
                .objects
                .lock()
                .expect("not poisoned")
                .insert(key.to_owned(), Bytes::new());
            Ok(stored(0))
        })
    }

    fn order<'a>(&'a self, order: &'a Control) -> Sending<'a, ()> {
        Box::pin(async move {
            self.works()?;
            self.0
                .orders
                .lock()
                .expect("not poisoned")
                .push(order.clone());
            Ok(())
        })
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("plain text"))
    }

    /// The slug of a problem, after checking that it is one in every respect.
    pub fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        for member in ["title", "detail"] {
            assert!(
                body[member].as_str().is_some_and(|text| !text.is_empty()),
                "{member}: {body}"
            );
        }
        body["type"]
            .as_str()
            .and_then(|kind| kind.strip_prefix("/problems/"))
            .expect("a type")
            .to_owned()
    }
}

/// Everything one test needs.
pub struct Stack {
    pub database: TestDatabase,
    pub memory: Arc<Memory>,
    pub router: Router,
}

impl Stack {
    pub async fn new() -> Self {
        Self::with(true).await
    }

    pub async fn with(public_rates: bool) -> Self {
        let database = database().await;
        let reader = pool(database.config(Role::Reader));
        Self::of(database, reader, public_rates)
    }

    /// Over a database of one's own whose rates are public and read through this pool.
    pub fn reading(database: TestDatabase, reader: Pool) -> Self {
        Self::of(database, reader, true)
    }

    fn of(database: TestDatabase, reader: Pool, public_rates: bool) -> Self {
        let memory = Arc::new(Memory::default());
        let ledger = pool(database.config(Role::Api));
        let outbox = Handle(Arc::clone(&memory));
        Self {
            database,
            memory,
            router: router(ledger, reader, outbox, public_rates),
        }
    }

    /// A key with every scope and dataset.
    pub async fn key(&self) -> String {
        self.key_for(Scope::ALL, &["*"]).await
    }

    pub async fn key_for(&self, scopes: &[Scope], datasets: &[&str]) -> String {
        let owner = self.database.connect(Role::Owner).await;
        let datasets: Vec<String> = datasets.iter().map(|name| (*name).to_owned()).collect();
        let (_, secret) = ledger::keys::create(&owner, "tester", scopes, &datasets)
            .await
            .expect("a key");
        secret.expose().to_owned()
    }

    pub async fn get(&self, uri: &str, key: &str) -> Answer {
        self.send(
            request("GET", uri, key)
                .body(Body::empty())
                .expect("a request"),
        )
        .await
    }

    pub async fn post(
        &self,
        uri: &str,
        key: &str,
        content_type: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let request = request("POST", uri, key).header(header::CONTENT_TYPE, content_type);
        self.send(request.body(body.into()).expect("a request"))
            .await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }

    /// Runs statements as the superuser.
    pub async fn sql(&self, statements: &str) {
        self.database
            .connect(Role::Super)
            .await
            .batch_execute(statements)
            .await
            .expect("good SQL");
    }

    /// Delivers a small CSV of prices and answers its id.
    pub async fn submit(&self, key: &str, body: &'static str) -> BatchId {
        let answer = self
            .post("/v1/batches?dataset=prices", key, "text/csv", body)
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        answer.json()["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("an id")
    }

    /// Commits a batch as a loader would, with rows that `insert` brings ($1 is the batch's number).
    pub async fn commit(&self, id: BatchId, insert: &str) {
        let mut claimer = self.database.connect(Role::Loader).await;
        let held = held(&mut claimer, id).await;
        let mut loader = self.database.connect(Role::Loader).await;
        let transaction = loader.transaction().await.expect("a transaction");
        if !insert.is_empty() {
            transaction
                .execute(insert, &[&held.number.0])
                .await
                .expect("rows");
        }
        let done = ledger::commit(&transaction, &held, &summary(id), ledger::Repeats::Any)
            .await
            .expect("a commit");
        assert!(matches!(done, Committed::Done));
        transaction.commit().await.expect("committed");
    }

    /// Rejects a batch with findings, as a loader would.
    pub async fn reject(&self, id: BatchId, header: &[u8], total: u64, findings: Vec<Finding>) {
        let summary = Summary {
            header: Some(header.to_vec()),
            ..summary(id)
        };
        let problem = ledger::Problem::new("rejected", "The data is wrong").with_status(422);
        self.settle(
            id,
            Outcome::Rejected {
                problem,
                summary: Some(summary),
                rejected: total,
                total,
                findings,
            },
        )
        .await;
    }

    /// The same for a file that has no header.
    pub async fn settle_json_lines(&self, id: BatchId, findings: Vec<Finding>) {
        let (problem, total) = (
            ledger::Problem::new("rejected", "The data is wrong"),
            findings.len() as u64,
        );
        self.settle(
            id,
            Outcome::Rejected {
                problem,
                summary: Some(summary(id)),
                rejected: total,
                total,
                findings,
            },
        )
        .await;
    }

    pub async fn fail(&self, id: BatchId) {
        self.settle(
            id,
            Outcome::Failed {
                problem: ledger::Problem::new("failed", "We are wrong"),
            },
        )
        .await;
    }

    /// Claims a batch, as a loader that then goes on for long.
    pub async fn begin(&self, id: BatchId) {
        held(&mut self.database.connect(Role::Loader).await, id).await;
    }

    async fn settle(&self, id: BatchId, outcome: Outcome) {
        let mut loader = self.database.connect(Role::Loader).await;
        let held = held(&mut loader, id).await;
        assert!(
            ledger::settle(&mut loader, &held, outcome)
                .await
                .expect("settled")
        );
    }
}

/// Claims a batch as a loader does that came with a message for it.
async fn held(loader: &mut ledger::Session, id: BatchId) -> Held {
    ledger::requeue(loader, id).await.expect("an answer");
    match ledger::claim(loader, id, Duration::from_secs(60), "test")
        .await
        .expect("a claim")
    {
        Claim::Held(held) => held,
        other => panic!("not claimed: {other:?}"),
    }
}

fn summary(id: BatchId) -> Summary {
    let mut sha256 = [7; 32];
    sha256[..16].copy_from_slice(id.0.as_bytes());
    Summary {
        rows: 1,
        content_bytes: 10,
        sha256,
        header: None,
    }
}

pub fn request(method: &str, uri: &str, key: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(uri);
    if key.is_empty() {
        request
    } else {
        request.header(header::AUTHORIZATION, format!("Bearer {key}"))
    }
}

pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router
        .clone()
        .oneshot(request)
        .await
        .expect("the router does not fail");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

pub fn pool(config: DatabaseConfig) -> Pool {
    Pool::new(2, connect(config))
}

pub fn connect(config: DatabaseConfig) -> Connect {
    Arc::new(move || {
        let config = config.clone();
        Box::pin(async move { ledger::connect(&config).await.map_err(Problem::from) })
    })
}

/// The router over pools of one's own: for tests of what happens when they do not answer.
pub fn bare(ledger: Pool, reader: Pool) -> Router {
    router(ledger, reader, Handle(Arc::default()), true)
}

fn router(ledger: Pool, reader: Pool, outbox: Handle, public_rates: bool) -> Router {
    let settings = Settings {
        environment: "test".to_owned(),
        release: "c0ffee".to_owned(),
        incoming_bucket: BUCKET.to_owned(),
        public_rates,
        measured: false,
    };
    api::router(App::new(settings, ledger, reader, Box::new(outbox)))
}

/// The names of an object's members.
pub fn members(value: &Value) -> Vec<String> {
    let mut names: Vec<String> = value
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    names.sort();
    names
}
