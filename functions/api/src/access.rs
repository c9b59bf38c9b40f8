//! Around every request: it runs to its end although the caller may leave, it ends in time, and one line is logged.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::problem::{Cause, Kind, Problem};
use crate::{limits, outbox};

/// Runs the request as a task of its own. A caller that hangs up after its content was stored must not keep the answer
/// from being remembered, and a panic in one request is one 500.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    // The route and not the path: ids belong to batches, not to a log's groups.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let storage_until = tokio::time::Instant::now() + limits::STORAGE;
    let mut task = tokio::spawn(outbox::UNTIL.scope(storage_until, next.run(request)));
    let response = match timeout(limits::REQUEST, &mut task).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => Problem::internal(&panic).into_response(),
        Err(_) => {
            task.abort();
            Problem::database("the request took too long").into_response()
        }
    };
    log(&method, &route, &response, began);
    response
}

fn log(method: &Method, route: &str, response: &Response, began: Instant) {
    let status = response.status();
    let duration_ms = began.elapsed().as_secs_f64() * 1000.0;
    match response.extensions().get::<Cause>() {
        Some(Cause(error)) if status.is_server_error() => {
            tracing::error!(%method, route, status = status.as_u16(), duration_ms, %error, "request failed");
        }
        cause => {
            let error = cause.map(|Cause(error)| error.as_str());
            tracing::info!(%method, route, status = status.as_u16(), duration_ms, error, "request answered");
        }
    }
}

/// No such path.
pub(crate) async fn not_found(request: Request) -> Problem {
    Problem::new(
        Kind::NotFound,
        format!(
            "There is no `{}`; GET /openapi.json lists what there is.",
            request.uri().path()
        ),
    )
}

/// The path is there, the method is not. Axum adds the `Allow` header.
pub(crate) async fn method_not_allowed(request: Request) -> Problem {
    Problem::new(
        Kind::MethodNotAllowed,
        format!(
            "`{}` does not know {}.",
            request.uri().path(),
            request.method()
        ),
    )
}
