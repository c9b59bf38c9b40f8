//! What a migration may cost those who load and read: bounded waits, and another try.

use std::time::{Duration, Instant};

use ledger::{Session, migrate};
use testkit::{Role, TestDatabase};

use crate::help::{count, further, release, wait_until};

/// Longer than any test may take.
const LONG: Duration = Duration::from_secs(60);
/// Somebody's statement waits for a lock on prices.
const WAITING: &str = "SELECT EXISTS (SELECT FROM pg_locks
    WHERE NOT granted AND relation = 'public.prices'::regclass AND mode = 'AccessExclusiveLock')";

const ADD_NOTE: (&str, &str) = ("note", "ALTER TABLE public.prices ADD COLUMN note text");

/// A load that is not at its end.
async fn load_in_progress(database: &TestDatabase) -> Session {
    crate::help::ports(database).await;
    let loader = database.connect(Role::Loader).await;
    loader
        .batch_execute("BEGIN; INSERT INTO prices VALUES ('AAAAA', 'BBBBB', '2021-01-01', 1, 1)")
        .await
        .expect("rows");
    loader
}

#[tokio::test]
async fn who_waits_for_a_table_lets_readers_and_loads_through_and_has_it_in_the_end() {
    let database = testkit::database().await;
    let load = load_in_progress(&database).await;
    let mut owner = database.connect(Role::Owner).await;
    let mut options = release(&[ADD_NOTE]);
    options.patience = LONG;
    let migrating = tokio::spawn(async move { migrate::run(&mut owner, &options).await });
    // Were the lock waited for without a limit, nobody would come through before the load has ended: and it ends last.
    let reader = database.connect(Role::Reader).await;
    let other = database.connect(Role::Loader).await;
    for _ in 0..2 {
        wait_until(&database, WAITING).await;
        let begin = Instant::now();
        count(&reader, "SELECT count(*) FROM prices").await;
        other
            .batch_execute("INSERT INTO prices VALUES ('AAAAA', 'CCCCC', '2021-01-01', 1, 2)")
            .await
            .expect("loaded");
        assert!(
            begin.elapsed() < Duration::from_secs(5),
            "{:?}",
            begin.elapsed()
        );
    }
    assert!(!migrating.is_finished());
    load.batch_execute("COMMIT").await.expect("committed");
    let report = migrating.await.expect("no panic").expect("migrated");
    assert_eq!(report.applied, [further(1, "note")]);
    assert_eq!(
        count(&reader, "SELECT count(*) FROM prices WHERE note IS NULL").await,
        3
    );
}

#[tokio::test]
async fn what_was_applied_before_a_busy_table_stays_and_the_next_run_goes_on_there() {
    let database = testkit::database().await;
    let load = load_in_progress(&database).await;
    let mut owner = database.connect(Role::Owner).await;
    let options = release(&[("more", "CREATE TABLE public.more (a text)"), ADD_NOTE]);
    let error = migrate::run(&mut owner, &options)
        .await
        .expect_err("the load has the table");
    assert_eq!(error.sqlstate(), Some("55P03"));
    let said = error.context();
    assert!(
        said.starts_with(&format!("{} was not applied", further(2, "note"))),
        "{said}"
    );
    assert!(said.contains("migrate again"), "{said}");
    load.batch_execute("COMMIT").await.expect("committed");
    let report = migrate::run(&mut owner, &options).await.expect("migrated");
    assert_eq!(report.applied, [further(2, "note")]);
}

#[tokio::test]
async fn a_report_names_what_earlier_tries_applied() {
    let database = testkit::database().await;
    let load = load_in_progress(&database).await;
    let mut owner = database.connect(Role::Owner).await;
    let mut options = release(&[("more", "CREATE TABLE public.more (a text)"), ADD_NOTE]);
    options.patience = LONG;
    let migrating = tokio::spawn(async move { migrate::run(&mut owner, &options).await });
    wait_until(&database, WAITING).await;
    wait_until(
        &database,
        &format!("SELECT NOT ({})", &WAITING["SELECT ".len()..]),
    )
    .await;
    load.batch_execute("COMMIT").await.expect("committed");
    let report = migrating.await.expect("no panic").expect("migrated");
    assert_eq!(report.applied, [further(1, "more"), further(2, "note")]);
}

#[tokio::test]
async fn nobody_is_waited_for_past_the_end_of_the_time() {
    let database = testkit::database().await;
    let _load = load_in_progress(&database).await;
    let mut owner = database.connect(Role::Owner).await;
    let mut options =
        release(&[ADD_NOTE]).ending(tokio::time::Instant::now() + Duration::from_secs(1));
    options.patience = LONG;
    let ended = tokio::time::timeout(LONG / 2, migrate::run(&mut owner, &options)).await;
    ended.expect("in time").expect_err("the load has the table");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_taken_back_with_its_migration() {
    let database = testkit::database().await;
    let mut owner = database.connect(Role::Owner).await;
    let mut options = release(&[(
        "slow",
        "CREATE TABLE public.more (a text); SELECT pg_sleep(60)",
    )]);
    options.statement = Duration::from_millis(500);
    let error = migrate::run(&mut owner, &options)
        .await
        .expect_err("too long");
    assert_eq!(error.sqlstate(), Some("57014"));
    assert!(error.context().contains("docs/migrations.md"), "{error}");
    let left = count(
        &owner,
        "SELECT count(*) FROM pg_class WHERE relname = 'more'",
    )
    .await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_limit_that_a_migration_sets_for_itself_is_its_own() {
    let database = testkit::database().await;
    let mut owner = database.connect(Role::Owner).await;
    let mut options = release(&[
        (
            "patient",
            "SET statement_timeout = '60s'; SELECT pg_sleep(1)",
        ),
        ("slow", "SELECT pg_sleep(60)"),
    ]);
    options.statement = Duration::from_millis(500);
    let error = migrate::run(&mut owner, &options)
        .await
        .expect_err("too long");
    assert!(error.context().starts_with(&further(2, "slow")), "{error}");
}

#[tokio::test]
async fn a_statement_that_needs_to_be_outside_a_transaction_is_told_where_to_go() {
    let database = testkit::database().await;
    let mut owner = database.connect(Role::Owner).await;
    let options = release(&[(
        "day",
        "CREATE INDEX CONCURRENTLY prices_day ON public.prices (day)",
    )]);
    let error = migrate::run(&mut owner, &options)
        .await
        .expect_err("in a transaction");
    assert!(error.context().contains("_concurrently.sql"), "{error}");
}
