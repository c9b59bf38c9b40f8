//! Lambda's side of its runtime interface: hands events out one at a time, and takes the answers.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use crate::program::{PATIENCE, start};

/// The program inside what it takes for Lambda.
pub struct Instance {
    events: mpsc::Sender<Value>,
    answers: mpsc::Receiver<Value>,
    lines: Lines<BufReader<ChildStdout>>,
    _program: Child,
}

struct Interface {
    events: Mutex<mpsc::Receiver<Value>>,
    answers: mpsc::Sender<Value>,
}

impl Instance {
    pub async fn start() -> Self {
        let (events, to_hand_out) = mpsc::channel(1);
        let (taken, answers) = mpsc::channel(1);
        let interface = Arc::new(Interface {
            events: Mutex::new(to_hand_out),
            answers: taken,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
            .with_state(interface);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        tokio::spawn(axum::serve(listener, router).into_future());
        let mut program = start(&[
            ("AWS_LAMBDA_RUNTIME_API", &address),
            ("AWS_LAMBDA_FUNCTION_NAME", "waybill-test-api"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "7"),
        ]);
        let stdout = program.stdout.take().expect("its output");
        Instance {
            events,
            answers,
            lines: BufReader::new(stdout).lines(),
            _program: program,
        }
    }

    /// Sends a request and waits for its status and the line that was written about it.
    pub async fn ask(&mut self, path: &str, query: &str, api: &str) -> (u64, Value) {
        self.events
            .send(event(path, query, api))
            .await
            .expect("the interface listens");
        let answer = timeout(PATIENCE, self.answers.recv())
            .await
            .expect("an answer in time")
            .expect("an answer");
        let line = timeout(PATIENCE, self.lines.next_line())
            .await
            .expect("a line in time")
            .expect("a line")
            .expect("the program lives");
        let line = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        (answer["statusCode"].as_u64().expect("a status"), line)
    }
}

async fn next(State(interface): State<Arc<Interface>>) -> Response {
    let Some(event) = interface.events.lock().await.recv().await else {
        // The test is over, and the program about to be killed.
        return std::future::pending().await;
    };
    let headers = [
        (
            "Lambda-Runtime-Aws-Request-Id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        ),
        ("Lambda-Runtime-Deadline-Ms", "4102444800000"),
        (
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:waybill-test-api:7",
        ),
    ];
    (headers, event.to_string()).into_response()
}

async fn answer(State(interface): State<Arc<Interface>>, body: String) -> StatusCode {
    let value = serde_json::from_str(&body).unwrap_or(Value::Null);
    interface
        .answers
        .send(value)
        .await
        .expect("the test listens");
    StatusCode::ACCEPTED
}

/// What the gateway sends for a GET.
fn event(path: &str, query: &str, api: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "example.com"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": api,
            "stage": "$default",
            "requestId": "id",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1_773_342_238_000_u64,
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
        },
        "isBase64Encoded": false,
    })
}
