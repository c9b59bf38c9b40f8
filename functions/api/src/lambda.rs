//! The router behind Lambda's runtime: payloads of HTTP API (v2).
//!
//! lambda_http would hand a `text/csv` body on as text, decoded and with its byte order mark cut off. A partner's own
//! rows must leave as they came, so what is not plain UTF-8 goes out as bytes (the gateway gets it in base64).

use std::future::Future;
use std::pin::Pin;

use axum::Router;
use axum::body::to_bytes;
use axum::http::Extensions;
use axum::response::Response;
use bytes::Bytes;
use lambda_http::request::RequestContext;
use lambda_http::{Body, IntoResponse, Request, service_fn};
use platform::metrics::SYNTHETIC_API;
use tower::ServiceExt;

use crate::documents::json_bytes;

/// Answers invocations until the process ends.
pub async fn run(router: Router) -> Result<(), lambda_http::Error> {
    lambda_http::run(service_fn(move |request: Request| {
        let router = router.clone();
        async move { router.oneshot(request).await.map(Exact) }
    }))
    .await
}

/// Whether a release made the request itself. It invokes the function directly; through the gateway nobody can say so,
/// because the gateway writes this part of the event.
pub(crate) fn is_synthetic(extensions: &Extensions) -> bool {
    let context = extensions.get::<RequestContext>();
    matches!(context, Some(RequestContext::ApiGatewayV2(v2)) if v2.apiid.as_deref() == Some(SYNTHETIC_API))
}

/// A response whose body is not touched.
struct Exact(Response);

impl IntoResponse for Exact {
    fn into_response(self) -> Pin<Box<dyn Future<Output = lambda_http::Response<Body>> + Send>> {
        Box::pin(async move {
            let (parts, body) = self.0.into_parts();
            // Bodies are in memory already: reading one neither waits nor fails.
            let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
            lambda_http::Response::from_parts(parts, exact(&bytes))
        })
    }
}

fn exact(bytes: &Bytes) -> Body {
    match std::str::from_utf8(bytes) {
        Ok("") => Body::Empty,
        // Lambda escapes text and counts what comes of it; of bytes it takes a third more, whatever they are.
        Ok(text) if json_bytes(text) <= bytes.len() + bytes.len() / 3 => {
            Body::Text(text.to_owned())
        }
        _ => Body::Binary(bytes.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_leave_as_they_came() {
        assert_eq!(
            exact(&Bytes::from_static("\u{feff}a,ü".as_bytes())),
            Body::Text("\u{feff}a,ü".to_owned())
        );
        assert_eq!(
            exact(&Bytes::from_static(b"a,\xFC")),
            Body::Binary(b"a,\xFC".to_vec())
        );
        assert_eq!(exact(&Bytes::new()), Body::Empty);
    }

    #[test]
    fn text_that_escaping_would_swell_leaves_as_bytes() {
        let nul = Bytes::from_static(b"a,b\0\0\0");
        assert_eq!(exact(&nul), Body::Binary(nul.to_vec()));
    }
}
