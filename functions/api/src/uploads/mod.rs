//! `POST /v1/uploads`: a place in the bucket for content that is too large for a request's body.
//!
//! The batch is registered first, with its options; the object's own event loads it. Nothing about an upload is kept
//! here: the ledger knows the batch and its key, the storage knows the parts, the caller keeps the storage's upload id.

mod complete;
mod plan;

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use ledger::keys::Scope;
use ledger::{Batch, Options};
use platform::objects::Presigned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::arguments::{self, Content};
use crate::auth::Caller;
use crate::idempotency::{self, Answer};
use crate::media::{self, Media};
use crate::outbox::Failure;
use crate::problem::{self, Problem};
use crate::{documents, limits, submit};
use plan::Plan;

pub(crate) use complete::{__path_complete, complete};

/// What will be uploaded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadRequest {
    /// The dataset that the content is of.
    #[schema(example = "prices")]
    dataset: String,
    /// The file's name; its ending decides the format where there is no `content_type`.
    #[schema(example = "prices-2021.csv.gz")]
    filename: Option<String>,
    /// `text/csv`, `application/x-ndjson` or `application/gzip`.
    content_type: Option<String>,
    /// `gzip` or `zstd`.
    content_encoding: Option<String>,
    /// The size of the object as it will be put, compressed or not. Above 5 GiB it must come in parts, and does.
    bytes: Option<u64>,
    /// Upload in so many parts (1 to 2,000; each but the last at least 5 MiB).
    #[schema(minimum = 1, maximum = 2000)]
    parts: Option<u32>,
    /// SHA-256 of the object as it will be put, in hex; the storage refuses anything else. For uploads in one piece.
    sha256: Option<String>,
    /// SHA-256 of each part, in hex; as many as there are parts.
    part_sha256: Option<Vec<String>>,
    /// What to do with the content.
    #[serde(default)]
    options: UploadOptions,
}

/// What to do with the content.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UploadOptions {
    /// Check everything, load nothing.
    dry_run: bool,
    /// Load it even if the same content was loaded before.
    force: bool,
    /// Load it before all that is not urgent; needs the scope `batches:urgent`.
    urgent: bool,
    /// How many records the content has.
    expect_rows: Option<u64>,
    /// SHA-256 of the content, decompressed, in hex.
    expect_sha256: Option<String>,
}

/// Where to put the content.
#[derive(Serialize, ToSchema)]
#[expect(
    clippy::struct_field_names,
    reason = "the storage calls it an upload id, and so do its clients"
)]
pub(crate) struct Upload {
    /// The upload's and the batch's id.
    #[schema(value_type = uuid::Uuid)]
    id: ledger::BatchId,
    /// Where the batch is followed.
    #[schema(example = "/v1/batches/0193…")]
    batch: String,
    /// Where to say that all is put; for uploads in one piece that is only a check.
    #[schema(example = "/v1/uploads/0193…/complete")]
    complete: String,
    /// The addresses are good until then.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// For an upload in one piece: the request to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    put: Option<Put>,
    /// For an upload in parts: the storage's id of it, to be sent to `complete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_id: Option<String>,
    /// For an upload in parts: how large each is to be, where the size was told; the last one is what remains.
    #[serde(skip_serializing_if = "Option::is_none")]
    part_bytes: Option<u64>,
    /// For an upload in parts: the requests to make, in any order. Keep each answer's `ETag`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartPut>,
}

/// A request to the storage, to be made exactly so.
#[derive(Serialize, ToSchema)]
pub(crate) struct Put {
    /// `PUT`.
    method: String,
    /// The address, signature included.
    url: String,
    /// Headers that are part of the signature.
    headers: Vec<(String, String)>,
}

/// A request for one part.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartPut {
    /// The part's number, from 1.
    number: u16,
    #[serde(flatten)]
    put: Put,
}

impl From<Presigned> for Put {
    fn from(presigned: Presigned) -> Self {
        Self {
            method: presigned.method,
            url: presigned.url,
            headers: presigned.headers,
        }
    }
}

/// Get a place for a large file
///
/// Answers an address for one PUT, or one for each part. The batch begins to load as soon as the object is whole.
#[utoipa::path(
    post, path = "/v1/uploads", tag = "uploads", params(idempotency::KeyHeader),
    request_body = UploadRequest,
    security(("bearer" = ["batches:write"]), ("api_key" = ["batches:write"])),
    responses(
        (status = 201, description = "Where to put the content", body = Upload, headers(("Location" = String, description = "The batch"))),
        (status = 400, description = "The body or a value in it is malformed", body = problem::Body, content_type = "application/problem+json"),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `batches:write` or the dataset", body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "There is no such dataset", body = problem::Body, content_type = "application/problem+json"),
        (status = 409, description = "The first request with this Idempotency-Key is still running", body = problem::Body, content_type = "application/problem+json"),
        (status = 413, description = "The object would be larger than the storage takes", body = problem::Body, content_type = "application/problem+json"),
        (status = 415, description = "The content's type is not accepted", body = problem::Body, content_type = "application/problem+json"),
        (status = 422, description = "The Idempotency-Key was used for another request", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "Database or storage cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn begin(
    Shared(app): Shared<App>,
    caller: Caller,
    headers: HeaderMap,
    Content(content): Content,
) -> Result<Response, Problem> {
    caller.may(Scope::BatchesWrite)?;
    let asked: UploadRequest = arguments::json(&content)?;
    let contract = submit::dataset(&caller, &asked.dataset)?;
    let media = media::from_names(
        asked.content_type.as_deref(),
        asked.content_encoding.as_deref(),
        asked.filename.as_deref(),
        contract,
    )?;
    let name = media::object_name(asked.filename.as_deref(), media)?;
    let plan = Plan::of(&asked)?;
    let options = Options {
        dry_run: asked.options.dry_run,
        force: asked.options.force,
        urgent: submit::urgent(&caller, asked.options.urgent)?,
        expect_rows: asked.options.expect_rows.map(submit::rows).transpose()?,
        expect_sha256: asked
            .options
            .expect_sha256
            .as_deref()
            .map(|text| submit::sha256("options.expect_sha256", text))
            .transpose()?,
    };
    let work = async {
        let (batch, key) = submit::register(
            &app,
            &caller,
            contract,
            &name,
            ledger::BatchId::fresh(),
            asked.bytes,
            options,
        )
        .await?;
        match addresses(&app, &batch, &key, media, &plan).await {
            Ok(upload) => {
                let body =
                    serde_json::to_value(upload).map_err(|error| Problem::internal(&error))?;
                // The addresses were signed within this request, which ends in time.
                Ok(Answer::new(StatusCode::CREATED, &body)
                    .at(documents::address(&batch))
                    .lasting(limits::PRESIGNED.saturating_sub(limits::REQUEST)))
            }
            Err(failure) => Err(submit::give_up(&app, batch.id, &failure).await),
        }
    };
    idempotency::once(&app, &caller, &headers, "POST /v1/uploads", &content, work).await
}

async fn addresses(
    app: &App,
    batch: &Batch,
    key: &str,
    media: Media,
    plan: &Plan,
) -> Result<Upload, Failure> {
    let expires = limits::PRESIGNED;
    let mut upload = Upload {
        id: batch.id,
        batch: documents::address(batch),
        complete: format!("/v1/uploads/{}/complete", batch.id),
        expires_at: Timestamp::now() + SignedDuration::from_secs(expires.as_secs() as i64),
        put: None,
        upload_id: None,
        part_bytes: None,
        parts: Vec::new(),
    };
    match plan {
        Plan::OnePiece { sha256 } => {
            let sha256 = sha256.map(|hash| STANDARD.encode(hash));
            upload.put = Some(
                app.outbox()
                    .presign_put(key, sha256.as_deref(), expires)
                    .await?
                    .into(),
            );
        }
        Plan::Parts {
            count,
            bytes,
            sha256,
        } => {
            let id = app
                .outbox()
                .begin_parts(key, media.content_type(), !sha256.is_empty())
                .await?;
            for number in 1..=*count {
                let hash = sha256
                    .get(usize::from(number) - 1)
                    .map(|hash| STANDARD.encode(hash));
                let put = app
                    .outbox()
                    .presign_part(key, &id, number, hash.as_deref(), expires)
                    .await?
                    .into();
                upload.parts.push(PartPut { number, put });
            }
            upload.upload_id = Some(id);
            upload.part_bytes = *bytes;
        }
    }
    Ok(upload)
}
