//! The schema, and the contracts against it.

use std::time::Duration;

use contract::Contract;
use ledger::{ErrorKind, migrate, target};
use testkit::{Role, TestDatabase};

use crate::help::count;

async fn migrated(database: &TestDatabase) -> ledger::Result<migrate::Report> {
    let mut owner = database.connect(Role::Owner).await;
    let mut options = migrate::Options::shipped();
    options.logins = Some(database.logins());
    migrate::run(&mut owner, &options).await
}

#[tokio::test]
async fn migrating_twice_does_nothing_the_second_time() {
    let database = testkit::empty_database().await;
    let first = migrated(&database).await.expect("migrated");
    assert_eq!(first.applied[..2], ["V1__ledger", "V2__rates"]);
    assert_eq!(
        (first.version, first.known),
        (first.applied.len() as i64, first.applied.len() as i64)
    );
    let second = migrated(&database).await.expect("migrated");
    assert!(second.applied.is_empty());
    assert_eq!(second.version, first.version);
}

#[tokio::test]
async fn many_migrating_at_once_apply_each_migration_once() {
    let database = testkit::empty_database().await;
    let runs = (0..6).map(|_| migrated(&database));
    let reports = futures_util::future::join_all(runs).await;
    let applied: usize = reports
        .into_iter()
        .map(|report| report.expect("migrated").applied.len())
        .sum();
    let owner = database.connect(Role::Owner).await;
    assert_eq!(
        applied as i64,
        count(&owner, "SELECT count(*) FROM waybill.migrations").await
    );
}

#[tokio::test]
async fn a_migration_does_not_wait_for_ever_for_another() {
    let database = testkit::empty_database().await;
    let holder = database.connect(Role::Owner).await;
    holder
        .batch_execute("SELECT pg_advisory_lock(x'77617962696c6c'::bigint)")
        .await
        .expect("held");
    let mut owner = database.connect(Role::Owner).await;
    let mut options = migrate::Options::shipped();
    options.wait = Duration::from_millis(300);
    let error = migrate::run(&mut owner, &options)
        .await
        .expect_err("it is held");
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(error.context().contains("another migration"), "{error}");
}

#[tokio::test]
async fn an_older_release_leaves_a_newer_schema_as_it_is_and_an_edited_migration_is_refused() {
    let database = testkit::empty_database().await;
    migrated(&database).await.expect("migrated");
    let owner = database.connect(Role::Owner).await;
    owner
        .batch_execute(
            "INSERT INTO waybill.migrations VALUES (900, 'later', '2030-01-01T00:00:00Z', '1')",
        )
        .await
        .expect("a newer release was here");
    let report = migrated(&database).await.expect("nothing to do");
    assert_eq!(report.version, 900);
    assert!(report.known < 900 && report.applied.is_empty());
    owner
        .batch_execute("UPDATE waybill.migrations SET checksum = '1' WHERE version = 1")
        .await
        .expect("edited");
    let error = migrated(&database)
        .await
        .expect_err("not the same migration");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.context().contains("V1__ledger"), "{error}");
}

#[tokio::test]
async fn the_shipped_contracts_fit_and_their_tables_are_what_a_load_needs() {
    let database = testkit::database().await;
    let session = database.connect(Role::Loader).await;
    migrate::verify(&session, contract::shipped())
        .await
        .expect("they fit");
    let prices = target::shape(&session, "prices").await.expect("a shape");
    assert_eq!(prices.widest_index, ["orig_code", "dest_code", "day"]);
    assert!(prices.has_batch && prices.hidden.is_empty() && prices.primary_key.is_empty());
    assert_eq!(prices.foreign_keys.len(), 2);
    assert_eq!(prices.foreign_keys[0].table, "ports");
    assert!(!prices.is_jsonb("day"));
    let ports = target::shape(&session, "ports").await.expect("a shape");
    assert_eq!(
        (ports.primary_key, ports.unique_keys),
        (vec!["code".into()], vec![vec!["code".to_owned()]])
    );
    let error = target::shape(&session, "nothing")
        .await
        .expect_err("no table");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// What `migrate` says after `sql`, of these contracts.
async fn complaint(sql: &str, contracts: &[Contract]) -> String {
    let database = testkit::database().await;
    let mut owner = database.connect(Role::Owner).await;
    owner.batch_execute(sql).await.expect(sql);
    let options = migrate::Options::shipped().with_contracts(contracts);
    let error = migrate::run(&mut owner, &options).await.expect_err(sql);
    assert_eq!(error.kind(), ErrorKind::Conflict);
    error.context().to_owned()
}

#[tokio::test]
async fn a_table_that_does_not_fit_is_refused_naming_the_column() {
    let cases = [
        ("ALTER TABLE prices DROP COLUMN price CASCADE", "prices.price: the table has no such column"),
        ("ALTER TABLE prices ALTER price TYPE bigint", "prices.price: the contract says integer and the table has bigint"),
        ("ALTER TABLE prices ALTER day TYPE text", "prices.day: the contract says date"),
        ("ALTER TABLE regions ALTER parent_slug SET NOT NULL", "regions.parent_slug: the contract allows null"),
        ("ALTER TABLE ports ADD country text NOT NULL", "ports.country: the table needs a value"),
        ("ALTER TABLE prices DROP COLUMN batch", "prices.batch: an append table needs"),
        ("ALTER TABLE prices DROP CONSTRAINT prices_dest_code_fkey", "prices.dest_code: the contract refers to ports.code"),
        (
            "ALTER TABLE prices ADD COLUMN region text REFERENCES regions",
            "prices.region: the table's foreign key prices_region_fkey is not in the contract",
        ),
        ("ALTER TABLE prices RENAME TO prizes", "prices: the contract prices has no table"),
        (
            "ALTER TABLE prices DROP CONSTRAINT prices_dest_code_fkey, DROP CONSTRAINT prices_orig_code_fkey;
             ALTER TABLE ports DROP CONSTRAINT ports_pkey",
            "ports.code: the contract's key is not a unique key",
        ),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER sneaky BEFORE INSERT ON prices FOR EACH ROW EXECUTE FUNCTION f()",
            "prices: the trigger sneaky must not be there",
        ),
        (
            "CREATE RULE quiet AS ON DELETE TO prices DO ALSO NOTHING",
            "prices: the rule quiet must not be there",
        ),
        (
            "ALTER TABLE prices ADD CONSTRAINT later UNIQUE (day, price) DEFERRABLE",
            "prices: the deferrable constraint later must not be there",
        ),
    ];
    for (sql, expected) in cases {
        let said = complaint(sql, contract::shipped()).await;
        assert!(said.contains(expected), "{sql}: {said}");
    }
}

#[tokio::test]
async fn a_disabled_trigger_is_refused_as_well() {
    let said = complaint(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER asleep AFTER INSERT ON ports FOR EACH ROW EXECUTE FUNCTION f();
         ALTER TABLE ports DISABLE TRIGGER asleep",
        contract::shipped(),
    )
    .await;
    assert!(said.contains("ports: the trigger asleep"), "{said}");
}

#[tokio::test]
async fn every_type_of_a_contract_fits_its_own_type_of_a_table() {
    let toml = r#"
        name = "things"
        table = "things"
        description = "Everything"
        mode = "append"
        [[columns]]
        name = "a"
        type = "text"
        [[columns]]
        name = "b"
        type = "bigint"
        [[columns]]
        name = "c"
        type = "decimal(10,2)"
        [[columns]]
        name = "d"
        type = "double"
        [[columns]]
        name = "e"
        type = "boolean"
        [[columns]]
        name = "f"
        type = "timestamp"
        [[columns]]
        name = "g"
        type = "uuid"
        [[columns]]
        name = "h"
        type = "json"
        [[columns]]
        name = "i"
        type = "text"
        max_length = 5
    "#;
    let things = [Contract::parse(toml).expect("a contract")];
    let table = |decimal: &str, json: &str, short: &str| {
        format!(
            "CREATE TABLE things (a text, b bigint, c {decimal}, d double precision, e boolean, f timestamptz, g uuid,
             h {json}, i {short}, batch bigint NOT NULL DEFAULT 0)"
        )
    };
    let database = testkit::database().await;
    let owner = database.connect(Role::Owner).await;
    for (decimal, json, short) in [
        ("numeric", "jsonb", "text"),
        ("numeric(10,2)", "json", "varchar(5)"),
        ("numeric(12,3)", "jsonb", "varchar"),
    ] {
        owner
            .batch_execute(&table(decimal, json, short))
            .await
            .expect("a table");
        migrate::verify(&owner, &things).await.expect("it fits");
        owner
            .batch_execute("DROP TABLE things")
            .await
            .expect("dropped");
    }
    for (decimal, json, short, column) in [
        ("numeric(10,1)", "jsonb", "text", "things.c"),
        ("numeric(10,3)", "jsonb", "text", "things.c"),
        ("numeric", "text", "text", "things.h"),
        ("numeric", "json", "varchar(4)", "things.i"),
    ] {
        owner
            .batch_execute(&table(decimal, json, short))
            .await
            .expect("a table");
        let error = migrate::verify(&owner, &things)
            .await
            .expect_err("it does not fit");
        assert!(error.context().contains(column), "{error}");
        owner
            .batch_execute("DROP TABLE things")
            .await
            .expect("dropped");
    }
    // A new dataset's table needs no grants of its own: loader and reader have them.
    owner
        .batch_execute(&table("numeric", "jsonb", "text"))
        .await
        .expect("a table");
    database
        .connect(Role::Loader)
        .await
        .batch_execute("INSERT INTO things (b) VALUES (1)")
        .await
        .expect("loaded");
    database
        .connect(Role::Reader)
        .await
        .batch_execute("SELECT * FROM things")
        .await
        .expect("read");
}

#[tokio::test]
async fn rates_are_answered_from_the_index_alone() {
    let database = testkit::database().await;
    crate::help::ports(&database).await;
    let loader = database.connect(Role::Loader).await;
    loader
        .batch_execute(
            "INSERT INTO prices SELECT a, b, date '2021-01-01' + n, n + 1, 1
             FROM unnest(ARRAY['AAAAA', 'BBBBB', 'CCCCC']) a, unnest(ARRAY['AAAAA', 'BBBBB', 'CCCCC']) b,
                 generate_series(0, 999) n",
        )
        .await
        .expect("rows");
    let reader = database.connect(Role::Reader).await;
    database.settle("prices").await;
    let plan = explain(
        &reader,
        "EXPLAIN (ANALYZE, COSTS OFF) SELECT day, count(*), avg(price) FROM prices
         WHERE orig_code = 'AAAAA' AND dest_code = 'BBBBB' AND day BETWEEN '2021-01-01' AND '2021-01-31' GROUP BY day",
    )
    .await;
    assert!(
        plan.contains("Index Only Scan using prices_route_day"),
        "{plan}"
    );
    assert!(plan.contains("Heap Fetches: 0"), "{plan}");
}

async fn explain(session: &ledger::Session, sql: &str) -> String {
    let rows = session.query(sql, &[]).await.expect("a plan");
    rows.iter()
        .map(|row| row.get::<_, String>(0))
        .collect::<Vec<_>>()
        .join("\n")
}
