//! Rules about the whole batch: keys that occur twice, rows that refer to each other, snapshots.

mod support;

use contract::Contract;
use ledger::{Options, State};
use support::Bench;
use testkit::Role;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_occurs_twice_is_an_error_that_names_both_lines() {
    let mut bench = Bench::empty().await;
    let content = "slug,name,parent_slug\nwest,West,\neast,East,\nwest,West again,\n,Nameless,\n";
    let ended = bench.submit("regions/twice.csv", content).await;
    assert_eq!(
        (ended.loaded.state, ended.loaded.rejected),
        (State::Rejected, 2)
    );
    assert_eq!(
        ended.places(),
        [
            (3, 4, 44, Some("slug"), "unique", Some("west")),
            (4, 5, 61, Some("slug"), "required", None)
        ]
    );
    assert!(
        ended.report[0].message.contains("line 2"),
        "{}",
        ended.report[0].message
    );
    assert_eq!(ended.report[0].row, b"west,West again,");
    assert_eq!(bench.count("regions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_may_refer_to_rows_further_down_and_to_nothing_else() {
    let mut bench = Bench::empty().await;
    let child_first = "slug,name,parent_slug\ncoast,Coast,west\nwest,West,\n";
    assert_eq!(
        bench
            .submit("regions/a.csv", child_first)
            .await
            .loaded
            .state,
        State::Committed
    );
    let orphan = "slug,name,parent_slug\nbay,Bay,coast\ncove,Cove,nowhere\n";
    let ended = bench.submit("regions/b.csv", orphan).await;
    assert_eq!(
        ended.places(),
        [(2, 3, 36, Some("parent_slug"), "references", Some("nowhere"))]
    );
    assert_eq!(bench.count("regions").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_changes_known_keys_and_adds_new_ones() {
    let mut bench = Bench::with_ports().await;
    let content = "code,name,parent_slug\nCNGGZ,Canton,coast\nESMPG,Marin,west\n";
    let ended = bench.submit("ports/b.csv", content).await;
    assert_eq!(
        (ended.loaded.state, ended.loaded.rows),
        (State::Committed, 2)
    );
    assert_eq!(bench.count("ports").await, 4);
    assert_eq!(
        bench
            .count("ports WHERE code = 'CNGGZ' AND name = 'Canton'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_may_go_back_to_how_things_were() {
    let mut bench = Bench::with_ports().await;
    let named = |name: &str| format!("code,name,parent_slug\nCNGGZ,{name},coast\n");
    let is_named = async |bench: &Bench, name: &str| {
        let row = format!("ports WHERE code = 'CNGGZ' AND name = '{name}'");
        bench.count(&row).await == 1
    };
    for (delivery, name) in ["Canton", "Guangzhou", "Canton"].into_iter().enumerate() {
        let key = format!("ports/{delivery}.csv");
        let ended = bench.submit(&key, named(name)).await;
        assert_eq!(ended.loaded.state, State::Committed, "delivery {delivery}");
        assert!(is_named(&bench, name).await, "delivery {delivery}");
    }
    // What the table shows already is a repetition.
    let again = bench.submit("ports/again.csv", named("Canton")).await;
    assert_eq!(again.loaded.state, State::Duplicate);
}

const TARIFFS: &str = r#"
name = "tariffs"
table = "tariffs"
description = "What a carrier charges, always as a whole."
mode = "snapshot"
key = ["code"]

[[columns]]
name = "code"
type = "text"
required = true

[[columns]]
name = "amount"
type = "decimal(12,4)"
required = true

[[columns]]
name = "extra"
type = "json"
"#;

fn tariffs() -> &'static Contract {
    Box::leak(Box::new(Contract::parse(TARIFFS).expect("a good contract")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_the_whole_new_content_and_an_empty_one_erases_nothing() {
    let mut bench = Bench::empty().await;
    let owner = bench.database.connect(Role::Owner).await;
    let table =
        "CREATE TABLE tariffs (code text PRIMARY KEY, amount numeric(12,4) NOT NULL, extra jsonb);
                 CREATE TABLE used (code text REFERENCES tariffs)";
    owner.batch_execute(table).await.expect("a table");

    let first = "code,amount,extra\na,1.5,\nb,-0.0003,\"{\"\"k\"\": [1]}\"\nc,12345678,\n";
    let ended = bench
        .submit_as(tariffs(), "tariffs/1.csv", first, Options::default())
        .await;
    assert_eq!(ended.loaded.state, State::Committed, "{:?}", ended.places());
    let second = "code,amount,extra\nb,2,\nd,9999.9999,\n";
    let ended = bench
        .submit_as(tariffs(), "tariffs/2.csv", second, Options::default())
        .await;
    assert_eq!(ended.loaded.state, State::Committed, "{:?}", ended.places());
    let rows = bench
        .session
        .query_one(
            "SELECT string_agg(code || '=' || amount, ' ' ORDER BY code) FROM tariffs",
            &[],
        )
        .await
        .expect("asked");
    assert_eq!(rows.get::<_, &str>(0), "b=2.0000 d=9999.9999");

    let empty = bench
        .submit_as(
            tariffs(),
            "tariffs/3.csv",
            "code,amount,extra\n",
            Options::default(),
        )
        .await;
    assert_eq!(
        (empty.loaded.state, empty.rules()),
        (State::Rejected, vec!["empty"])
    );
    assert_eq!(bench.count("tariffs").await, 2);

    owner
        .batch_execute("INSERT INTO used VALUES ('b')")
        .await
        .expect("a row");
    let without = bench
        .submit_as(
            tariffs(),
            "tariffs/4.csv",
            "code,amount\nd,1\n",
            Options::default(),
        )
        .await;
    assert_eq!(
        (without.loaded.state, without.rules()),
        (State::Rejected, vec!["references"])
    );
    assert_eq!(bench.count("tariffs").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn references_to_a_table_too_large_for_memory_are_reported_as_exactly() {
    let mut bench = Bench::with_ports().await;
    bench.settings.reference_cap = 1;
    let good = "orig_code,dest_code,day,price\nCNGGZ,EETLL,2021-01-01,5\n";
    assert_eq!(
        bench.submit("prices/good.csv", good).await.loaded.state,
        State::Committed
    );
    let bad = "orig_code,dest_code,day,price\nCNGGZ,EETLL,2021-01-01,5\nZZZZZ,EETLL,2021-01-01,0\nCNGGZ,YYYYY,2021-01-01,5\n";
    let ended = bench.submit("prices/bad.csv", bad).await;
    assert_eq!(
        (ended.loaded.state, ended.loaded.rejected),
        (State::Rejected, 2)
    );
    assert_eq!(
        ended.places(),
        [
            (2, 3, 55, Some("price"), "min", Some("0")),
            (2, 3, 55, Some("orig_code"), "references", Some("ZZZZZ")),
            (3, 4, 80, Some("dest_code"), "references", Some("YYYYY")),
        ]
    );
    assert_eq!(bench.count("prices").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_comes_late_does_not_replace_a_later_one() {
    let mut bench = Bench::empty().await;
    let owner = bench.database.connect(Role::Owner).await;
    let table =
        "CREATE TABLE tariffs (code text PRIMARY KEY, amount numeric(12,4) NOT NULL, extra jsonb)";
    owner.batch_execute(table).await.expect("a table");
    let held = bench.claim("tariffs/old.csv", Options::default()).await;
    let newer = bench
        .submit_as(
            tariffs(),
            "tariffs/new.csv",
            "code,amount\nnew,2\n",
            Options::default(),
        )
        .await;
    assert_eq!(newer.loaded.state, State::Committed);

    let old = loader::BytesSource::new("code,amount\nold,1\n");
    let loaded = bench.load(tariffs(), &held, &old).await.expect("a verdict");
    assert_eq!(loaded.state, State::Rejected);
    assert_eq!(bench.count("tariffs WHERE code = 'new'").await, 1);
}
