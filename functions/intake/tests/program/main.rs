//! The built program inside what it takes for Lambda, on a database of its own.

mod emulator;
mod measured;
mod spark;
mod undo;

use serde_json::{Value, json};
use testkit::{Role, TestDatabase};
use tokio::process::Command;

/// The program with the settings that it needs, all of its own: nothing of this test's environment.
fn program(database: &TestDatabase, endpoint: &str, loads_url: &str) -> Command {
    let config = database.config(Role::Loader);
    let mut program = Command::new(env!("CARGO_BIN_EXE_intake"));
    program.env_clear().envs([
        ("AWS_REGION", local::emulator::REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", endpoint),
        ("WAYBILL_ENVIRONMENT", "test"),
        ("WAYBILL_RELEASE", "c0ffee"),
        ("WAYBILL_PARAMETERS", "/waybill/test"),
        ("WAYBILL_DATABASE_HOST", &config.host),
        ("WAYBILL_DATABASE_PORT", &config.port.to_string()),
        ("WAYBILL_DATABASE_NAME", database.name()),
        ("WAYBILL_DATABASE_TLS", "off"),
        ("WAYBILL_INCOMING_BUCKET", "waybill-test-incoming"),
        ("WAYBILL_INTAKE_QUEUE_URL", &format!("{endpoint}/queue")),
        ("WAYBILL_LOADS_QUEUE_URL", loads_url),
    ]);
    program
}

/// The event of an object that appeared.
fn appeared(key: &str, bytes: u64) -> Value {
    message(&json!({"Records": [{
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": "waybill-test-incoming"},
            "object": {"key": key, "size": bytes, "versionId": "1"},
        },
    }]}))
}

/// An invocation with one message.
fn message(body: &Value) -> Value {
    json!({"Records": [{
        "messageId": "m1", "receiptHandle": "receipt", "body": body.to_string(),
        "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {},
        "eventSource": "aws:sqs", "awsRegion": "eu-central-1",
    }]})
}
