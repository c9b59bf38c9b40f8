//! Batches that are to be taken back: here, by a task, or not at all. The timeline says which.

use std::time::Duration;

use ledger::{Batch, BatchId, State};
use platform::messages::Control;
use testkit::{Role, committed_prices, hold_prices};

use crate::{World, created};

impl World {
    /// How many messages come again of the one by which a batch is undone.
    async fn undo(&mut self, batch: BatchId, within: Duration) -> usize {
        let by = "test".to_owned();
        let undo = Control::Undo { batch, by }.to_body();
        self.handle_within(&[undo], within).await
    }

    async fn of(&self, id: BatchId) -> Batch {
        let session = self.database.connect(Role::Loader).await;
        let found = ledger::find(&session, id).await.expect("an answer");
        found.expect("the batch is known")
    }
}

/// What the timeline says at its end.
fn said(batch: &Batch) -> &str {
    let last = batch.timeline.last().expect("an event");
    last.note.as_deref().unwrap_or_default()
}

/// Time enough for everything, and for nothing that is held up.
const MINUTE: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_batch_above_the_limit_is_left_to_a_job_which_the_timeline_names_once() {
    let mut world = World::new(&[]).await;
    let batch = committed_prices(&world.database, 3).await;
    let tasks = world.with_tasks(2);
    let before = world.of(batch).await.timeline.len();
    for _ in 0..2 {
        assert_eq!(world.undo(batch, MINUTE).await, 0);
        let found = world.of(batch).await;
        assert_eq!(found.state, State::Committed);
        assert_eq!(said(&found), "the undo is left to job 4711");
        assert_eq!(found.timeline.len(), before + 1);
    }
    assert_eq!(tasks.undone(), [batch, batch]);
}

#[tokio::test]
async fn a_batch_at_the_limit_is_undone_at_once() {
    let mut world = World::new(&[]).await;
    let batch = committed_prices(&world.database, 3).await;
    let tasks = world.with_tasks(3);
    assert_eq!(world.undo(batch, MINUTE).await, 0);
    let found = world.of(batch).await;
    assert_eq!(found.state, State::Undone);
    assert_eq!(said(&found), "3 rows taken out, asked for by test");
    // And once more, though it is above the limit now: nothing is left to do.
    world.intake.undo_rows = 0;
    assert_eq!(world.undo(batch, MINUTE).await, 0);
    assert_eq!(world.of(batch).await.timeline, found.timeline);
    assert!(tasks.undone().is_empty());
}

#[tokio::test]
async fn an_undo_that_takes_too_long_goes_on_as_a_job() {
    let mut world = World::new(&[]).await;
    let batch = committed_prices(&world.database, 3).await;
    let tasks = world.with_tasks(3);
    let mut other = world.database.connect(Role::Super).await;
    let _lock = hold_prices(&mut other).await;
    assert_eq!(world.undo(batch, SHORT).await, 0);
    assert_eq!(tasks.undone(), [batch]);
    // It can be said although the server has not noticed yet that nobody waits for it.
    assert_eq!(said(&world.of(batch).await), "the undo is left to job 4711");
}

#[tokio::test]
async fn without_a_task_lane_it_is_given_up_and_the_timeline_says_so() {
    let mut world = World::new(&[]).await;
    let batch = committed_prices(&world.database, 3).await;
    let mut other = world.database.connect(Role::Super).await;
    let lock = hold_prices(&mut other).await;
    assert_eq!(world.undo(batch, SHORT).await, 0);
    let found = world.of(batch).await;
    assert_eq!(found.state, State::Committed);
    let said = said(&found);
    assert!(said.contains("nothing was taken out"), "{said}");
    world.database.until_none_waits().await;
    lock.rollback().await.expect("let go");
    assert_eq!(world.undo(batch, MINUTE).await, 0);
    assert_eq!(world.of(batch).await.state, State::Undone);
}

#[tokio::test]
async fn what_may_not_be_undone_is_said_to_whoever_asked() {
    let mut world = World::new(&[]).await;
    assert_eq!(world.handle(&[created("nonsense/a.csv")]).await, 0);
    let batch = world.batch("nonsense/a.csv").await.id;
    assert_eq!(world.undo(batch, MINUTE).await, 0);
    let found = world.of(batch).await;
    assert_eq!(found.state, State::Rejected);
    assert_eq!(
        said(&found),
        "not undone, as test asked: this release does not know the dataset nonsense"
    );
}
