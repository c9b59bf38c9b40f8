//! Taking a batch out looks where its rows were put, and finds them wherever they are.

mod support;

use ledger::{BatchId, State};
use support::{Bench, unsorted};
use testkit::Role;

const ROWS: usize = 20_000;

/// Loads that many prices as one batch; each `salt` is another content.
async fn loaded(bench: &mut Bench, salt: usize) -> BatchId {
    let key = format!("prices/{salt}.csv");
    let content = unsorted(ROWS + salt);
    let ended = bench.submit(&key, content).await;
    assert_eq!(ended.loaded.state, State::Committed);
    ended.batch.id
}

async fn undone(bench: &mut Bench, id: BatchId) -> u64 {
    let undone = ledger::undo(&mut bench.session, id, "test").await;
    undone.expect("undone").rows
}

/// How often the whole table was read.
async fn whole_readings(bench: &Bench) -> i64 {
    bench
        .session
        .batch_execute("SELECT pg_stat_force_next_flush()")
        .await
        .expect("told");
    let watcher = bench.database.connect(Role::Super).await;
    watcher
        .query_one(
            "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'prices'",
            &[],
        )
        .await
        .expect("a count")
        .get(0)
}

async fn owner(bench: &Bench, sql: &str) {
    let owner = bench.database.connect(Role::Owner).await;
    owner.batch_execute(sql).await.expect("the owner may");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_taken_out_of_the_pages_that_it_brought() {
    let mut bench = Bench::with_ports().await;
    let mut batches = Vec::new();
    for salt in 1..=3 {
        batches.push(loaded(&mut bench, salt).await);
    }
    let before = whole_readings(&bench).await;
    assert_eq!(undone(&mut bench, batches[1]).await, ROWS as u64 + 2);
    assert_eq!(whole_readings(&bench).await, before);
    assert_eq!(bench.count("prices").await, 2 * ROWS as i64 + 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_filled_free_pages_or_were_moved_are_taken_out_as_well() {
    let mut bench = Bench::with_ports().await;
    let first = loaded(&mut bench, 1).await;
    let second = loaded(&mut bench, 2).await;
    assert_eq!(undone(&mut bench, first).await, ROWS as u64 + 1);
    owner(&bench, "VACUUM prices").await;
    let third = loaded(&mut bench, 3).await;
    assert_eq!(undone(&mut bench, third).await, ROWS as u64 + 3);
    let fourth = loaded(&mut bench, 4).await;
    owner(&bench, "VACUUM FULL prices").await;
    assert_eq!(undone(&mut bench, second).await, ROWS as u64 + 2);
    assert_eq!(undone(&mut bench, fourth).await, ROWS as u64 + 4);
    assert_eq!(bench.count("prices").await, 0);
}
