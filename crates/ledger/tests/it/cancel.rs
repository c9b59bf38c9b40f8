//! Who is stopped: while it waits, while it is loaded, and in between.

use std::time::Duration;

use ledger::{Beat, Cancel, ErrorKind, Lane, Postponed, Problem, Progress, State, enqueue};
use testkit::{Role, TestDatabase};

use crate::help::{LEASE, find, kill, ports, wait_until};
use crate::queue::{interrupt, next, requeue, served, settled, waiting};

#[tokio::test]
async fn a_batch_that_waits_is_cancelled_at_once_and_a_replay_loads_it_after_all() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let api = database.connect(Role::Api).await;
    let batch = waiting(&session, "prices", "a").await;
    assert_eq!(
        ledger::cancel(&api, batch.id, "ops")
            .await
            .expect("cancelled"),
        Cancel::Done
    );
    let found = find(&session, batch.id).await;
    assert_eq!(found.state, State::Failed);
    assert!(
        found
            .error
            .as_ref()
            .is_some_and(|problem| problem.is(Problem::CANCELLED))
    );
    assert!(found.is_over());
    assert!(next(&mut session).await.is_none());
    // A job was started for it, and begins only now.
    settled(&mut session, batch.id).await;
    // Its event comes once more.
    let lane = enqueue(&session, batch.id, Lane::Function, "a").await;
    assert_eq!(lane.expect("an answer"), None);
    let twice = ledger::cancel(&api, batch.id, "ops")
        .await
        .expect_err("it is cancelled");
    assert_eq!(twice.kind(), ErrorKind::Conflict);
    for by_id in [true, false] {
        requeue(&session, batch.id).await;
        let held = if by_id {
            crate::help::claimed(&mut session, batch.id, LEASE).await
        } else {
            next(&mut session).await.expect("held")
        };
        assert_eq!(held.id, batch.id);
        let postponed = interrupt(&mut session, &held, Duration::ZERO, None).await;
        assert_eq!(postponed, Postponed::Waits);
    }
}

#[tokio::test]
async fn a_loader_that_is_interrupted_before_its_next_beat_cancels_all_the_same() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let batch = waiting(&session, "prices", "a").await;
    let held = next(&mut session).await.expect("held");
    ledger::cancel(&session, batch.id, "ops")
        .await
        .expect("asked");
    let postponed = interrupt(&mut session, &held, Duration::ZERO, None).await;
    assert_eq!(postponed, Postponed::Cancelled);
    let found = find(&session, batch.id).await;
    assert!(found.error.expect("a reason").is(Problem::CANCELLED));
    assert!(next(&mut session).await.is_none());
}

#[tokio::test]
async fn a_loader_is_told_to_stop_by_its_next_beat() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let api = database.connect(Role::Api).await;
    let batch = waiting(&session, "prices", "a").await;
    let held = next(&mut session).await.expect("held");
    assert_eq!(
        ledger::cancel(&api, batch.id, "ops").await.expect("asked"),
        Cancel::Asked
    );
    let beat = ledger::beat(&session, &held, LEASE, Progress::default()).await;
    assert_eq!(beat.expect("an answer"), Beat::Cancelled);
    assert!(
        ledger::cancelled(&mut session, &held)
            .await
            .expect("an answer")
    );
    let found = find(&session, batch.id).await;
    assert_eq!(found.state, State::Failed);
    assert_eq!(
        found.timeline.last().expect("an event").note.as_deref(),
        Some("cancelled by ops")
    );
}

#[tokio::test]
async fn a_batch_whose_loader_died_before_it_could_stop_is_cancelled_by_the_next() {
    let database = testkit::database().await;
    let mut first = database.connect(Role::Loader).await;
    let mut second = database.connect(Role::Loader).await;
    let batch = waiting(&second, "prices", "a").await;
    next(&mut first).await.expect("held");
    ledger::cancel(&second, batch.id, "ops")
        .await
        .expect("asked");
    kill(&database, first).await;
    let found = settled(&mut second, batch.id).await;
    assert!(found.error.expect("a reason").is(Problem::CANCELLED));
}

#[tokio::test]
async fn what_is_over_cannot_be_cancelled() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    waiting(&session, "prices", "a").await;
    let held = next(&mut session).await.expect("held");
    crate::help::load(&mut session, &held, 1).await;
    let error = ledger::cancel(&session, held.id, "ops")
        .await
        .expect_err("committed");
    assert_eq!(
        error.context(),
        "the batch is committed already: undo it instead"
    );
    let unknown = ledger::cancel(&session, ledger::BatchId::fresh(), "ops").await;
    assert_eq!(unknown.expect_err("unknown").kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn cancelling_and_claiming_at_once_never_block_each_other_for_good() {
    let database: TestDatabase = testkit::database().await;
    let session = database.connect(Role::Loader).await;
    let mut batches = Vec::new();
    for _ in 0..40 {
        batches.push(waiting(&session, "prices", "a").await.id);
    }
    let mut loader = database.connect(Role::Loader).await;
    let claiming = tokio::spawn(async move {
        let mut taken = 0;
        while served(&mut loader).await.is_some() {
            taken += 1;
        }
        taken
    });
    let api = database.connect(Role::Api).await;
    let mut cancelled = 0;
    for id in batches.into_iter().rev() {
        match ledger::cancel(&api, id, "ops").await {
            Ok(Cancel::Done) => cancelled += 1,
            Ok(Cancel::Asked) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
        }
    }
    let taken: i32 = claiming.await.expect("no panic");
    assert!(taken + cancelled >= 40, "{taken} + {cancelled}");
    wait_until(&database, "SELECT NOT EXISTS (SELECT FROM waybill.queue)").await;
}

#[tokio::test]
async fn a_replay_can_be_cancelled_before_anybody_was_told_of_it() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let api = database.connect(Role::Api).await;
    let batch = waiting(&session, "prices", "a").await;
    served(&mut session).await.expect("it failed");
    ledger::replay(&api, batch.id, "ops").await.expect("asked");
    assert!(find(&api, batch.id).await.waits);
    let cancelled = ledger::cancel(&api, batch.id, "ops").await;
    assert_eq!(cancelled.expect("cancelled"), Cancel::Done);
    assert!(next(&mut session).await.is_none());
}
