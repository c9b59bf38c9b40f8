//! `POST /v1/batches`: a file in a request's body becomes a batch.
//!
//! The batch is in the ledger, with its options, before its object is in the bucket: the bucket's event may overtake
//! the answer to the put, and a dry run must not be loaded because nobody knew that it was one. A put that fails is
//! written into the ledger as well, so that no batch waits for content that does not come.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use contract::Contract;
use jiff::Timestamp;
use ledger::idempotency::REMEMBERED;
use ledger::keys::Scope;
use ledger::{Batch, BatchId, Lane, NewBatch, ObjectName, Options, State as BatchState};
use platform::messages::Control;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::arguments::{Arguments, Content};
use crate::auth::Caller;
use crate::documents::{self, BatchDocument};
use crate::idempotency::{self, Answer};
use crate::media::{self, Media};
use crate::outbox::Failure;
use crate::problem::{self, Kind, Problem};

fn is_cancelled(batch: &Batch) -> bool {
    let problem = batch.error.as_ref();
    problem.is_some_and(|problem| problem.is(ledger::Problem::CANCELLED))
}

/// Whether a batch goes before others: for those who may say so.
pub(crate) fn urgent(caller: &Caller, asked: bool) -> Result<bool, Problem> {
    if asked {
        caller.may(Scope::BatchesUrgent)?;
    }
    Ok(asked)
}

/// The namespace of the ids of batches that began as a request with an idempotency key: the same in every release.
const REQUESTS: Uuid = Uuid::from_u128(0x0b9c_4a4e_31d5_4f0e_8a56_e2a4_6d17_93cb);

/// What to do with the content.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Submission {
    /// The dataset that the content is of.
    #[param(example = "prices")]
    dataset: String,
    /// Check everything, load nothing; the batch ends as `checked` or `rejected`.
    #[serde(default)]
    dry_run: bool,
    /// Load it even if the same content was loaded before.
    #[serde(default)]
    force: bool,
    /// Load it before all that is not urgent; needs the scope `batches:urgent`.
    #[serde(default)]
    urgent: bool,
    /// How many records the content has; any other number rejects it.
    expect_rows: Option<u64>,
    /// SHA-256 of the content, decompressed, in hex; any other content is rejected.
    expect_sha256: Option<String>,
    /// The file's name: kept in the object's key, and decides the format where the Content-Type does not.
    #[param(example = "prices-2021-01.csv")]
    filename: Option<String>,
}

/// Deliver a file in the body
///
/// The Content-Type names the format (`text/csv`, `application/x-ndjson`, `application/json`, `application/xml`); gzip and zstd are named by
/// Content-Encoding, or by `application/gzip`, and kept. The content is checked and loaded after the answer: follow
/// the batch at its address. At most 4 MiB; larger content goes through `/v1/uploads`.
#[utoipa::path(
    post, path = "/v1/batches", tag = "batches",
    params(Submission, idempotency::KeyHeader),
    request_body(content(
        (String = "text/csv"),
        (String = "application/x-ndjson"),
        (String = "application/json"),
        (String = "application/xml"),
        (String = "application/gzip"),
    ), description = "The file"),
    security(("bearer" = ["batches:write"]), ("api_key" = ["batches:write"])),
    responses(
        (status = 202, description = "Received; will be loaded", body = BatchDocument, headers(("Location" = String, description = "The batch"))),
        (status = 400, description = "An argument is missing or malformed", body = problem::Body, content_type = "application/problem+json"),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `batches:write` or the dataset", body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "There is no such dataset", body = problem::Body, content_type = "application/problem+json"),
        (status = 409, description = "The first request with this Idempotency-Key is still running", body = problem::Body, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large; use /v1/uploads", body = problem::Body, content_type = "application/problem+json"),
        (status = 415, description = "The content's type is not accepted", body = problem::Body, content_type = "application/problem+json"),
        (status = 422, description = "The Idempotency-Key was used for another request", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "Database or storage cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn submit(
    State(app): State<App>,
    caller: Caller,
    Arguments(asked): Arguments<Submission>,
    headers: HeaderMap,
    uri: Uri,
    Content(content): Content,
) -> Result<Response, Problem> {
    caller.may(Scope::BatchesWrite)?;
    let contract = dataset(&caller, &asked.dataset)?;
    let media = media::decide(&headers, asked.filename.as_deref(), contract)?;
    let name = media::object_name(asked.filename.as_deref(), media)?;
    let options = Options {
        dry_run: asked.dry_run,
        force: asked.force,
        urgent: urgent(&caller, asked.urgent)?,
        expect_rows: asked.expect_rows.map(rows).transpose()?,
        expect_sha256: asked
            .expect_sha256
            .as_deref()
            .map(|text| sha256("expect_sha256", text))
            .transpose()?,
    };
    let described = format!(
        "{name} {}",
        uri.path_and_query()
            .map_or_else(|| uri.path(), |whole| whole.as_str())
    );
    let work = async {
        let id = match idempotency::name(&caller, &headers, &described, &content)? {
            None => BatchId::fresh(),
            Some(request) => match delivered(&app, &request).await? {
                Delivery::Done(batch) => return Ok(accepted(&batch)),
                Delivery::Open(id) => id,
            },
        };
        accept(
            &app,
            &caller,
            contract,
            media,
            &name,
            content.clone(),
            id,
            options,
        )
        .await
    };
    idempotency::once(&app, &caller, &headers, &described, &content, work).await
}

/// What became of earlier tries of a request with an idempotency key.
enum Delivery {
    /// Its content arrived, and this is the batch.
    Done(Box<Batch>),
    /// Nothing arrived: the batch to be delivered under.
    Open(BatchId),
}

/// How many failed tries of one request are looked at before the next one is simply new.
const TRIES: u32 = 16;

/// Looks for a try whose answer was lost although its content arrived: sent again, it must not become a second batch,
/// since `force` would load that one as well.
async fn delivered(app: &App, request: &[u8]) -> Result<Delivery, Problem> {
    for number in 0..TRIES {
        let id = nth(request, number);
        let client = app.ledger().get().await?;
        let batch = ledger::find(&client, id).await?;
        client.settle();
        let Some(batch) = batch else {
            return Ok(Delivery::Open(id));
        };
        // After that time the key names another request, be it one of the same words.
        if Timestamp::now()
            .duration_since(batch.received_at)
            .unsigned_abs()
            > REMEMBERED
        {
            continue;
        }
        match batch.state {
            BatchState::Received => return Ok(Delivery::Open(id)),
            BatchState::Failed if batch.attempt.0 == 0 && !is_cancelled(&batch) => {}
            _ => return Ok(Delivery::Done(Box::new(batch))),
        }
        let unreachable = |failure: Failure| Problem::storage(&failure).with("batch", json!(id));
        let arrived = app.outbox().head(&batch.source.key).await;
        if arrived.map_err(unreachable)?.is_none() {
            continue;
        }
        // It was given up and lies there after all. Its event is on the way, or the order stands for it.
        let order = Control::Load { batch: id };
        app.outbox().order(&order).await.map_err(unreachable)?;
        return Err(Problem::new(
            Kind::IdempotencyRunning,
            "The content of the first request arrived after all and is about to be loaded. Send this one again in a moment.",
        )
        .with("batch", json!(id))
        .retry_after(5));
    }
    Ok(Delivery::Open(BatchId::fresh()))
}

/// The batch of a request's nth try: the same one whenever it is asked for.
fn nth(request: &[u8], number: u32) -> BatchId {
    BatchId(Uuid::new_v5(
        &REQUESTS,
        &[request, &number.to_be_bytes()].concat(),
    ))
}

fn accepted(batch: &Batch) -> Answer {
    Answer::new(StatusCode::ACCEPTED, &documents::batch(batch)).at(documents::address(batch))
}

#[expect(
    clippy::too_many_arguments,
    reason = "a delivery is as many things; all are of different types"
)]
async fn accept(
    app: &App,
    caller: &Caller,
    contract: &Contract,
    media: Media,
    name: &str,
    content: Bytes,
    id: BatchId,
    options: Options,
) -> Result<Answer, Problem> {
    let (batch, key) = register(
        app,
        caller,
        contract,
        name,
        id,
        Some(content.len() as u64),
        options,
    )
    .await?;
    if let Err(failure) = app.outbox().put(&key, content, media.content_type()).await {
        return Err(give_up(app, batch.id, &failure).await);
    }
    if batch.options.urgent {
        hurry(app, caller, batch.id).await;
    }
    Ok(accepted(&batch))
}

/// Puts an urgent batch into the queue now: its event may stand behind a thousand others. Should that fail, its event
/// does it.
async fn hurry(app: &App, caller: &Caller, id: BatchId) {
    let queued = async {
        let client = app.ledger().get().await?;
        // What comes in a request's body is small.
        ledger::enqueue(&client, id, Lane::Function, caller.name()).await?;
        client.settle();
        let told = app.outbox().order(&Control::Next).await;
        told.map_err(|failure| Problem::storage(&failure))
    };
    if let Err(problem) = queued.await {
        tracing::warn!(batch = %id, error = ?problem, "an urgent batch has to wait for its event");
    }
}

/// Makes a batch known before its object; answers it with the object's key.
pub(crate) async fn register(
    app: &App,
    caller: &Caller,
    contract: &Contract,
    name: &str,
    id: BatchId,
    object_bytes: Option<u64>,
    options: Options,
) -> Result<(Batch, String), Problem> {
    let key = format!("{}/api/{id}/{name}", contract.name);
    let source = ObjectName {
        bucket: app.settings().incoming_bucket.clone(),
        key: key.clone(),
        version: None,
    };
    let new = NewBatch {
        id,
        dataset: &contract.name,
        source,
        object_bytes,
        etag: None,
        submitted_by: caller.name(),
        options,
    };
    let client = app.ledger().get().await?;
    let batch = ledger::receive(&client, &new).await?;
    client.settle();
    Ok((batch, key))
}

/// Ends a batch whose content could not be stored. Where the put arrived after all, its event still finds the batch
/// with its options, and loads it: `failed` is a state that a load may begin from.
pub(crate) async fn give_up(app: &App, id: BatchId, failure: &Failure) -> Problem {
    let why = ledger::Problem::new("content-not-stored", "The content could not be stored")
        .with_status(503)
        .with_detail("The storage did not confirm that it has the content. Send it again.");
    let withdrawn = async {
        let client = app.ledger().get().await?;
        let withdrawn = ledger::withdraw(&client, id, &why).await?;
        client.settle();
        Ok::<_, Problem>(withdrawn)
    };
    if let Err(problem) = withdrawn.await {
        tracing::error!(batch = %id, error = ?problem, "a batch without content could not be marked as failed");
    }
    Problem::storage(failure).with("batch", json!(id))
}

/// The contract of a dataset that the caller may deliver to.
pub(crate) fn dataset(caller: &Caller, name: &str) -> Result<&'static Contract, Problem> {
    caller.may_touch(name)?;
    contract::find(name).ok_or_else(|| {
        Problem::new(
            Kind::DatasetNotFound,
            format!("There is no dataset `{name}`; GET /v1/datasets lists them."),
        )
        .with("dataset", name)
    })
}

/// The ledger counts in signed integers.
pub(crate) fn rows(expected: u64) -> Result<u64, Problem> {
    i64::try_from(expected).map(|_| expected).map_err(|_| {
        Problem::argument(
            "expect_rows",
            format!("expect_rows {expected} is more than any file has."),
        )
    })
}

/// Reads 64 hexadecimal digits.
pub(crate) fn sha256(argument: &str, text: &str) -> Result<[u8; 32], Problem> {
    let refuse = || {
        Problem::argument(
            argument,
            format!("{argument} must be a SHA-256 in 64 hexadecimal digits."),
        )
    };
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(refuse());
    }
    let mut hash = [0; 32];
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).map_err(|_| refuse())?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| refuse())?;
    }
    Ok(hash)
}
