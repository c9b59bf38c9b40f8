//! Target tables in partitions: prices by month, as `docs/examples/prices-by-month.sql` makes them of what ships, and a
//! table with a key.

mod support;

use contract::Contract;
use ledger::{Batch, Options, State};
use support::{Bench, Ended, HEADER, ROWS, unsorted};
use testkit::Role;

const BY_MONTH: &str = include_str!("../../../docs/examples/prices-by-month.sql");

/// A bench whose prices lie in one partition until January 2021 and then in one for each month of a year.
async fn by_month(bench: Bench) -> Bench {
    let shipped = "'2027-01-01'";
    assert!(BY_MONTH.contains(shipped), "the example has another month");
    owner(&bench, &BY_MONTH.replace(shipped, "'2021-02-01'")).await;
    bench
}

async fn owner(bench: &Bench, sql: &str) {
    let owner = bench.database.connect(Role::Owner).await;
    owner.batch_execute(sql).await.expect("the owner may");
}

async fn partitions(bench: &Bench, table: &str) -> Vec<String> {
    let sql =
        "SELECT relid::text FROM pg_partition_tree($1::text::regclass) WHERE isleaf ORDER BY 1";
    let rows = bench.session.query(sql, &[&table]).await.expect("asked");
    rows.iter().map(|row| row.get(0)).collect()
}

fn committed(ended: &Ended) -> (State, u64) {
    assert!(ended.batch.error.is_none(), "{:?}", ended.batch.error);
    (ended.loaded.state, ended.loaded.rows)
}

fn detail(batch: &Batch) -> &str {
    let problem = batch.error.as_ref().expect("a problem");
    assert!(problem.is("no-partition"), "{problem:?}");
    problem.detail.as_deref().expect("a detail")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_over_a_year_lies_in_every_month_in_the_order_of_the_index() {
    let mut bench = by_month(Bench::with_small_runs().await).await;
    let ended = bench.submit("prices/unsorted.csv", unsorted(ROWS)).await;
    assert_eq!(committed(&ended), (State::Committed, ROWS as u64));
    let sum = "SELECT sum(price)::bigint FROM prices";
    let sum: i64 = bench
        .session
        .query_one(sum, &[])
        .await
        .expect("asked")
        .get(0);
    assert_eq!(sum, (ROWS * (ROWS + 1) / 2) as i64);

    let months = partitions(&bench, "prices").await;
    assert_eq!(months.len(), 13);
    for month in &months[..11] {
        assert!(bench.count(month).await > 1000, "{month} has too few rows");
        let descents = format!(
            "(SELECT (orig_code, dest_code, day) < lag((orig_code, dest_code, day)) OVER (ORDER BY ctid) AS down
              FROM {month}) places WHERE down"
        );
        assert_eq!(bench.count(&descents).await, 0, "{month} is not in order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contracts_fit_it_and_foreign_keys_are_still_checked_once_a_value() {
    let bench = by_month(Bench::with_ports().await).await;
    ledger::migrate::verify(&bench.session, contract::shipped())
        .await
        .expect("the contracts fit");
    let shape = ledger::target::shape(&bench.session, "prices")
        .await
        .expect("a table");
    assert_eq!(shape.widest_index, ["orig_code", "dest_code", "day"]);
    // With anything more the server would check row by row.
    assert_eq!(shape.foreign_keys.len(), 2, "{:?}", shape.foreign_keys);
    assert_eq!(shape.hidden, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_a_partition_fail_the_batch_at_once_and_say_which() {
    let mut bench = by_month(Bench::with_ports().await).await;
    let content = format!("{HEADER}CNGGZ,EETLL,2021-03-01,1\nCNGGZ,EETLL,2022-03-01,2\n");
    // With the keys in memory, and checked by the server row by row.
    for cap in [bench.settings.reference_cap, 0] {
        bench.settings.reference_cap = cap;
        let ended = bench.submit("prices/late.csv", content.clone()).await;
        assert_eq!(ended.loaded.state, State::Failed);
        let said = detail(&ended.batch);
        assert!(said.contains("prices"), "{said}");
        assert!(said.contains("(day) = (2022-03-01);"), "{said}");
        assert_eq!(bench.count("prices").await, 0);
    }
    owner(&bench, "SELECT waybill.add_prices_month('2022-03-01')").await;
    let ended = bench.submit("prices/late.csv", content).await;
    assert_eq!(committed(&ended), (State::Committed, 2));
    assert_eq!(bench.count("prices_2022_03").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_added_beside_open_loads_and_reads() {
    let bench = by_month(Bench::with_ports().await).await;
    let row = "INSERT INTO prices VALUES ('CNGGZ', 'EETLL', '2021-03-01', 1, 1)";
    let load = format!("BEGIN; {row}");
    let load = bench.session.batch_execute(&load);
    load.await.expect("a load is open");
    let owner = bench.database.connect(Role::Owner).await;
    let month =
        "BEGIN; SET LOCAL lock_timeout = '10s'; SELECT waybill.add_prices_month('2022-02-01')";
    owner
        .batch_execute(month)
        .await
        .expect("no load is waited for");

    let other = format!("SET lock_timeout = '10s'; SELECT count(*) FROM prices; {row}");
    let other = bench.ledger.batch_execute(&other);
    other
        .await
        .expect("a month that is being added is not waited for");
    owner.batch_execute("COMMIT").await.expect("added");
    bench.session.batch_execute("COMMIT").await.expect("loaded");
    assert_eq!(bench.count("prices").await, 2);
    assert!(
        partitions(&bench, "prices")
            .await
            .contains(&"prices_2022_02".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_undone_in_every_partition_and_so_is_one_from_before() {
    let mut bench = Bench::with_small_runs().await;
    let content = format!("{HEADER}CNGGZ,EETLL,2021-01-01,1\nEETLL,CNGGZ,2021-01-02,2\n");
    let before = bench.submit("prices/before.csv", content).await;
    let mut bench = by_month(bench).await;
    let over = bench.submit("prices/over.csv", unsorted(ROWS)).await;
    assert_eq!(committed(&over), (State::Committed, ROWS as u64));

    let undone = ledger::undo(&mut bench.session, over.batch.id, "test").await;
    assert_eq!(undone.expect("undone").rows, ROWS as u64);
    assert_eq!(bench.count("prices").await, 2);
    let undone = ledger::undo(&mut bench.session, before.batch.id, "test").await;
    assert_eq!(undone.expect("undone").rows, 2);
    assert_eq!(bench.count("prices").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_port_is_reported_and_a_port_in_use_stays() {
    let mut bench = by_month(Bench::with_ports().await).await;
    let content = format!("{HEADER}CNGGZ,EETLL,2021-03-01,1\nCNGGZ,NOPRT,2021-04-01,2\n");
    for cap in [bench.settings.reference_cap, 0] {
        bench.settings.reference_cap = cap;
        let ended = bench.submit("prices/bad.csv", content.clone()).await;
        let place = (2, 3, 55, Some("dest_code"), "references", Some("NOPRT"));
        assert_eq!(ended.places(), [place], "with {cap} keys in memory");
        assert_eq!(bench.count("prices").await, 0);
    }
    let good = content.replace("NOPRT", "DEHAM");
    let ended = bench.submit("prices/good.csv", good).await;
    assert_eq!(committed(&ended), (State::Committed, 2));
    let owner = bench.database.connect(Role::Owner).await;
    let gone = owner
        .batch_execute("DELETE FROM ports WHERE code = 'DEHAM'")
        .await;
    let refused = gone.expect_err("a price refers to it");
    assert_eq!(refused.code().map(|code| code.code()), Some("23503"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_partition_has_by_itself_is_not_switched_off_with_the_foreign_keys() {
    let mut bench = by_month(Bench::with_ports().await).await;
    let trigger = "CREATE FUNCTION public.dear() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN new.price := 1000; RETURN new; END $$;
         CREATE TRIGGER dear BEFORE INSERT ON prices_2021_03 FOR EACH ROW EXECUTE FUNCTION public.dear()";
    owner(&bench, trigger).await;
    let content = format!("{HEADER}CNGGZ,EETLL,2021-02-01,1\nCNGGZ,EETLL,2021-03-01,2\n");
    let ended = bench.submit("prices/a.csv", content).await;
    assert_eq!(committed(&ended), (State::Committed, 2));
    assert_eq!(bench.count("prices WHERE price = 1000").await, 1);

    let misfits = ledger::migrate::verify(&bench.session, contract::shipped()).await;
    let misfits = misfits
        .expect_err("a trigger is in the way")
        .context()
        .to_owned();
    assert!(
        misfits.contains("trigger dear of its partition prices_2021_03"),
        "{misfits}"
    );
}

fn quotes(mode: &str) -> &'static Contract {
    let text = format!(
        r#"
name = "quotes"
table = "quotes"
mode = "{mode}"
key = ["code", "day"]

[[columns]]
name = "code"
type = "text"
required = true

[[columns]]
name = "day"
type = "date"
required = true

[[columns]]
name = "price"
type = "integer"
"#
    );
    Box::leak(Box::new(Contract::parse(&text).expect("a good contract")))
}

#[tokio::test(flavor = "multi_thread")]
async fn upserts_and_snapshots_reach_their_partitions_or_say_which_is_missing() {
    let mut bench = Bench::empty().await;
    let table = "CREATE TABLE quotes (code text, day date, price integer, PRIMARY KEY (code, day)) PARTITION BY RANGE (day);
         CREATE TABLE quotes_1 PARTITION OF quotes FOR VALUES FROM ('2021-01-01') TO ('2021-02-01');
         CREATE TABLE quotes_2 PARTITION OF quotes FOR VALUES FROM ('2021-02-01') TO ('2021-03-01')";
    owner(&bench, table).await;
    let head = "code,day,price\n";
    let submitted = [
        (
            "upsert",
            "a,2021-01-05,1\nb,2021-02-05,2\n",
            [(1_i64, 1_i64), (1, 2)],
        ),
        (
            "upsert",
            "b,2021-02-05,3\nc,2021-01-06,4\n",
            [(2, 5), (1, 3)],
        ),
        (
            "snapshot",
            "b,2021-02-05,6\nd,2021-02-06,7\n",
            [(0, 0), (2, 13)],
        ),
    ];
    for (number, (mode, rows, left)) in submitted.into_iter().enumerate() {
        let key = format!("quotes/{number}.csv");
        let ended = bench
            .submit_as(
                quotes(mode),
                &key,
                format!("{head}{rows}"),
                Options::default(),
            )
            .await;
        assert_eq!(committed(&ended), (State::Committed, 2));
        for (partition, (count, sum)) in ["quotes_1", "quotes_2"].into_iter().zip(left) {
            let sql = format!("SELECT count(*), coalesce(sum(price), 0)::bigint FROM {partition}");
            let row = bench.session.query_one(&sql, &[]).await.expect("asked");
            assert_eq!(
                (row.get(0), row.get(1)),
                (count, sum),
                "{partition} after {key}"
            );
        }
    }
    for mode in ["upsert", "snapshot"] {
        let key = format!("quotes/{mode}.csv");
        let content = format!("{head}e,2021-02-07,1\ne,2021-03-07,2\n");
        let ended = bench
            .submit_as(quotes(mode), &key, content, Options::default())
            .await;
        assert_eq!(ended.loaded.state, State::Failed);
        let said = detail(&ended.batch);
        assert!(said.contains("(day) = (2021-03-07);"), "{said}");
        assert_eq!(bench.count("quotes").await, 2);
    }
}
