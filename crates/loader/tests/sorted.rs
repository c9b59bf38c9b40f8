//! Batches of more than one sorted run: whole, in the order of the index, and never in the table before
//! they are known to be good.

mod support;

use ledger::{Options, State};
use support::{Bench, ROWS, unsorted};

/// How often a row stands behind a greater one, in the order in which they lie in the table.
const DESCENTS: &str = "(SELECT (orig_code, dest_code, day) < lag((orig_code, dest_code, day)) OVER (ORDER BY ctid) AS down
    FROM prices) places WHERE down";

async fn commit_all(bench: &mut Bench) -> i64 {
    let ended = bench.submit("prices/unsorted.csv", unsorted(ROWS)).await;
    assert_eq!(
        (ended.loaded.state, ended.loaded.rows),
        (State::Committed, ROWS as u64),
        "{:?}",
        ended.batch.error
    );
    let sums = "SELECT count(*), sum(price)::bigint, count(DISTINCT price) FROM prices";
    let sums = bench.session.query_one(sums, &[]).await.expect("asked");
    let rows = ROWS as i64;
    assert_eq!(
        (sums.get(0), sums.get(1), sums.get(2)),
        (rows, rows * (rows + 1) / 2, rows)
    );
    bench.count(DESCENTS).await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_runs_meet_the_index_in_one_ascending_pass() {
    let mut bench = Bench::with_small_runs().await;
    let folder = tempfile::tempdir().expect("a folder");
    bench.settings.scratch.folder = folder.path().to_owned();
    assert_eq!(commit_all(&mut bench).await, 0);
    let left = std::fs::read_dir(folder.path()).expect("listed").count();
    assert_eq!(left, 0, "files are left in the scratch folder");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_scratch_makes_a_few_passes_and_no_scratch_one_for_each_run() {
    let mut bench = Bench::with_small_runs().await;
    bench.settings.scratch.bytes = 512 << 10;
    let few = commit_all(&mut bench).await;
    assert!((1..=4).contains(&few), "{few} descents");

    let mut bench = Bench::with_small_runs().await;
    bench.settings.scratch.bytes = 0;
    let many = commit_all(&mut bench).await;
    assert!((12..=25).contains(&many), "{many} descents");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scratch_folder_that_refuses_costs_time_and_no_batch() {
    let mut bench = Bench::with_small_runs().await;
    bench.settings.scratch.folder = "/nowhere/at/all".into();
    let many = commit_all(&mut bench).await;
    assert!((12..=25).contains(&many), "{many} descents");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_wrong_at_its_end_never_reaches_the_table() {
    let mut bench = Bench::with_small_runs().await;
    let content = unsorted(ROWS);
    let bad_row = format!("{content}CNGGZ,EETLL,2021-02-30,1\n");
    let cut_off = format!("{content}\"CNGGZ,EETLL,2021-01-01,1\n");
    let more = Options {
        expect_rows: Some(ROWS as u64 + 1),
        ..Options::default()
    };
    for (name, content, options) in [
        ("bad-row", bad_row, Options::default()),
        ("cut-off", cut_off, Options::default()),
        ("one-too-few", content, more),
    ] {
        let key = format!("prices/{name}.csv");
        let ended = bench.submit_with(&key, content, options).await;
        assert_eq!(ended.loaded.state, State::Rejected, "{name}");
        // Rows that were rolled back would still take their space.
        let bytes: i64 = bench
            .session
            .query_one("SELECT pg_relation_size('prices')", &[])
            .await
            .expect("asked")
            .get(0);
        assert_eq!(bytes, 0, "{name} left something behind");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_not_locked_while_the_batch_is_only_read() {
    let mut bench = Bench::with_small_runs().await;
    // Whoever changes the table meanwhile does not wait, and the load takes notice.
    let owner = bench.database.connect(testkit::Role::Owner).await;
    let blocker = owner.batch_execute("BEGIN; LOCK TABLE prices IN ACCESS EXCLUSIVE MODE");
    blocker.await.expect("locked");
    let bad = format!("{}CNGGZ,EETLL,2021-02-30,1\n", unsorted(ROWS));
    let ended = bench.submit("prices/bad.csv", bad).await;
    assert_eq!(ended.loaded.state, State::Rejected);
    owner.batch_execute("ROLLBACK").await.expect("unlocked");
}
