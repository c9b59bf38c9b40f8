//! The HTTP API: deliveries, their state and reports, datasets, rates.
//!
//! [`router`] is the whole of it and knows nothing of how requests arrive: inside Lambda they come through
//! [`lambda`], outside through a port, in tests by hand. Content goes to the bucket and orders to the queue
//! ([`outbox`]); what is right about a batch is decided elsewhere.

mod access;
mod app;
mod arguments;
mod auth;
mod batches;
mod breaker;
mod cursor;
mod datasets;
mod documents;
mod health;
mod idempotency;
pub mod lambda;
pub mod limits;
mod media;
mod openapi;
mod orders;
pub mod outbox;
mod own_rows;
pub mod pool;
pub mod problem;
mod rates;
mod reports;
pub mod server;
mod submit;
mod uploads;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;

pub use app::{App, Settings};

/// Every call of the API.
pub fn router(app: App) -> Router {
    let (router, _) = openapi::routes().split_for_parts();
    router
        .fallback(access::not_found)
        .method_not_allowed_fallback(access::method_not_allowed)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), access::guard))
        .with_state(app)
}

/// The OpenAPI document of [`router`].
pub fn document() -> utoipa::openapi::OpenApi {
    openapi::routes().into_openapi()
}
