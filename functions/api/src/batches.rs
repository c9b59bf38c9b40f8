//! `GET /v1/batches` and `GET /v1/batches/{id}`: what became of deliveries.

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger::keys::Scope;
use ledger::{Batch, BatchId, BatchNumber, Filter, State};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::arguments::{Arguments, Id, no_such_batch};
use crate::auth::Caller;
use crate::documents::{self, BatchDocument};
use crate::problem::{self, Problem};
use crate::{cursor, limits};

/// Which batches. Without any argument: all that the key can see.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Of this dataset.
    #[param(example = "prices")]
    dataset: Option<String>,
    /// In this state.
    #[param(example = "rejected")]
    state: Option<String>,
    /// Received at this time or later: RFC 3339, or a day (its beginning in UTC).
    #[param(example = "2026-11-01T00:00:00Z")]
    since: Option<String>,
    /// Received before this time, likewise.
    until: Option<String>,
    /// How many on a page: 1 to 200, usually 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
}

/// A page of batches, newest first.
#[derive(ToSchema)]
#[schema(as = Batches)]
#[expect(dead_code, reason = "the shape for the OpenAPI document")]
pub(crate) struct BatchesDocument {
    /// The batches.
    batches: Vec<BatchDocument>,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
}

const LISTING: &str = "batches";

/// List batches, newest first
#[utoipa::path(
    get, path = "/v1/batches", tag = "batches", params(Wanted),
    security(("bearer" = ["batches:read"]), ("api_key" = ["batches:read"])),
    responses(
        (status = 200, description = "A page", body = BatchesDocument, headers(("Link" = String, description = "The next page, rel=\"next\""))),
        (status = 400, description = "An argument is malformed", body = problem::Body, content_type = "application/problem+json"),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `batches:read` or the dataset", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    Shared(app): Shared<App>,
    caller: Caller,
    Arguments(wanted): Arguments<Wanted>,
    uri: axum::http::Uri,
) -> Result<Response, Problem> {
    caller.may(Scope::BatchesRead)?;
    let filter = filter(&caller, &wanted)?;
    let limit = limit(
        wanted.limit,
        limits::BATCHES_PAGE_DEFAULT,
        limits::BATCHES_PAGE,
    )?;
    let before = wanted
        .cursor
        .as_deref()
        .map(|text| cursor::read(LISTING, text).map(BatchNumber))
        .transpose()?;
    let client = app.ledger().get().await?;
    let page = ledger::list(&client, &filter, before, limit).await?;
    client.settle();
    let next = page.next.map(|number| cursor::write(LISTING, number.0));
    let batches: Vec<Value> = page.batches.iter().map(documents::batch).collect();
    let mut response =
        documents::fresh(StatusCode::OK, &json!({ "batches": batches, "next": next }));
    cursor::link(&mut response, &uri, next.as_deref());
    Ok(response)
}

/// Follow one batch
#[utoipa::path(
    get, path = "/v1/batches/{id}", tag = "batches", params(("id" = uuid::Uuid, Path, description = "The batch")),
    security(("bearer" = ["batches:read"]), ("api_key" = ["batches:read"])),
    responses(
        (status = 200, description = "The batch", body = BatchDocument),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `batches:read`", body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "There is no such batch for this key", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn show(
    Shared(app): Shared<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, Problem> {
    caller.may(Scope::BatchesRead)?;
    let batch = find(&app, &caller, id).await?;
    Ok(documents::fresh(StatusCode::OK, &documents::batch(&batch)))
}

/// A batch that the caller may see.
pub(crate) async fn find(app: &App, caller: &Caller, id: BatchId) -> Result<Batch, Problem> {
    let client = app.ledger().get().await?;
    let batch = ledger::find(&client, id).await?;
    client.settle();
    batch
        .filter(|batch| caller.sees(&batch.dataset))
        .ok_or_else(|| no_such_batch(&id.to_string()))
}

/// A page's size, or the usual one.
pub(crate) fn limit(asked: Option<u32>, usual: u32, most: u32) -> Result<u32, Problem> {
    match asked {
        None => Ok(usual),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(limit) => Err(Problem::argument(
            "limit",
            format!("limit must be 1 to {most}; {limit} is not."),
        )),
    }
}

fn filter(caller: &Caller, wanted: &Wanted) -> Result<Filter, Problem> {
    let datasets = match &wanted.dataset {
        Some(dataset) => {
            caller.may_touch(dataset)?;
            Some(vec![dataset.clone()])
        }
        None => caller.datasets().map(<[String]>::to_vec),
    };
    let state = wanted
        .state
        .as_deref()
        .map(|text| {
            text.parse::<State>().map_err(|_| {
                let known: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
                Problem::argument(
                    "state",
                    format!("`{text}` is not a state; these are: {}.", known.join(", ")),
                )
            })
        })
        .transpose()?;
    Ok(Filter {
        datasets,
        state,
        since: time("since", wanted.since.as_deref())?,
        until: time("until", wanted.until.as_deref())?,
    })
}

/// A moment, or a day's beginning in UTC. A `+` of an offset that nobody encoded arrives as a blank.
fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let moment = text.replace(' ', "+").parse::<Timestamp>().ok();
    let day = || {
        text.parse::<Date>()
            .ok()
            .and_then(|day| day.to_zoned(TimeZone::UTC).ok())
            .map(|zoned| zoned.timestamp())
    };
    moment.or_else(day).map(Some).ok_or_else(|| {
        Problem::argument(
            name,
            format!("{name} must be a time like 2026-11-01T00:00:00Z, or a day; `{text}` is not."),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_moments_or_days_in_utc() {
        let read = |text| {
            time("since", Some(text))
                .ok()
                .flatten()
                .map(|moment| moment.to_string())
        };
        assert_eq!(
            read("2026-11-01T02:00:00+02:00").as_deref(),
            Some("2026-11-01T00:00:00Z")
        );
        assert_eq!(
            read("2026-11-01T02:00:00 02:00").as_deref(),
            Some("2026-11-01T00:00:00Z")
        );
        assert_eq!(read("2026-11-01").as_deref(), Some("2026-11-01T00:00:00Z"));
        assert_eq!(read("yesterday"), None);
    }

    #[test]
    fn a_page_has_a_size_within_bounds() {
        assert_eq!(limit(None, 50, 200).ok(), Some(50));
        assert_eq!(limit(Some(200), 50, 200).ok(), Some(200));
        assert!(limit(Some(0), 50, 200).is_err() && limit(Some(201), 50, 200).is_err());
    }
}
