//! AWS Batch, as far as jobs are handed to it: it keeps what the emulator forgets of them.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A service that takes jobs and never ends one. It goes with the runtime that it was made in.
pub struct BatchService {
    /// Its address.
    pub endpoint: String,
    submitted: Submitted,
}

type Submitted = Arc<Mutex<Vec<Value>>>;

impl BatchService {
    /// One on a port of this machine.
    pub async fn start() -> Self {
        let submitted = Submitted::default();
        let router = Router::new()
            .route("/v1/submitjob", post(submit))
            .route("/v1/listjobs", post(list))
            .with_state(Arc::clone(&submitted));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(axum::serve(listener, router).into_future());
        BatchService {
            endpoint: format!("http://{address}"),
            submitted,
        }
    }

    /// The requests by which jobs were submitted.
    pub fn submitted(&self) -> Vec<Value> {
        self.submitted.lock().expect("not poisoned").clone()
    }
}

fn read(body: &str) -> Value {
    serde_json::from_str(body).expect("a request of JSON")
}

async fn submit(State(submitted): State<Submitted>, body: String) -> Json<Value> {
    let job = read(&body);
    let name = job["jobName"].clone();
    let mut submitted = submitted.lock().expect("not poisoned");
    submitted.push(job);
    Json(json!({"jobId": format!("job-{}", submitted.len()), "jobName": name}))
}

async fn list(State(submitted): State<Submitted>, body: String) -> Json<Value> {
    let asked = read(&body);
    let names = &asked["filters"][0]["values"];
    let submitted = submitted.lock().expect("not poisoned");
    let found = submitted.iter().enumerate().filter(|(_, job)| {
        let named = names
            .as_array()
            .is_some_and(|names| names.contains(&job["jobName"]));
        named && job["jobQueue"] == asked["jobQueue"]
    });
    let summary = |(place, job): (usize, &Value)| json!({"jobId": format!("job-{}", place + 1), "jobName": job["jobName"], "status": "RUNNING"});
    Json(json!({"jobSummaryList": found.map(summary).collect::<Vec<_>>()}))
}
