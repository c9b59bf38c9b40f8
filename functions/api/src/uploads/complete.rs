//! `POST /v1/uploads/{id}/complete`: all is put. Parts become one object; one piece is looked for.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::keys::Scope;
use ledger::{BatchId, State};
use platform::objects::{ObjectErrorKind, Part};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::arguments::{self, Content, Id};
use crate::auth::Caller;
use crate::documents::{self, BatchDocument};
use crate::idempotency::{self, Answer};
use crate::problem::{self, Kind, Problem};
use crate::{batches, limits, submit};

/// The parts that were put. For an upload in one piece: nothing, or an empty object.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Completion {
    /// The storage's id of the upload, as `POST /v1/uploads` answered it.
    upload_id: Option<String>,
    /// Every part.
    #[serde(default)]
    parts: Vec<PutPart>,
}

/// One part that was put.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutPart {
    /// The part's number, from 1.
    number: u16,
    /// The `ETag` that the storage answered.
    etag: String,
    /// Its SHA-256 in hex, where the upload was begun with checksums.
    sha256: Option<String>,
}

/// Say that all is put
///
/// May be sent again; once the object is whole, the answer is the batch.
#[utoipa::path(
    post, path = "/v1/uploads/{id}/complete", tag = "uploads",
    params(("id" = uuid::Uuid, Path, description = "The upload"), idempotency::KeyHeader),
    request_body(content = Completion, description = "May be empty for an upload in one piece"),
    security(("bearer" = ["batches:write"]), ("api_key" = ["batches:write"])),
    responses(
        (status = 202, description = "Will be loaded", body = BatchDocument, headers(("Location" = String, description = "The batch"))),
        (status = 400, description = "The body is malformed", body = problem::Body, content_type = "application/problem+json"),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `batches:write`", body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "There is no such upload for this key", body = problem::Body, content_type = "application/problem+json"),
        (status = 409, description = "The object is not there, or parts are missing or differ", body = problem::Body, content_type = "application/problem+json"),
        (status = 422, description = "The Idempotency-Key was used for another request", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "Database or storage cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn complete(
    Shared(app): Shared<App>,
    caller: Caller,
    Id(id): Id,
    headers: HeaderMap,
    Content(content): Content,
) -> Result<Response, Problem> {
    caller.may(Scope::BatchesWrite)?;
    let asked: Completion = if content.is_empty() {
        Completion::default()
    } else {
        arguments::json(&content)?
    };
    let described = format!("POST /v1/uploads/{id}/complete");
    idempotency::once(
        &app,
        &caller,
        &headers,
        &described,
        &content,
        finish(&app, &caller, id, asked),
    )
    .await
}

async fn finish(
    app: &App,
    caller: &Caller,
    id: BatchId,
    asked: Completion,
) -> Result<Answer, Problem> {
    let batch = batches::find(app, caller, id).await?;
    let arrived = !matches!(batch.state, State::Received | State::Failed);
    if !arrived && !is_there(app, &batch.source.key).await? {
        join(app, &batch.source.key, asked).await?;
    }
    let batch = batches::find(app, caller, id).await?;
    Ok(Answer::new(StatusCode::ACCEPTED, &documents::batch(&batch)).at(documents::address(&batch)))
}

async fn is_there(app: &App, key: &str) -> Result<bool, Problem> {
    app.outbox()
        .head(key)
        .await
        .map(|found| found.is_some())
        .map_err(|failure| Problem::storage(&failure))
}

async fn join(app: &App, key: &str, asked: Completion) -> Result<(), Problem> {
    let Some(upload) = asked.upload_id else {
        return Err(Problem::new(
            Kind::UploadIncomplete,
            "The object is not there. Put it to the address that POST /v1/uploads answered; for an upload in parts send upload_id and parts.",
        ));
    };
    let parts = parts(asked.parts)?;
    app.outbox().complete_parts(key, &upload, &parts).await.map(drop).map_err(|failure| match failure.kind() {
        ObjectErrorKind::Refused | ObjectErrorKind::Gone | ObjectErrorKind::Changed => Problem::new(
            Kind::UploadIncomplete,
            "The storage could not join the parts: the upload_id is not of this upload (any more), a part is missing, smaller than 5 MiB, or its ETag or checksum differs.",
        )
        .caused_by(&failure),
        ObjectErrorKind::Unreachable | ObjectErrorKind::Denied => Problem::storage(&failure),
    })
}

/// The parts in order, each once.
fn parts(put: Vec<PutPart>) -> Result<Vec<Part>, Problem> {
    if put.is_empty() || put.len() > limits::PARTS as usize {
        return Err(Problem::argument(
            "parts",
            format!("parts must list 1 to {} parts.", limits::PARTS),
        ));
    }
    let mut parts = put
        .into_iter()
        .map(|part| {
            let sha256 = part
                .sha256
                .as_deref()
                .map(|text| submit::sha256("parts.sha256", text))
                .transpose()?;
            Ok(Part {
                number: part.number,
                etag: part.etag,
                sha256: sha256.map(|hash| STANDARD.encode(hash)),
            })
        })
        .collect::<Result<Vec<_>, Problem>>()?;
    parts.sort_by_key(|part| part.number);
    let in_order = parts
        .iter()
        .zip(1_u16..)
        .all(|(part, number)| part.number == number);
    if !in_order {
        return Err(Problem::argument(
            "parts",
            "parts must be numbered from 1 without a gap or a repetition.",
        ));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(numbers: &[u16]) -> Vec<PutPart> {
        numbers
            .iter()
            .map(|number| PutPart {
                number: *number,
                etag: "e".to_owned(),
                sha256: None,
            })
            .collect()
    }

    #[test]
    fn parts_may_be_named_in_any_order_but_each_once() {
        let sorted = parts(put(&[2, 1, 3])).expect("three parts");
        assert_eq!(
            sorted.iter().map(|part| part.number).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        for wrong in [&[][..], &[1, 1], &[1, 3], &[0, 1]] {
            assert!(parts(put(wrong)).is_err(), "{wrong:?}");
        }
    }
}
