//! The built program takes batches back, with a database of its own.

use ledger::{Batch, BatchId, State};
use testkit::{
    Role, TestDatabase, committed_prices, hold_prices, migrated_database, parameter_store,
};
use tokio::process::Command;

/// The program as a job runs it, all settings its own: nothing of this test's environment.
async fn program(database: &TestDatabase, batch: BatchId) -> Command {
    let config = database.config(Role::Loader);
    let endpoint = parameter_store(database.password().expose()).await;
    let mut program = Command::new(env!("CARGO_BIN_EXE_waybill-task"));
    program
        .args(["undo", "--batch", &batch.to_string()])
        .env_clear()
        .envs([
            ("AWS_REGION", "eu-west-1"),
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
        ])
        .kill_on_drop(true);
    program
}

/// Its exit status.
async fn status(mut program: Command) -> Option<i32> {
    program.status().await.expect("it runs").code()
}

async fn find(database: &TestDatabase, id: BatchId) -> Batch {
    let session = database.connect(Role::Loader).await;
    let found = ledger::find(&session, id).await.expect("an answer");
    found.expect("the batch is known")
}

fn said(batch: &Batch) -> &str {
    let last = batch.timeline.last().expect("an event");
    last.note.as_deref().unwrap_or_default()
}

#[tokio::test]
async fn a_batch_is_undone_once_for_whoever_asked_and_a_second_job_ends_well() {
    let database = migrated_database().await;
    let batch = committed_prices(&database, 5).await;
    let other = committed_prices(&database, 7).await;
    let api = database.connect(Role::Api).await;
    ledger::request_undo(&api, batch, "key:ops")
        .await
        .expect("it may be undone");
    assert_eq!(status(program(&database, batch).await).await, Some(0));
    let undone = find(&database, batch).await;
    assert_eq!(undone.state, State::Undone);
    assert_eq!(said(&undone), "5 rows taken out, asked for by key:ops");
    assert_eq!(status(program(&database, batch).await).await, Some(0));
    assert_eq!(find(&database, batch).await.timeline, undone.timeline);
    let left = prices_left(&database).await;
    assert_eq!((left, find(&database, other).await.rows), (7, Some(7)));
}

async fn prices_left(database: &TestDatabase) -> i64 {
    let session = database.connect(Role::Loader).await;
    let row = session.query_one("SELECT count(*) FROM prices", &[]).await;
    row.expect("a count").get(0)
}

#[tokio::test]
async fn what_may_not_be_undone_is_noted_and_the_job_ends_well() {
    let database = migrated_database().await;
    let batch = committed_prices(&database, 5).await;
    let owner = database.connect(Role::Owner).await;
    let failed = "UPDATE waybill.batches SET state = 'failed'";
    owner.execute(failed, &[]).await.expect("the owner may");
    let mut program = program(&database, batch).await;
    program.args(["--by", "me"]);
    assert_eq!(status(program).await, Some(0));
    assert_eq!(
        said(&find(&database, batch).await),
        "not undone, as me asked: the batch is failed: it has no rows to take out"
    );
}

#[tokio::test]
async fn a_database_that_is_away_asks_for_another_try_and_a_batch_that_nobody_knows_for_an_operator()
 {
    let database = migrated_database().await;
    let batch = committed_prices(&database, 5).await;
    let mut away = program(&database, batch).await;
    away.env("WAYBILL_DATABASE_PORT", "1");
    assert_eq!(status(away).await, Some(75));
    let unknown = program(&database, BatchId::fresh()).await;
    assert_eq!(status(unknown).await, Some(1));
}

#[tokio::test]
async fn at_the_end_of_its_time_it_says_so_and_nothing_is_taken_out() {
    let database = migrated_database().await;
    let batch = committed_prices(&database, 5).await;
    let mut other = database.connect(Role::Super).await;
    let _lock = hold_prices(&mut other).await;
    let mut program = program(&database, batch).await;
    // Half a minute of it is kept for what there is to say.
    program.env("WAYBILL_TIME_LIMIT_SECONDS", "32");
    assert_eq!(status(program).await, Some(1));
    let found = find(&database, batch).await;
    assert_eq!(found.state, State::Committed);
    let said = said(&found);
    assert!(
        said.contains("stopped after") && said.contains("nothing was taken out"),
        "{said}"
    );
}

#[tokio::test]
async fn a_machine_that_is_taken_away_leaves_the_batch_to_another_try() {
    let database = migrated_database().await;
    let batch = committed_prices(&database, 5).await;
    let mut other = database.connect(Role::Super).await;
    let lock = hold_prices(&mut other).await;
    let mut running = program(&database, batch).await.spawn().expect("it starts");
    database.until_one_waits().await;
    let id = running.id().expect("it runs").to_string();
    let told = Command::new("kill").args(["-TERM", &id]).status().await;
    assert!(told.expect("kill runs").success());
    let ended = running.wait().await.expect("it ends");
    assert_eq!(ended.code(), Some(75));
    lock.rollback().await.expect("let go");
    assert_eq!(status(program(&database, batch).await).await, Some(0));
    assert_eq!(find(&database, batch).await.state, State::Undone);
}
