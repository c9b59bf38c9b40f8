//! The AWS emulator, with what the program needs of it; gone with this value.

use std::path::Path;

use local::{LocalDir, emulator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) struct Emulator {
    part: local::Part,
    dir: LocalDir,
    _folder: TempDir,
}

impl Emulator {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .expect("the crate lies in a checkout");
        let dir = LocalDir::at(folder.path(), Some(checkout)).expect("a folder");
        let part = emulator::start(&dir, 0).expect("the emulator starts");
        Emulator {
            part,
            dir,
            _folder: folder,
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.part.port)
    }

    /// A queue; its URL.
    pub(crate) async fn queue(&self, name: &str) -> String {
        let made = self
            .call("AmazonSQS.CreateQueue", json!({"QueueName": name}))
            .await;
        text(&made["QueueUrl"])
    }

    pub(crate) async fn parameter(&self, name: &str, value: &str) {
        let parameter = json!({"Name": name, "Value": value, "Type": "SecureString"});
        self.call("AmazonSSM.PutParameter", parameter).await;
    }

    /// A state machine whose executions run until they are stopped; its ARN.
    pub(crate) async fn machine(&self, name: &str) -> String {
        let waits = json!({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": true}}});
        let machine = json!({
            "name": name, "definition": waits.to_string(), "roleArn": "arn:aws:iam::000000000000:role/machine",
        });
        let made = self
            .call("AWSStepFunctions.CreateStateMachine", machine)
            .await;
        text(&made["stateMachineArn"])
    }

    /// Names of a machine's executions in this status, sorted.
    pub(crate) async fn executions(&self, machine: &str, status: &str) -> Vec<String> {
        let which = json!({"stateMachineArn": machine, "statusFilter": status});
        let listed = self.call("AWSStepFunctions.ListExecutions", which).await;
        let executions = listed["executions"].as_array().expect("a list");
        let mut names: Vec<_> = executions.iter().map(|one| text(&one["name"])).collect();
        names.sort();
        names
    }

    /// What an execution was told.
    pub(crate) async fn input(&self, machine: &str, name: &str) -> Value {
        let arn = execution(machine, name);
        let found = self
            .call(
                "AWSStepFunctions.DescribeExecution",
                json!({"executionArn": arn}),
            )
            .await;
        serde_json::from_str(found["input"].as_str().expect("an input")).expect("JSON")
    }

    /// Ends an execution.
    pub(crate) async fn stop(&self, machine: &str, name: &str) {
        let arn = execution(machine, name);
        self.call(
            "AWSStepFunctions.StopExecution",
            json!({"executionArn": arn}),
        )
        .await;
    }

    async fn call(&self, target: &str, body: Value) -> Value {
        let body = body.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.part.port))
            .await
            .expect("the emulator listens");
        let request = format!(
            "POST / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: {target}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.part.port,
            body.len(),
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{target}: {answer}");
        serde_json::from_str(body).unwrap_or(Value::Null)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let stopped = emulator::stop(&self.dir, Some(&self.part));
        // A test that fails says why by itself.
        if !std::thread::panicking() {
            stopped.expect("the emulator stops");
        }
    }
}

fn execution(machine: &str, name: &str) -> String {
    format!(
        "{}:{name}",
        machine.replace(":stateMachine:", ":execution:")
    )
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
