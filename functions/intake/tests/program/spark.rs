//! The Spark lane's jobs: executions of a real state machine in the emulator, whose own step only waits.

use ledger::{Batch, Lane, State, batch_id_for_object};
use serde_json::{Value, json};
use testkit::lambda::Instance;
use testkit::{Role, TestDatabase};

use crate::emulator::Emulator;
use crate::{appeared, message, program};

/// From which size on a batch is for Spark here.
const FROM: u64 = 1000;

struct World {
    database: TestDatabase,
    emulator: Emulator,
    machine: String,
    instance: Instance,
}

impl World {
    async fn new() -> Self {
        let database = testkit::migrated_database().await;
        let emulator = Emulator::start();
        let password = "/waybill/test/database/loader/password";
        emulator
            .parameter(password, database.password().expose())
            .await;
        let loads = emulator.queue("loads").await;
        let machine = emulator.machine("waybill-test-spark").await;
        let mut program = program(&database, &emulator.endpoint(), &loads);
        program.env("WAYBILL_SPARK_MACHINE", &machine);
        program.env("WAYBILL_SPARK_LANE_BYTES", FROM.to_string());
        let instance = Instance::start(program).await;
        World {
            database,
            emulator,
            machine,
            instance,
        }
    }

    async fn invoke(&mut self, event: Value) {
        let answer = self.instance.invoke(event).await;
        assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    }

    async fn replay(&mut self, batch: &Batch) {
        self.invoke(message(&json!({"waybill": "load", "batch": batch.id})))
            .await;
    }

    async fn sweep(&mut self) {
        self.invoke(message(&json!({"waybill": "sweep"}))).await;
    }

    async fn batch(&self, key: &str) -> Batch {
        let session = self.database.connect(Role::Loader).await;
        let id = batch_id_for_object("waybill-test-incoming", key, Some("1"));
        let found = ledger::find(&session, id).await.expect("an answer");
        found.expect("the batch is known")
    }

    /// As the owner, who may.
    async fn execute(&self, sql: &str) {
        let owner = self.database.connect(Role::Owner).await;
        let changed = owner.execute(sql, &[]).await.expect("done");
        assert_eq!(changed, 1, "{sql}");
    }

    async fn running(&self) -> Vec<String> {
        self.emulator.executions(&self.machine, "RUNNING").await
    }

    async fn ended(&self) -> Vec<String> {
        self.emulator.executions(&self.machine, "ABORTED").await
    }
}

fn name(batch: &Batch, number: u32) -> String {
    format!("{}-{number}", batch.id)
}

#[tokio::test]
async fn two_deliveries_start_one_job_and_a_replay_after_its_end_another() {
    let mut world = World::new().await;
    for _ in 0..2 {
        world.invoke(appeared("prices/a.csv", FROM)).await;
    }
    let batch = world.batch("prices/a.csv").await;
    let (first, second) = (name(&batch, 1), name(&batch, 2));
    // The job claims it; until then it waits.
    assert_eq!((batch.state, batch.lane), (State::Received, Lane::Spark));
    assert_eq!(batch.job.as_deref(), Some(first.as_str()));
    assert_eq!(world.running().await, [first.as_str()]);
    assert_eq!(
        world.emulator.input(&world.machine, &first).await,
        json!({"batch": batch.id, "release": "c0ffee"})
    );
    world.replay(&batch).await;
    assert_eq!(world.running().await, [first.as_str()]);

    world.emulator.stop(&world.machine, &first).await;
    world.replay(&batch).await;
    assert_eq!(world.ended().await, [first]);
    assert_eq!(world.running().await, [second.as_str()]);
    let noted = world.batch("prices/a.csv").await.job;
    assert_eq!(noted, Some(second));
}

#[tokio::test]
async fn a_job_that_was_started_and_not_noted_is_found_by_its_name() {
    let mut world = World::new().await;
    world.invoke(appeared("prices/a.csv.gz", FROM)).await;
    let forget = "UPDATE waybill.batches SET job = NULL";
    world.execute(forget).await;
    world.invoke(appeared("prices/a.csv.gz", FROM)).await;
    let batch = world.batch("prices/a.csv.gz").await;
    assert_eq!(world.running().await, [name(&batch, 1)]);
    assert_eq!(batch.job, Some(name(&batch, 1)));

    // And where it has ended meanwhile, the next is started.
    world.execute(forget).await;
    world.emulator.stop(&world.machine, &name(&batch, 1)).await;
    world.invoke(appeared("prices/a.csv.gz", FROM)).await;
    assert_eq!(world.running().await, [name(&batch, 2)]);
}

#[tokio::test]
async fn a_batch_that_waits_long_is_given_another_job_where_its_own_has_ended() {
    let mut world = World::new().await;
    world.invoke(appeared("prices/a.jsonl", FROM)).await;
    let batch = world.batch("prices/a.jsonl").await;
    world.emulator.stop(&world.machine, &name(&batch, 1)).await;
    // It may be on its way.
    world.sweep().await;
    assert!(world.running().await.is_empty());
    let long_ago = "UPDATE waybill.queue SET due_at = clock_timestamp() - interval '10 minutes'";
    world.execute(long_ago).await;
    for _ in 0..2 {
        world.sweep().await;
        assert_eq!(world.running().await, [name(&batch, 2)]);
    }
}

#[tokio::test]
async fn what_spark_does_not_read_and_what_is_small_starts_no_job() {
    let mut world = World::new().await;
    for (key, bytes) in [
        ("prices/a.json", FROM),
        ("prices/a.xml", FROM),
        ("prices/a.manifest", FROM),
        ("prices/a.csv", FROM - 1),
    ] {
        world.invoke(appeared(key, bytes)).await;
        assert_eq!(world.batch(key).await.lane, Lane::Function, "{key}");
    }
    assert!(world.running().await.is_empty());
}
