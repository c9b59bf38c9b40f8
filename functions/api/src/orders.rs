//! `POST /v1/batches/{id}/undo` and `/replay`: decided at once, done by the intake function. `/cancel` is done at once.
//!
//! The ledger says whether the order makes sense and notes who gave it; the queue carries it to the function that may
//! touch the tables.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use contract::Mode;
use ledger::keys::Scope;
use ledger::{Batch, BatchId, ErrorKind, Replay};
use platform::messages::Control;

use crate::app::App;
use crate::arguments::{Id, no_such_batch};
use crate::auth::Caller;
use crate::batches;
use crate::documents::{self, BatchDocument};
use crate::idempotency::{self, Answer};
use crate::problem::{self, Kind, Problem};

/// Whether batches of a dataset can be undone at all.
pub(crate) fn can_undo(dataset: &str) -> bool {
    contract::find(dataset).is_some_and(|contract| contract.mode == Mode::Append)
}

/// Take a committed batch's rows out again
///
/// The answer says that it will be done; the batch is `undone` when it is. Only datasets that are appended to can be
/// undone: in others a batch has replaced rows that are gone.
#[utoipa::path(
    post, path = "/v1/batches/{id}/undo", tag = "batches",
    params(("id" = uuid::Uuid, Path, description = "The batch"), idempotency::KeyHeader),
    security(("bearer" = ["batches:write"]), ("api_key" = ["batches:write"])),
    responses(
        (status = 202, description = "Will be undone", body = BatchDocument, headers(("Location" = String, description = "The batch"))),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `batches:write`", body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "There is no such batch for this key", body = problem::Body, content_type = "application/problem+json"),
        (status = 409, description = "Cannot be undone, and why", body = problem::Body, content_type = "application/problem+json"),
        (status = 422, description = "The Idempotency-Key was used for another request", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "Database or queue cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn undo(
    Shared(app): Shared<App>,
    caller: Caller,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.may(Scope::BatchesWrite)?;
    let described = format!("POST /v1/batches/{id}/undo");
    idempotency::once(
        &app,
        &caller,
        &headers,
        &described,
        &[],
        order_undo(&app, &caller, id),
    )
    .await
}

/// Try a failed batch again
///
/// For a batch that `failed`, or whose loader was lost. A `rejected` one needs a corrected file instead.
#[utoipa::path(
    post, path = "/v1/batches/{id}/replay", tag = "batches",
    params(("id" = uuid::Uuid, Path, description = "The batch"), idempotency::KeyHeader),
    security(("bearer" = ["batches:write"]), ("api_key" = ["batches:write"])),
    responses(
        (status = 202, description = "Will be tried again", body = BatchDocument, headers(("Location" = String, description = "The batch"))),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `batches:write`", body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "There is no such batch for this key", body = problem::Body, content_type = "application/problem+json"),
        (status = 409, description = "Cannot be replayed, and why", body = problem::Body, content_type = "application/problem+json"),
        (status = 422, description = "The Idempotency-Key was used for another request", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "Database, storage or queue cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn replay(
    Shared(app): Shared<App>,
    caller: Caller,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.may(Scope::BatchesWrite)?;
    let described = format!("POST /v1/batches/{id}/replay");
    idempotency::once(
        &app,
        &caller,
        &headers,
        &described,
        &[],
        order_replay(&app, &caller, id),
    )
    .await
}

/// Stop a batch
///
/// One that waits, or whose upload was never finished, is `failed` at once; one that is being loaded stops within a few
/// seconds, unless it is committing just then. Nothing of it is loaded. A replay loads it after all.
#[utoipa::path(
    post, path = "/v1/batches/{id}/cancel", tag = "batches",
    params(("id" = uuid::Uuid, Path, description = "The batch"), idempotency::KeyHeader),
    security(("bearer" = ["batches:write"]), ("api_key" = ["batches:write"])),
    responses(
        (status = 202, description = "Is cancelled, or will be", body = BatchDocument, headers(("Location" = String, description = "The batch"))),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `batches:write`", body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "There is no such batch for this key", body = problem::Body, content_type = "application/problem+json"),
        (status = 409, description = "Cannot be cancelled, and why", body = problem::Body, content_type = "application/problem+json"),
        (status = 422, description = "The Idempotency-Key was used for another request", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn cancel(
    Shared(app): Shared<App>,
    caller: Caller,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.may(Scope::BatchesWrite)?;
    let described = format!("POST /v1/batches/{id}/cancel");
    let work = order_cancel(&app, &caller, id);
    idempotency::once(&app, &caller, &headers, &described, &[], work).await
}

async fn order_cancel(app: &App, caller: &Caller, id: BatchId) -> Result<Answer, Problem> {
    let batch = batches::find(app, caller, id).await?;
    let client = app.ledger().get().await?;
    ledger::cancel(&client, id, caller.name())
        .await
        .map_err(|error| refuse(error, Kind::NotCancellable, &batch))?;
    client.settle();
    accepted(app, caller, id).await
}

async fn order_undo(app: &App, caller: &Caller, id: BatchId) -> Result<Answer, Problem> {
    let batch = batches::find(app, caller, id).await?;
    let client = app.ledger().get().await?;
    ledger::request_undo(&client, id, caller.name())
        .await
        .map_err(|error| refuse(error, Kind::NotUndoable, &batch))?;
    client.settle();
    send(
        app,
        &Control::Undo {
            batch: id,
            by: caller.name().to_owned(),
        },
    )
    .await?;
    accepted(app, caller, id).await
}

async fn order_replay(app: &App, caller: &Caller, id: BatchId) -> Result<Answer, Problem> {
    let batch = batches::find(app, caller, id).await?;
    let stored = app
        .outbox()
        .head(&batch.source.key)
        .await
        .map_err(|failure| Problem::storage(&failure))?;
    let client = app.ledger().get().await?;
    let replay = if stored.is_some() {
        ledger::replay(&client, id, caller.name()).await
    } else {
        // The state comes first: of a committed batch the reason is not that its object was tidied away.
        Replay::of(&client, id).await
    };
    let replay = replay.map_err(|error| refuse(error, Kind::NotReplayable, &batch))?;
    client.settle();
    if stored.is_none() {
        return Err(Problem::new(
            Kind::NotReplayable,
            "The batch's content is not in the bucket (any more): send it again.",
        )
        .with("state", batch.state.as_str()));
    }
    send(app, &Control::Load { batch: replay.id }).await?;
    accepted(app, caller, id).await
}

async fn send(app: &App, order: &Control) -> Result<(), Problem> {
    app.outbox()
        .order(order)
        .await
        .map_err(|failure| Problem::storage(&failure))
}

async fn accepted(app: &App, caller: &Caller, id: BatchId) -> Result<Answer, Problem> {
    let batch = batches::find(app, caller, id).await?;
    Ok(Answer::new(StatusCode::ACCEPTED, &documents::batch(&batch)).at(documents::address(&batch)))
}

fn refuse(error: ledger::Error, kind: Kind, batch: &Batch) -> Problem {
    match error.kind() {
        ErrorKind::Conflict => {
            Problem::new(kind, sentence(error.context())).with("state", batch.state.as_str())
        }
        ErrorKind::NotFound => no_such_batch(&batch.id.to_string()),
        _ => error.into(),
    }
}

/// The ledger's reasons are clauses.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().collect::<String>())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
