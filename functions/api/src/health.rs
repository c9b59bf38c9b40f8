//! `GET /health`: this process lives, and what it can reach.
//!
//! The status is 200 whenever the process answers. A database that is away is told in the body and does not fail the
//! check: replacing instances does not bring a database back.

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::app::App;
use crate::documents;
use crate::pool::Pool;

/// What answers, and what it can reach.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape for the OpenAPI document")]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: String,
    /// The release that answers.
    release: String,
    /// The environment.
    environment: String,
    /// Databases, each asked for at most a second.
    database: Databases,
}

/// What can be reached.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape for the OpenAPI document")]
pub(crate) struct Databases {
    /// The ledger.
    ledger: Reach,
    /// What rates are read from.
    reader: Reach,
}

/// Whether something answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    Reachable,
    Unreachable,
}

async fn reach(pool: &Pool) -> Reach {
    if pool.is_reachable().await {
        Reach::Reachable
    } else {
        Reach::Unreachable
    }
}

/// See what answers
#[utoipa::path(
    get, path = "/health", tag = "service", security(()),
    responses((status = 200, description = "The process lives; the body says what it can reach", body = Health)),
)]
pub(crate) async fn health(Shared(app): Shared<App>) -> Response {
    let (ledger, reader) = tokio::join!(reach(app.ledger()), reach(app.reader()));
    let settings = app.settings();
    documents::fresh(
        StatusCode::OK,
        &json!({
            "status": "ok",
            "release": settings.release,
            "environment": settings.environment,
            "database": { "ledger": ledger, "reader": reader },
        }),
    )
}
