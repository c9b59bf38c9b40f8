//! `GET /rates` and `GET /v1/rates`: the average price a day on a route.
//!
//! Both answer one entry for every day of the range, newest first. Every answer carries a strong ETag made of the
//! question and the state of the data, read in the same snapshot as the prices, so that a matching `If-None-Match`
//! is answered without touching them.

mod query;
mod question;
mod tag;
mod visible;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::arguments::Arguments;
use crate::auth::RatesCaller;
use crate::pool::{self, Lease};
use crate::problem::{self, Problem};
use question::{Places, Question};

/// Arguments of a question for rates. All but `after_batch` are needed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// First day of the range, inclusive: `YYYY-MM-DD`.
    #[param(required = true, value_type = String, format = Date, example = "2021-01-01")]
    date_from: Option<String>,
    /// Last day of the range, inclusive; at most 366 days in all.
    #[param(required = true, value_type = String, format = Date, example = "2021-01-31")]
    date_to: Option<String>,
    /// Origin: a port's code; in `/v1/rates` a region's slug as well.
    #[param(required = true, value_type = String, example = "CNGGZ")]
    orig_code: Option<String>,
    /// Destination, likewise.
    #[param(required = true, value_type = String, example = "EETLL")]
    dest_code: Option<String>,
    /// Answer only from data that has this batch: waits up to 5 seconds for it to be visible, then 409.
    #[param(required = false, value_type = Option<uuid::Uuid>)]
    after_batch: Option<String>,
}

/// Average prices, newest day first.
#[derive(Serialize, ToSchema)]
struct Rates {
    /// One entry for every day of the range.
    rates: Vec<Rate>,
}

/// One day.
#[derive(Serialize, ToSchema)]
struct Rate {
    /// The day.
    #[schema(value_type = String, format = Date, example = "2021-01-31")]
    day: Date,
    /// How many prices there are; null where there is none.
    #[schema(example = 3)]
    count: Option<i64>,
    /// Their average, rounded to two decimals; null where there are fewer than three.
    #[schema(example = 1154.33)]
    price: Option<f64>,
}

/// Average prices between two ports
///
/// As the service always answered. A code that no port has is answered like a route without prices: with nulls.
#[utoipa::path(
    get, path = "/rates", tag = "rates", params(Asked),
    security((), ("bearer" = ["rates:read"]), ("api_key" = ["rates:read"])),
    responses(
        (status = 200, description = "One entry a day, newest first", body = Rates,
            headers(("ETag" = String, description = "Changes when the answer may change"), ("Cache-Control" = String, description = "Keep, but ask again each time"))),
        (status = 304, description = "Nothing has changed since the ETag in If-None-Match"),
        (status = 400, description = "An argument is missing or malformed, the range is reversed or too long", body = problem::Body, content_type = "application/problem+json"),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `rates:read` or the dataset", body = problem::Body, content_type = "application/problem+json"),
        (status = 409, description = "The batch in `after_batch` is not visible", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn between_ports(
    State(app): State<App>,
    caller: RatesCaller,
    Arguments(asked): Arguments<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(
        &app,
        &caller,
        Question::read(&asked, Places::Ports)?,
        &headers,
    )
    .await
}

/// Average prices between ports or regions
///
/// A region's slug stands for every port in it and in the regions below it. A place that is neither a port's code
/// nor a region's slug is refused.
#[utoipa::path(
    get, path = "/v1/rates", tag = "rates", params(Asked),
    security((), ("bearer" = ["rates:read"]), ("api_key" = ["rates:read"])),
    responses(
        (status = 200, description = "One entry a day, newest first", body = Rates,
            headers(("ETag" = String, description = "Changes when the answer may change"), ("Cache-Control" = String, description = "Keep, but ask again each time"))),
        (status = 304, description = "Nothing has changed since the ETag in If-None-Match"),
        (status = 400, description = "An argument is missing or malformed, the range is reversed or too long, or a place is not known", body = problem::Body, content_type = "application/problem+json"),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `rates:read` or the dataset", body = problem::Body, content_type = "application/problem+json"),
        (status = 409, description = "The batch in `after_batch` is not visible", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn between_places(
    State(app): State<App>,
    caller: RatesCaller,
    Arguments(asked): Arguments<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(
        &app,
        &caller,
        Question::read(&asked, Places::PortsAndRegions)?,
        &headers,
    )
    .await
}

async fn answer(
    app: &App,
    caller: &RatesCaller,
    question: Question,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let reader = app.reader();
    let mut client = match question.after_batch {
        // The session that showed the batch: another one may be with a server that has not got it yet.
        Some(batch) => visible::wait(reader, app.ledger(), batch).await?,
        None => reader.get().await?,
    };
    let find = Find {
        question,
        known: headers.get(header::IF_NONE_MATCH),
    };
    let found = reader.ask(&mut client, &find).await?;
    client.settle();
    Ok(match found {
        Found::Unchanged(tag) => (StatusCode::NOT_MODIFIED, kept(caller, &tag)).into_response(),
        Found::Rates(rates, tag) => (kept(caller, &tag), Json(Rates { rates })).into_response(),
    })
}

/// What there is to answer, with its tag.
enum Found {
    Unchanged(String),
    Rates(Vec<Rate>, String),
}

struct Find<'a> {
    question: Question,
    known: Option<&'a HeaderValue>,
}

impl pool::Question for Find<'_> {
    type Answer = Found;

    async fn put(&self, client: &mut Lease) -> Result<Found, Problem> {
        let question = &self.question;
        if let Some(known) = self.known {
            let current = tag::of(question, &query::version(client, question.places).await?);
            if tag::matches(known, &current) {
                return Ok(Found::Unchanged(current));
            }
        }
        let (rates, version) = query::rates(client, question).await?;
        Ok(Found::Rates(rates, tag::of(question, &version)))
    }
}

/// Caches may keep the answer and must ask before each use: a batch may be committed at any moment.
fn kept(caller: &RatesCaller, tag: &str) -> [(HeaderName, HeaderValue); 2] {
    let control = if caller.is_anybody() {
        "public, no-cache"
    } else {
        "private, no-cache"
    };
    let tag = HeaderValue::from_str(tag).unwrap_or(HeaderValue::from_static("\"\""));
    [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, HeaderValue::from_static(control)),
    ]
}
