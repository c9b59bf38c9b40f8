//! What a new version is judged by: the metrics lines that the program itself writes of a batch.

use platform::metrics::{BATCHES_FAILED, BATCHES_RECEIVED, BATCHES_REJECTED, ENVIRONMENT, VERSION};
use serde_json::{Value, json};
use testkit::lambda::Instance;
use testkit::{Role, TestDatabase, empty_database, parameter_store};
use tokio::process::Command;

/// The program with the settings that it needs, all of its own: nothing of this test's environment.
async fn program(database: &TestDatabase) -> Command {
    let config = database.config(Role::Loader);
    let endpoint = parameter_store(database.password().expose()).await;
    let mut program = Command::new(env!("CARGO_BIN_EXE_intake"));
    program.env_clear().envs([
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", &endpoint),
        ("WAYBILL_ENVIRONMENT", "test"),
        ("WAYBILL_RELEASE", "c0ffee"),
        ("WAYBILL_PARAMETERS", "/waybill/test"),
        ("WAYBILL_DATABASE_HOST", &config.host),
        ("WAYBILL_DATABASE_PORT", &config.port.to_string()),
        ("WAYBILL_DATABASE_NAME", database.name()),
        ("WAYBILL_DATABASE_TLS", "off"),
        ("WAYBILL_INCOMING_BUCKET", "waybill-test-incoming"),
        ("WAYBILL_INTAKE_QUEUE_URL", &format!("{endpoint}/queue")),
        ("WAYBILL_LOADS_QUEUE_URL", &format!("{endpoint}/loads")),
    ]);
    program
}

/// The event of an object that appeared.
fn appeared(key: &str) -> Value {
    message(&json!({"Records": [{
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": "waybill-test-incoming"},
            "object": {"key": key, "size": 10, "versionId": "1"},
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

/// The next line of metrics.
async fn measured(instance: &mut Instance) -> Value {
    loop {
        let line = instance.line().await;
        if line["_aws"].is_object() {
            return line;
        }
    }
}

/// Whether a line counts a metric once for the version.
fn counts_for_the_version(line: &Value, metric: &str) -> bool {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array();
    let announced = directives.into_iter().flatten().any(|directive| {
        let dimensions = directive["Dimensions"].as_array().expect("sets");
        let metrics = directive["Metrics"].as_array().expect("metrics");
        dimensions.contains(&json!([ENVIRONMENT, VERSION]))
            && metrics.iter().any(|one| one["Name"] == metric)
    });
    announced
        && line[metric] == 1
        && line[VERSION] == "7"
        && line["release"] == "c0ffee"
        && line[ENVIRONMENT] == "test"
}

async fn migrated() -> TestDatabase {
    let database = empty_database().await;
    let mut owner = database.connect(Role::Owner).await;
    let mut options = ledger::migrate::Options::shipped();
    options.logins = Some(database.logins());
    ledger::migrate::run(&mut owner, &options)
        .await
        .expect("migrated");
    database
}

#[tokio::test]
async fn a_batch_is_counted_for_the_version_that_received_and_settled_it() {
    let database = migrated().await;
    let mut instance = Instance::start(program(&database).await).await;
    // No such dataset: rejected by its name alone, so that no bucket is needed.
    // Nobody takes its message that something waits, so the event comes again; the batch is known all the same.
    instance.invoke(appeared("hotels/2021.csv")).await;
    let next = json!({"waybill": "next"});
    let answer = instance.invoke(message(&next)).await;
    assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    let received = measured(&mut instance).await;
    assert!(
        counts_for_the_version(&received, BATCHES_RECEIVED),
        "{received}"
    );
    let settled = measured(&mut instance).await;
    assert!(
        counts_for_the_version(&settled, BATCHES_REJECTED),
        "{settled}"
    );
}

#[tokio::test]
async fn a_load_that_fails_counts_against_its_version_though_it_is_tried_again() {
    let database = migrated().await;
    let mut program = program(&database).await;
    // Nobody listens there.
    program.envs([
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1"),
        ("AWS_MAX_ATTEMPTS", "1"),
    ]);
    let mut instance = Instance::start(program).await;
    instance.invoke(appeared("prices/2021.csv")).await;
    instance.invoke(message(&json!({"waybill": "next"}))).await;
    let received = measured(&mut instance).await;
    assert!(
        counts_for_the_version(&received, BATCHES_RECEIVED),
        "{received}"
    );
    let failed = measured(&mut instance).await;
    assert!(counts_for_the_version(&failed, BATCHES_FAILED), "{failed}");
    let session = database.connect(Role::Loader).await;
    let waits = session
        .query_one("SELECT count(*) FROM waybill.queue", &[])
        .await
        .expect("a count");
    assert_eq!(waits.get::<_, i64>(0), 1, "it waits for another try");
}
