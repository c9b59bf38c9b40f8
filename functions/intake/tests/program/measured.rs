//! What a new version is judged by: the metrics lines that the program itself writes of a batch.

use platform::metrics::{BATCHES_FAILED, BATCHES_RECEIVED, BATCHES_REJECTED, ENVIRONMENT, VERSION};
use serde_json::{Value, json};
use testkit::lambda::Instance;
use testkit::{Role, parameter_store};

use crate::{appeared, message, program};

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

#[tokio::test]
async fn a_batch_is_counted_for_the_version_that_received_and_settled_it() {
    let database = testkit::migrated_database().await;
    let endpoint = parameter_store(database.password().expose()).await;
    let loads = format!("{endpoint}/loads");
    let mut instance = Instance::start(program(&database, &endpoint, &loads)).await;
    // No such dataset: rejected by its name alone, so that no bucket is needed.
    // Nobody takes its message that something waits, so the event comes again; the batch is known all the same.
    instance.invoke(appeared("hotels/2021.csv", 10)).await;
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
    let database = testkit::migrated_database().await;
    let endpoint = parameter_store(database.password().expose()).await;
    let mut program = program(&database, &endpoint, &format!("{endpoint}/loads"));
    // Nobody listens there.
    program.envs([
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1"),
        ("AWS_MAX_ATTEMPTS", "1"),
    ]);
    let mut instance = Instance::start(program).await;
    instance.invoke(appeared("prices/2021.csv", 10)).await;
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
