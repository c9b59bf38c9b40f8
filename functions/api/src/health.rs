//! `GET /health` and its kin: this process lives, what it can reach, and whether requests should be sent to it.
//!
//! `/health` and `/health/live` are 200 whenever the process answers; the one looks at the databases, the other at
//! nothing. `/health/ready` is for load balancers.
//!
//! A database that is away fails none of them: replacing instances does not bring it back, and 503 with a `Retry-After`
//! says more than a balancer without a target. Only a process that never reached its databases is not ready: with a
//! wrong setting it must not take the place of one that works.

use std::sync::atomic::{AtomicU8, Ordering};

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::app::App;
use crate::documents;
use crate::pool::Pool;
use crate::problem::{self, Kind, Problem};

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

/// Whether requests should be sent here: not before the databases were reached once, and not after [`Readiness::end`].
#[derive(Default)]
pub(crate) struct Readiness(AtomicU8);

const STARTING: u8 = 0;
const READY: u8 = 1;
const ENDING: u8 = 2;

impl Readiness {
    fn begin(&self) {
        // An end that came first stays.
        let _ = self
            .0
            .compare_exchange(STARTING, READY, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.0.store(ENDING, Ordering::Relaxed);
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.0.load(Ordering::Relaxed) == ENDING
    }
}

fn ok() -> Response {
    documents::fresh(StatusCode::OK, &json!({"status": "ok"}))
}

/// See whether the process lives
#[utoipa::path(
    get, path = "/health/live", tag = "service", security(()),
    responses((status = 200, description = "The process lives", body = serde_json::Value)),
)]
pub(crate) async fn live() -> Response {
    ok()
}

/// See whether requests should be sent here
///
/// Asks the databases until they were reached once, and never again.
#[utoipa::path(
    get, path = "/health/ready", tag = "service", security(()),
    responses(
        (status = 200, description = "Send requests", body = serde_json::Value),
        (status = 503, description = "Send them elsewhere: the process starts, or ends", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn ready(Shared(app): Shared<App>) -> Result<Response, Problem> {
    match app.readiness().0.load(Ordering::Relaxed) {
        READY => Ok(ok()),
        ENDING => Err(not_ready("The process is about to end.")),
        _ => {
            let reached = tokio::join!(app.ledger().is_reachable(), app.reader().is_reachable());
            if reached != (true, true) {
                return Err(not_ready("The process has not reached its databases yet."));
            }
            app.readiness().begin();
            Ok(ok())
        }
    }
}

fn not_ready(detail: &str) -> Problem {
    Problem::new(Kind::NotReady, detail).retry_after(1)
}
