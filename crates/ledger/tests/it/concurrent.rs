//! Indexes that are built and dropped while loads and reads go on.

use std::time::Duration;

use ledger::{ErrorKind, Session, migrate};
use testkit::{Role, TestDatabase};

use crate::help::{count, further, release, wait_until};

const DAY: (&str, &str) = (
    "prices_day_concurrently",
    "-- Who asks by day.
     CREATE INDEX CONCURRENTLY IF NOT EXISTS prices_day ON public.prices (day);",
);
/// The build waits for others, and has its first step behind it.
const BUILDING: &str =
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
    AND query LIKE '%CREATE INDEX CONCURRENTLY%' AND wait_event = 'virtualxid')";

/// It has waited for longer than anybody may wait for a lock here.
const OUTLASTS: &str =
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
    AND query LIKE '%CREATE INDEX CONCURRENTLY%' AND wait_event = 'virtualxid'
    AND clock_timestamp() - query_start > '1s')";
/// Somebody asks for the migrations' lock.
const SECOND: &str =
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
    AND query LIKE '%advisory_lock%' AND pid <> pg_backend_pid())";

/// A migration looks at who works on the table.
const LOOKING: &str =
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
    AND query LIKE '%ShareUpdateExclusiveLock%' AND pid <> pg_backend_pid())";

async fn insert(session: &Session, batch: i64) {
    session
        .execute(
            "INSERT INTO prices VALUES ('AAAAA', 'BBBBB', '2021-01-01', 1, $1)",
            &[&batch],
        )
        .await
        .expect("loaded");
}

/// A database and a load in it that is not at its end.
async fn loading() -> (TestDatabase, Session) {
    let database = testkit::database().await;
    crate::help::ports(&database).await;
    let load = database.connect(Role::Loader).await;
    insert(&load, 1).await;
    load.batch_execute("BEGIN").await.expect("begun");
    insert(&load, 2).await;
    (database, load)
}

/// Whether the index is valid; `None` where there is none.
async fn valid(owner: &Session) -> Option<bool> {
    let sql = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('public.prices_day')";
    let row = owner.query_opt(sql, &[]).await.expect("an answer");
    row.map(|row| row.get(0))
}

async fn recorded(owner: &Session) -> bool {
    let sql = "SELECT count(*) FROM waybill.migrations WHERE name = 'prices_day_concurrently'";
    count(owner, sql).await == 1
}

async fn rows_by_index(session: &Session) -> i64 {
    session
        .batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        .await
        .expect("set");
    let sql = "SELECT count(*) FROM prices WHERE day = '2021-01-01'";
    let plan = session
        .query(&format!("EXPLAIN {sql}"), &[])
        .await
        .expect("a plan");
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    assert!(plan.concat().contains("prices_day"), "{plan:?}");
    count(session, sql).await
}

#[tokio::test]
async fn loads_go_on_while_an_index_is_built_and_all_their_rows_are_in_it() {
    let (database, load) = loading().await;
    let run = |mut owner: Session| async move { migrate::run(&mut owner, &release(&[DAY])).await };
    let first = tokio::spawn(run(database.connect(Role::Owner).await));
    wait_until(&database, OUTLASTS).await;
    // One that waits for the other inside the server would be waited for by the build: neither would ever end.
    let second = tokio::spawn(run(database.connect(Role::Owner).await));
    wait_until(&database, SECOND).await;
    let other = database.connect(Role::Loader).await;
    insert(&other, 3).await;
    assert_eq!(count(&other, "SELECT count(*) FROM prices").await, 2);
    assert!(!first.is_finished(), "it waits for the load");
    insert(&load, 4).await;
    load.batch_execute("COMMIT").await.expect("committed");
    let mut applied = Vec::new();
    for run in [first, second] {
        applied.extend(run.await.expect("no panic").expect("migrated").applied);
    }
    assert_eq!(applied, [further(1, DAY.0)]);
    let owner = database.connect(Role::Owner).await;
    assert_eq!(valid(&owner).await, Some(true));
    assert_eq!(rows_by_index(&owner).await, 4);
}

#[tokio::test]
async fn a_build_that_was_broken_off_in_the_middle_is_begun_anew() {
    let (database, load) = loading().await;
    let mut owner = database.connect(Role::Owner).await;
    let running = tokio::spawn(async move { migrate::run(&mut owner, &release(&[DAY])).await });
    wait_until(&database, BUILDING).await;
    let admin = database.connect(Role::Super).await;
    let killed = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE '%CREATE INDEX CONCURRENTLY%' AND pid <> pg_backend_pid()";
    assert_eq!(count(&admin, killed).await, 1);
    let error = running.await.expect("no panic").expect_err("it was killed");
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let mut owner = database.connect(Role::Owner).await;
    assert_eq!(
        valid(&owner).await,
        Some(false),
        "what a killed build leaves"
    );
    assert!(!recorded(&owner).await);
    load.batch_execute("COMMIT").await.expect("committed");
    let report = migrate::run(&mut owner, &release(&[DAY]))
        .await
        .expect("migrated");
    assert_eq!(report.applied, [further(1, DAY.0)]);
    assert_eq!(valid(&owner).await, Some(true));
    assert_eq!(rows_by_index(&owner).await, 2);
}

#[tokio::test]
async fn a_build_that_does_not_end_in_time_is_not_applied_and_the_next_run_does_it() {
    let (database, load) = loading().await;
    let mut owner = database.connect(Role::Owner).await;
    let soon = tokio::time::Instant::now() + Duration::from_secs(1);
    let error = migrate::run(&mut owner, &release(&[DAY]).ending(soon))
        .await
        .expect_err("the load takes longer");
    assert_eq!(error.sqlstate(), Some("57014"));
    assert!(error.context().contains("docs/migrations.md"), "{error}");
    assert!(!recorded(&owner).await);
    assert_ne!(valid(&owner).await, Some(true));
    load.batch_execute("COMMIT").await.expect("committed");
    migrate::run(&mut owner, &release(&[DAY]))
        .await
        .expect("migrated");
    assert_eq!(valid(&owner).await, Some(true));
    assert!(recorded(&owner).await);
}

#[tokio::test]
async fn a_build_that_fails_for_the_rows_leaves_no_index_behind() {
    let (database, load) = loading().await;
    load.batch_execute("COMMIT").await.expect("committed");
    let mut owner = database.connect(Role::Owner).await;
    let unique = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS prices_day ON public.prices (day)";
    let error = migrate::run(&mut owner, &release(&[(DAY.0, unique)]))
        .await
        .expect_err("two rows have one day");
    assert_eq!(
        (error.kind(), error.sqlstate()),
        (ErrorKind::Data, Some("23505"))
    );
    assert!(error.context().starts_with(&further(1, DAY.0)), "{error}");
    assert_eq!(valid(&owner).await, None);
    assert!(!recorded(&owner).await);
}

#[tokio::test]
async fn an_index_that_somebody_built_by_hand_is_taken_as_it_is() {
    let (database, load) = loading().await;
    load.batch_execute("COMMIT").await.expect("committed");
    let mut owner = database.connect(Role::Owner).await;
    let oid = "SELECT 'public.prices_day'::regclass::oid::bigint";
    owner
        .batch_execute("CREATE INDEX prices_day ON prices (day)")
        .await
        .expect("built");
    let before = count(&owner, oid).await;
    migrate::run(&mut owner, &release(&[DAY]))
        .await
        .expect("migrated");
    assert_eq!(count(&owner, oid).await, before);
    assert!(recorded(&owner).await);
}

#[tokio::test]
async fn an_index_that_somebody_is_building_by_hand_is_waited_for() {
    let (database, load) = loading().await;
    let by_hand = database.connect(Role::Owner).await;
    let building = tokio::spawn(async move {
        by_hand
            .batch_execute("SET lock_timeout = 0")
            .await
            .expect("set");
        by_hand
            .batch_execute("CREATE INDEX CONCURRENTLY prices_day ON prices (day)")
            .await
    });
    wait_until(&database, BUILDING).await;
    let oid = "SELECT 'public.prices_day'::regclass::oid::bigint";
    let mut owner = database.connect(Role::Owner).await;
    let before = count(&owner, oid).await;
    let soon = tokio::time::Instant::now() + Duration::from_secs(1);
    let error = migrate::run(&mut owner, &release(&[DAY]).ending(soon))
        .await
        .expect_err("it takes longer");
    assert!(
        error.context().contains("built by somebody else"),
        "{error}"
    );
    let migrating = tokio::spawn(async move { migrate::run(&mut owner, &release(&[DAY])).await });
    wait_until(&database, LOOKING).await;
    load.batch_execute("COMMIT").await.expect("committed");
    building.await.expect("no panic").expect("built");
    migrating.await.expect("no panic").expect("migrated");
    let owner = database.connect(Role::Owner).await;
    assert_eq!(count(&owner, oid).await, before);
    assert!(recorded(&owner).await);
}

#[tokio::test]
async fn a_name_that_another_tables_index_or_a_table_has_is_refused() {
    for (sql, what) in [
        (
            "CREATE INDEX prices_day ON ports (name)",
            "an index of public.ports",
        ),
        ("CREATE TABLE prices_day (a text)", "no index"),
    ] {
        let database = testkit::database().await;
        let mut owner = database.connect(Role::Owner).await;
        owner.batch_execute(sql).await.expect("made");
        let error = migrate::run(&mut owner, &release(&[DAY]))
            .await
            .expect_err(sql);
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.context().contains(what), "{error}");
        assert!(!recorded(&owner).await);
    }
}

#[tokio::test]
async fn indexes_are_built_and_dropped_at_their_place_in_the_order() {
    let database = testkit::empty_database().await;
    let mut owner = database.connect(Role::Owner).await;
    let all = [
        ("note", "ALTER TABLE public.prices ADD COLUMN note text"),
        (
            "prices_note_concurrently",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS prices_note ON public.prices (note)",
        ),
        (
            "no_prices_route_day_concurrently",
            "DROP INDEX CONCURRENTLY IF EXISTS public.prices_route_day",
        ),
        (
            "notes",
            "ALTER INDEX public.prices_note RENAME TO prices_notes",
        ),
    ];
    let mut options = release(&all);
    options.logins = Some(database.logins());
    let report = migrate::run(&mut owner, &options).await.expect("migrated");
    let names: Vec<String> = (1..)
        .zip(all)
        .map(|(n, (name, _))| further(n, name))
        .collect();
    assert!(report.applied.ends_with(&names), "{:?}", report.applied);
    assert_eq!(report.version, options.migrations.newest());
    let indexes = "SELECT count(*) FROM pg_class WHERE relname IN ('prices_notes', 'prices_route_day') AND relkind = 'i'";
    assert_eq!(count(&owner, indexes).await, 1);
    let again = migrate::run(&mut owner, &options)
        .await
        .expect("nothing to do");
    assert!(again.applied.is_empty());
}
