//! Lambda's side of its runtime interface: hands events to a program one at a time, takes its answers and its log.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A function's program inside what it takes for Lambda; killed with this value.
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
    /// Starts a program, with what Lambda adds to its environment.
    pub async fn start(mut program: Command) -> Self {
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
        let mut program = program
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "waybill-test-function"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "7"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let stdout = program.stdout.take().expect("its output");
        Instance {
            events,
            answers,
            lines: BufReader::new(stdout).lines(),
            _program: program,
        }
    }

    /// Hands out an event, and waits for what the program answers to it.
    pub async fn invoke(&mut self, event: Value) -> Value {
        self.events
            .send(event)
            .await
            .expect("the interface listens");
        timeout(PATIENCE, self.answers.recv())
            .await
            .expect("an answer in time")
            .expect("an answer")
    }

    /// The next line of the log.
    pub async fn line(&mut self) -> Value {
        let line = timeout(PATIENCE, self.lines.next_line())
            .await
            .expect("a line in time")
            .expect("a line")
            .expect("the program lives");
        serde_json::from_str(&line).expect("a line of JSON")
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
            "arn:aws:lambda:eu-central-1:123456789012:function:waybill-test-function:7",
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
