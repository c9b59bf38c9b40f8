//! The job that undoes what the function has not the time for, as AWS Batch is handed it.

use serde_json::json;
use testkit::lambda::Instance;
use testkit::{BatchService, Role, committed_prices, parameter_store};

use crate::{message, program};

#[tokio::test]
async fn a_large_batch_is_undone_by_one_job_however_often_it_is_asked_for() {
    let database = testkit::migrated_database().await;
    let batch = committed_prices(&database, 3).await;
    let endpoint = parameter_store(database.password().expose()).await;
    let service = BatchService::start().await;
    let mut program = program(&database, &endpoint, &format!("{endpoint}/loads"));
    program
        .env("AWS_ENDPOINT_URL_BATCH", &service.endpoint)
        .env("WAYBILL_FUNCTION_UNDO_ROWS", "2");
    for class in ["SMALL", "LARGE", "URGENT"] {
        let name = format!("load-{}", class.to_lowercase());
        program
            .env(format!("WAYBILL_BULK_QUEUE_{class}"), &name)
            .env(format!("WAYBILL_BULK_JOB_{class}"), &name);
    }
    let mut instance = Instance::start(program).await;
    for _ in 0..2 {
        let undo = json!({"waybill": "undo", "batch": batch, "by": "ops"});
        let answer = instance.invoke(message(&undo)).await;
        assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    }
    let submitted = service.submitted();
    let [job] = &submitted[..] else {
        panic!("one job: {submitted:?}");
    };
    assert_eq!(job["jobName"], format!("undo-{batch}"));
    assert_eq!(job["jobQueue"], "load-large");
    assert_eq!(job["jobDefinition"], "load-large-c0ffee");
    assert_eq!(
        job["containerOverrides"],
        json!({"command": ["undo", "--batch", batch]})
    );
    let session = database.connect(Role::Loader).await;
    let notes = session
        .query(
            "SELECT note FROM waybill.events WHERE note LIKE '%undo%'",
            &[],
        )
        .await
        .expect("an answer");
    let notes: Vec<&str> = notes.iter().map(|row| row.get(0)).collect();
    assert_eq!(notes, ["the undo is left to job job-1"]);
}
