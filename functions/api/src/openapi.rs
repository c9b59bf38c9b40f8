//! The OpenAPI document: made from the same handlers that the router is made of, so that neither has a route that the
//! other lacks.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::{batches, datasets, health, orders, rates, reports, submit, uploads};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Waybill",
        description = "Deliver batches of records, follow them, read what was loaded. Every answer that is not a success is a problem document (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "batches", description = "Deliveries and what became of them"),
        (name = "uploads", description = "Deliveries that are too large for a body"),
        (name = "datasets", description = "What can be delivered"),
        (name = "rates", description = "What was loaded"),
        (name = "service", description = "The service itself"),
    ),
    modifiers(&Keys),
)]
struct Document;

/// The two ways to send an API key.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("wb_…")
            .build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme(
            "api_key",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-Api-Key"))),
        );
    }
}

/// Every route with its part of the document.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(submit::submit, batches::list))
        .routes(routes!(batches::show))
        .routes(routes!(reports::errors))
        .routes(routes!(orders::undo))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::replay))
        .routes(routes!(uploads::begin))
        .routes(routes!(uploads::complete))
        .routes(routes!(datasets::list))
        .routes(routes!(datasets::show))
        .routes(routes!(rates::between_ports))
        .routes(routes!(rates::between_places))
        .routes(routes!(health::health))
        .routes(routes!(document))
}

/// Read this document
#[utoipa::path(
    get, path = "/openapi.json", tag = "service", security(()),
    responses((status = 200, description = "The OpenAPI document", body = serde_json::Value)),
)]
pub(crate) async fn document(State(app): State<App>) -> Response {
    let mut response = app.document().to_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300"),
    );
    response
}
