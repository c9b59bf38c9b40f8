//! What a new version is judged by: the metrics lines that the program itself writes of a batch.

use platform::metrics::{BATCHES_RECEIVED, BATCHES_REJECTED, ENVIRONMENT, VERSION};
use serde_json::{Value, json};
use testkit::lambda::Instance;
use testkit::parameter_store;

use crate::{appeared, message, migrated, program};

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
    let database = migrated().await;
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
