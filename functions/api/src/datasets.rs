//! `GET /v1/datasets` and `GET /v1/datasets/{name}`: contracts, as a partner needs them.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use contract::{Contract, Rule};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::media;
use crate::problem::{self, Kind, Problem};
use crate::{documents, limits};

/// The datasets that the key can see.
#[derive(ToSchema)]
#[schema(as = Datasets)]
#[expect(dead_code, reason = "the shape for the OpenAPI document")]
pub(crate) struct DatasetsDocument {
    /// In the order of their names.
    datasets: Vec<DatasetSummary>,
}

/// A dataset in short.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape for the OpenAPI document")]
pub(crate) struct DatasetSummary {
    /// Its name.
    #[schema(example = "prices")]
    name: String,
    /// What it is, for people.
    description: String,
    /// `append`: rows are added; `upsert`: rows replace those with the same key; `snapshot`: a batch is the whole content.
    #[schema(example = "append")]
    mode: String,
    /// The formats that are accepted.
    formats: Vec<String>,
    /// Where its contract is.
    links: std::collections::BTreeMap<String, String>,
}

/// A dataset's contract.
#[derive(ToSchema)]
#[schema(as = Dataset)]
#[expect(
    dead_code,
    reason = "the shape for the OpenAPI document; the contract serialises itself, and a test compares the two"
)]
pub(crate) struct DatasetDocument {
    /// Its name.
    name: String,
    /// What it is, for people.
    description: String,
    /// `append`, `upsert` or `snapshot`.
    mode: String,
    /// The columns that tell one row from another; empty for `append`.
    key: Vec<String>,
    /// The formats that are accepted, each plain, gzip or zstd.
    formats: Vec<String>,
    /// Where the records are in a JSON document: `records` has the keys that lead to the array, with dots between them;
    /// null where the document is that array. Only where JSON is accepted.
    json: Option<std::collections::BTreeMap<String, Option<String>>>,
    /// Where the records are in an XML document: `record` has the elements from the root to a record, with slashes
    /// between them. Only where XML is accepted.
    xml: Option<std::collections::BTreeMap<String, String>>,
    /// What happens to columns that the contract does not name: `reject` or `ignore`.
    unknown_columns: String,
    /// The columns, in the contract's order.
    columns: Vec<ColumnDocument>,
    /// The Content-Types that are accepted.
    content_types: Vec<String>,
    /// The rules that a report can name, with what each asks.
    rules: std::collections::BTreeMap<String, String>,
    /// The largest body of `POST /v1/batches`.
    body_limit_bytes: usize,
    /// `self`, `submit`, `uploads`, `batches`.
    links: std::collections::BTreeMap<String, String>,
}

/// A column: `name`, `type`, `required`, and the rules it has.
#[derive(ToSchema)]
#[schema(as = Column)]
#[expect(dead_code, reason = "the shape for the OpenAPI document")]
pub(crate) struct ColumnDocument {
    /// Its name in a header.
    name: String,
    /// `text`, `integer`, `bigint`, `decimal(p,s)`, `double`, `boolean`, `date`, `timestamp`, `uuid` or `json`.
    r#type: String,
    /// Whether every record must have a value.
    required: bool,
    /// Where a record of XML has it, if not in a child or an attribute of its name: `route/from`, `@from`.
    xml: Option<String>,
}

/// List the datasets
#[utoipa::path(
    get, path = "/v1/datasets", tag = "datasets", security(("bearer" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "The datasets that the key can see", body = DatasetsDocument),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(caller: Caller) -> Response {
    let mut seen: Vec<&Contract> = contract::shipped()
        .iter()
        .filter(|contract| caller.sees(&contract.name))
        .collect();
    seen.sort_by(|one, other| one.name.cmp(&other.name));
    let datasets: Vec<Value> = seen.into_iter().map(summary).collect();
    documents::fresh(StatusCode::OK, &json!({ "datasets": datasets }))
}

/// Read a dataset's contract
///
/// Its columns with their types and rules, as the loader checks them.
#[utoipa::path(
    get, path = "/v1/datasets/{name}", tag = "datasets", security(("bearer" = []), ("api_key" = [])),
    params(("name" = String, Path, description = "The dataset", example = "prices")),
    responses(
        (status = 200, description = "The contract", body = DatasetDocument),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "There is no such dataset for this key", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn show(caller: Caller, Path(name): Path<String>) -> Result<Response, Problem> {
    let contract = contract::find(&name)
        .filter(|contract| caller.sees(&contract.name))
        .ok_or_else(|| {
            Problem::new(
                Kind::DatasetNotFound,
                format!("There is no dataset `{name}` that this API key can see."),
            )
        })?;
    Ok(documents::fresh(StatusCode::OK, &document(contract)?))
}

fn summary(contract: &Contract) -> Value {
    let formats: Vec<&str> = contract
        .formats
        .iter()
        .map(|format| format.as_str())
        .collect();
    json!({
        "name": contract.name,
        "description": contract.description,
        "mode": contract.mode.as_str(),
        "formats": formats,
        "links": { "self": format!("/v1/datasets/{}", contract.name) },
    })
}

/// The contract's own JSON, and what the API adds.
pub(crate) fn document(contract: &Contract) -> Result<Value, Problem> {
    let mut document = serde_json::to_value(contract).map_err(|error| Problem::internal(&error))?;
    if let Some(members) = document.as_object_mut() {
        let rules: serde_json::Map<String, Value> = Rule::ALL
            .iter()
            .map(|rule| (rule.as_str().to_owned(), json!(rule.describe())))
            .collect();
        let name = &contract.name;
        members.insert("content_types".to_owned(), json!(media::accepted(contract)));
        members.insert("rules".to_owned(), Value::Object(rules));
        members.insert("body_limit_bytes".to_owned(), json!(limits::BODY_BYTES));
        members.insert(
            "links".to_owned(),
            json!({
                "self": format!("/v1/datasets/{name}"),
                "submit": format!("/v1/batches?dataset={name}"),
                "uploads": "/v1/uploads",
                "batches": format!("/v1/batches?dataset={name}"),
            }),
        );
    }
    Ok(document)
}
