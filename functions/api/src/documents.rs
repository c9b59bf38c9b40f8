//! Batches as the API shows them: the ledger's own JSON with links, and the same shape for the OpenAPI document.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ledger::{Batch, State};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// Where a batch is found.
pub(crate) fn address(batch: &Batch) -> String {
    format!("/v1/batches/{}", batch.id)
}

/// A batch with the calls that make sense in its state.
pub(crate) fn batch(batch: &Batch) -> Value {
    let mut document = serde_json::to_value(batch).unwrap_or_default();
    let itself = address(batch);
    let mut links = Map::new();
    links.insert("self".to_owned(), json!(itself));
    if batch.report.total > 0 {
        links.insert("errors".to_owned(), json!(format!("{itself}/errors")));
    }
    if let Some(first) = batch.duplicate_of {
        links.insert(
            "duplicate_of".to_owned(),
            json!(format!("/v1/batches/{first}")),
        );
    }
    if batch.state == State::Committed && crate::orders::can_undo(&batch.dataset) {
        links.insert("undo".to_owned(), json!(format!("{itself}/undo")));
    }
    if matches!(batch.state, State::Received | State::Loading) {
        links.insert("cancel".to_owned(), json!(format!("{itself}/cancel")));
    }
    if batch.state == State::Failed {
        links.insert("replay".to_owned(), json!(format!("{itself}/replay")));
    }
    if let Some(members) = document.as_object_mut() {
        members.insert("links".to_owned(), Value::Object(links));
    }
    document
}

/// An answer as JSON that no cache may keep: a batch changes by itself.
pub(crate) fn fresh(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One delivery for one dataset.
#[derive(ToSchema)]
#[schema(as = Batch)]
#[expect(
    dead_code,
    reason = "the shape for the OpenAPI document; the ledger serialises its own type, and a test compares the two"
)]
pub(crate) struct BatchDocument {
    /// The batch's name.
    id: uuid::Uuid,
    /// Its number in this environment; newer ones are larger.
    number: i64,
    /// What it is of.
    #[schema(example = "prices")]
    dataset: String,
    /// `received`, `loading`, `committed`, `checked` (a dry run that would have been committed), `rejected` (the data is
    /// wrong), `failed` (we are), `duplicate`, `undone`.
    #[schema(example = "committed")]
    state: String,
    /// `function`, `task` or `spark`.
    #[schema(example = "function")]
    lane: String,
    /// How often it was begun.
    attempt: i32,
    /// Whether it waits for a loader: for the first one, or for another try.
    waits: bool,
    /// Rows in the table (`committed`), that were there (`undone`) or would be (`checked`); null before.
    rows: Option<u64>,
    /// Records that were refused.
    rejected: Option<u64>,
    /// Size of the content, decompressed.
    bytes: Option<u64>,
    /// SHA-256 of the content, decompressed, in hex.
    sha256: Option<String>,
    /// Where the bytes lie: `s3://bucket/key?versionId=…`.
    source: String,
    /// The batch that had the same content first.
    duplicate_of: Option<uuid::Uuid>,
    /// The key, person or rule that delivered it.
    submitted_by: String,
    /// The release that worked on it last.
    release: Option<String>,
    /// When it became known.
    #[schema(format = DateTime)]
    received_at: String,
    /// When it was first begun.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// When it was settled.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
    /// Its life so far, oldest first.
    timeline: Vec<EventDocument>,
    /// Why it was rejected or failed.
    error: Option<crate::problem::Body>,
    /// How far the load has come.
    progress: ProgressDocument,
    /// Whether it is a dry run.
    dry_run: bool,
    /// How long its report is.
    report: ReportDocument,
    /// Calls that make sense now: `self`, `errors`, `undo`, `cancel`, `replay`, `duplicate_of`.
    links: std::collections::BTreeMap<String, String>,
}

/// One step in a batch's life.
#[derive(ToSchema)]
#[schema(as = Event)]
#[expect(dead_code, reason = "the shape for the OpenAPI document")]
pub(crate) struct EventDocument {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The state from then on.
    state: String,
    /// The attempt it belongs to; 0 before the first.
    attempt: i32,
    /// More about it, for people.
    note: Option<String>,
}

/// How far a load has come.
#[derive(ToSchema)]
#[schema(as = Progress)]
#[expect(dead_code, reason = "the shape for the OpenAPI document")]
pub(crate) struct ProgressDocument {
    /// Stored bytes that are done (compressed, where the object is): in part when read, whole when with the database.
    bytes: u64,
    /// Records read.
    rows: u64,
    /// Rows that the database was sent; a load that sorts first reads first, and sends then.
    copied: u64,
    /// The object's size, where it is known.
    total_bytes: Option<u64>,
    /// Records a second so far, of a batch that is being loaded.
    rows_per_s: Option<u64>,
    /// About how many seconds it still takes, where that can be told.
    seconds_left: Option<u64>,
}

/// How long a batch's report is.
#[derive(ToSchema)]
#[schema(as = Report)]
#[expect(dead_code, reason = "the shape for the OpenAPI document")]
pub(crate) struct ReportDocument {
    /// What was found.
    total: u64,
    /// What is listed of it.
    listed: u64,
}

/// What a text takes inside a JSON string.
pub(crate) fn json_bytes(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum()
}
