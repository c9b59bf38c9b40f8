//! The parameter store, as far as functions need it.

use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;

/// A parameter store on a port of this machine whose every parameter is this password; its address. It goes with the
/// runtime that it was made in.
pub async fn parameter_store(password: &str) -> String {
    let answer = json!({
        "Parameter": {"Name": "password", "Type": "SecureString", "Value": password},
    });
    let router = Router::new().route("/", post(move || async move { Json(answer) }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(axum::serve(listener, router).into_future());
    format!("http://{address}")
}
