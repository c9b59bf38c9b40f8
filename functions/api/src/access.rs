//! Around every request: it runs to its end although the caller may leave, it ends in time, and it is told.
//!
//! Inside Lambda one line is logged for each, which measures it as well. Outside, where thousands come in a second, those
//! that failed have a line and all are counted. Neither measures what nobody wanted for its own sake: health checks, what
//! a release sends itself, and paths that there are not, which strangers try.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State as Shared};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use platform::metrics::RequestMetrics;
use tokio::time::timeout;

use crate::app::App;
use crate::lambda;
use crate::problem::{Cause, Kind, Problem};
use crate::{limits, outbox};

/// The route of paths that there are not.
const NO_ROUTE: &str = "none";

/// What is known of a request before its answer.
struct Asked {
    method: Method,
    /// The route and not the path: ids belong to batches, not to a log's groups.
    route: String,
    synthetic: bool,
    /// Whether this instance answered none before.
    first: bool,
    began: Instant,
}

/// Runs the request as a task of its own. A caller that hangs up after its content was stored must not keep the answer
/// from being remembered, and a panic in one request is one 500.
pub(crate) async fn guard(Shared(app): Shared<App>, request: Request, next: Next) -> Response {
    let asked = Asked {
        method: request.method().clone(),
        route: request
            .extensions()
            .get::<MatchedPath>()
            .map_or(NO_ROUTE, MatchedPath::as_str)
            .to_owned(),
        synthetic: lambda::is_synthetic(request.extensions()),
        first: app.is_first(),
        began: Instant::now(),
    };
    let storage_until = tokio::time::Instant::now() + limits::STORAGE;
    let mut task = tokio::spawn(outbox::UNTIL.scope(storage_until, next.run(request)));
    let mut response = match timeout(limits::REQUEST, &mut task).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => Problem::internal(&panic).into_response(),
        Err(_) => {
            task.abort();
            Problem::database("the request took too long").into_response()
        }
    };
    tell(&app, &asked, &response);
    if app.readiness().is_ending() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

impl Asked {
    fn counts(&self) -> bool {
        !self.synthetic && self.route != NO_ROUTE && !self.route.starts_with("/health")
    }
}

fn tell(app: &App, asked: &Asked, response: &Response) {
    let took = asked.began.elapsed();
    match (app.settings().measured, asked.counts()) {
        (true, true) => return measure(app, asked, response, took),
        (false, true) => app.traffic().count(response.status().as_u16(), took),
        (_, false) => {}
    }
    log(asked, response, took, app.settings().measured);
}

fn measure(app: &App, asked: &Asked, response: &Response, took: Duration) {
    let settings = app.settings();
    RequestMetrics {
        environment: &settings.environment,
        release: &settings.release,
        method: asked.method.as_str(),
        route: &asked.route,
        status: response.status().as_u16(),
        took,
        first: asked.first,
        error: cause(response),
    }
    .emit();
}

fn log(asked: &Asked, response: &Response, took: Duration, each: bool) {
    let Asked { method, route, .. } = asked;
    let status = response.status();
    let duration_ms = took.as_secs_f64() * 1000.0;
    let error = cause(response);
    if status.is_server_error() {
        tracing::error!(%method, route, status = status.as_u16(), duration_ms, error, "request failed");
    } else if each {
        tracing::info!(%method, route, status = status.as_u16(), duration_ms, error, "request answered");
    } else {
        tracing::debug!(%method, route, status = status.as_u16(), duration_ms, error, "request answered");
    }
}

fn cause(response: &Response) -> Option<&str> {
    let cause = response.extensions().get::<Cause>();
    cause.map(|Cause(error)| error.as_str())
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
