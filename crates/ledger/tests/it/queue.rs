//! Who waits, who is next, and who is stopped.

use std::time::Duration;

use ledger::{
    ATTEMPTS, Attempt, Batch, Beat, Cancel, Claim, ErrorKind, Held, Lane, NewBatch, Options,
    Problem, Progress, Session, State, enqueue,
};
use testkit::{Role, TestDatabase};

use crate::help::{LEASE, count, find, kill, new_batch, ports, wait_until};

/// A batch that waits in the function lane.
async fn waiting(session: &Session, dataset: &str, partner: &str) -> Batch {
    waits(session, &new_batch(dataset), partner).await
}

async fn waits(session: &Session, new: &NewBatch<'_>, partner: &str) -> Batch {
    let batch = ledger::receive(session, new).await.expect("received");
    assert!(
        enqueue(session, batch.id, Lane::Function, partner)
            .await
            .expect("queued")
    );
    batch
}

async fn next(session: &mut Session) -> Option<Held> {
    ledger::claim_next(session, Lane::Function, LEASE, "r1")
        .await
        .expect("an answer")
}

/// Claims who is next and ends it, as a quick load would.
async fn served(session: &mut Session) -> Option<ledger::BatchId> {
    let held = next(session).await?;
    let problem = Problem::new("internal", "Over");
    let outcome = ledger::Outcome::Failed { problem };
    assert!(
        ledger::settle(session, &held, outcome)
            .await
            .expect("settled")
    );
    ledger::release_claim(session, &held)
        .await
        .expect("released");
    Some(held.id)
}

async fn interrupt(
    session: &mut Session,
    held: &Held,
    pause: Duration,
    lane: Option<Lane>,
) -> bool {
    let problem = Problem::new(Problem::INTERRUPTED, "The load was interrupted");
    let again = ledger::postpone(session, held, problem, pause, lane)
        .await
        .expect("an answer");
    ledger::release_claim(session, held)
        .await
        .expect("released");
    again.expect("it is ours")
}

#[tokio::test]
async fn whoever_has_a_thousand_files_does_not_keep_another_waiting() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let mut many = Vec::new();
    for _ in 0..20 {
        many.push(waiting(&session, "prices", "big").await.id);
    }
    let first = waiting(&session, "prices", "small").await.id;
    let second = waiting(&session, "prices", "small").await.id;
    let other = waiting(&session, "ports", "big").await.id;
    let mut order = Vec::new();
    while let Some(id) = served(&mut session).await {
        order.push(id);
    }
    assert_eq!(order.len(), 23);
    for (id, by) in [(first, 3), (other, 3), (second, 6)] {
        let place = order.iter().position(|one| *one == id).expect("served");
        assert!(place < by, "served as number {place}");
    }
    // Each partner's own come in the order in which they arrived.
    let own: Vec<_> = order.into_iter().filter(|id| many.contains(id)).collect();
    assert_eq!(own, many);
}

#[tokio::test]
async fn whoever_has_fewer_loads_running_goes_first() {
    let database = testkit::database().await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(database.connect(Role::Loader).await);
    }
    for _ in 0..4 {
        waiting(&sessions[0], "prices", "big").await;
    }
    let mut running = Vec::new();
    for session in &mut sessions[..2] {
        running.push(next(session).await.expect("held"));
    }
    let small = waiting(&sessions[2], "prices", "small").await.id;
    let smaller = waiting(&sessions[2], "prices", "small").await.id;
    // One running against two: `small` again, though it was served a moment ago.
    assert_eq!(next(&mut sessions[2]).await.expect("held").id, small);
    assert_eq!(next(&mut sessions[3]).await.expect("held").id, smaller);
}

#[tokio::test]
async fn what_is_urgent_goes_before_all_others() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    for _ in 0..3 {
        waiting(&session, "ports", "a").await;
    }
    let mut new = new_batch("prices");
    new.options = Options {
        urgent: true,
        ..Options::default()
    };
    let urgent = waits(&session, &new, "z").await;
    assert_eq!(served(&mut session).await, Some(urgent.id));
}

#[tokio::test]
async fn of_many_loaders_each_takes_another_batch() {
    let database = testkit::database().await;
    let session = database.connect(Role::Loader).await;
    for _ in 0..12 {
        waiting(&session, "prices", "big").await;
    }
    let mut loaders = Vec::new();
    for _ in 0..6 {
        let mut session = database.connect(Role::Loader).await;
        loaders.push(tokio::spawn(async move {
            let mut taken = Vec::new();
            while let Some(id) = served(&mut session).await {
                taken.push(id);
            }
            taken
        }));
    }
    let mut taken = Vec::new();
    for loader in loaders {
        taken.extend(loader.await.expect("no panic"));
    }
    taken.sort_unstable_by_key(ToString::to_string);
    taken.dedup();
    assert_eq!(taken.len(), 12);
    assert_eq!(
        count(&session, "SELECT count(*) FROM waybill.queue").await,
        0
    );
    assert_eq!(
        count(&session, "SELECT max(attempt)::bigint FROM waybill.batches").await,
        1
    );
}

#[tokio::test]
async fn an_event_that_comes_again_queues_nothing_twice_and_nothing_that_is_begun() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let batch = waiting(&session, "prices", "a").await;
    assert!(
        enqueue(&session, batch.id, Lane::Task, "b")
            .await
            .expect("an answer")
    );
    assert_eq!(find(&session, batch.id).await.lane, Lane::Function);
    assert!(served(&mut session).await.is_some());
    assert!(
        !enqueue(&session, batch.id, Lane::Function, "a")
            .await
            .expect("an answer")
    );
    assert!(next(&mut session).await.is_none());
}

#[tokio::test]
async fn an_interrupted_batch_waits_until_it_is_due_and_can_change_its_lane() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let batch = waiting(&session, "prices", "a").await;
    let held = next(&mut session).await.expect("held");
    assert!(interrupt(&mut session, &held, Duration::from_secs(600), None).await);
    assert_eq!(find(&session, batch.id).await.state, State::Failed);
    assert!(next(&mut session).await.is_none());
    // Somebody asks for it now.
    assert!(
        ledger::requeue(&session, batch.id)
            .await
            .expect("an answer")
    );
    let held = next(&mut session).await.expect("held");
    assert_eq!(held.attempt, Attempt(2));
    assert!(interrupt(&mut session, &held, Duration::ZERO, Some(Lane::Task)).await);
    assert!(next(&mut session).await.is_none());
    let overdue = ledger::overdue(&session, Lane::Task, Duration::ZERO)
        .await
        .expect("an answer");
    assert_eq!(overdue, [batch.id]);
    let task = ledger::claim_next(&mut session, Lane::Task, LEASE, "r1")
        .await
        .expect("an answer");
    assert_eq!(task.expect("held").id, batch.id);
}

#[tokio::test]
async fn a_killed_loaders_batch_comes_before_those_that_wait() {
    let database = testkit::database().await;
    let mut first = database.connect(Role::Loader).await;
    let mut second = database.connect(Role::Loader).await;
    let batch = waiting(&second, "prices", "a").await;
    // Its last beat was long ago, and its lease is long.
    let held = next(&mut first).await.expect("held");
    second
        .execute(
            "UPDATE waybill.batches SET lease_until = lease_until - interval '10 s'",
            &[],
        )
        .await
        .expect("aged");
    waiting(&second, "prices", "b").await;
    let other = next(&mut second).await.expect("held");
    assert_ne!(other.id, batch.id, "its loader lives");
    ledger::release_claim(&second, &other)
        .await
        .expect("released");
    kill(&database, first).await;
    let again = next(&mut second).await.expect("held");
    assert_eq!((again.id, again.attempt), (held.id, Attempt(2)));
}

#[tokio::test]
async fn a_batch_that_kills_its_loaders_is_given_up() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let batch = waiting(&session, "prices", "a").await;
    let held = next(&mut session).await.expect("held");
    session
        .execute("UPDATE waybill.batches SET attempt = $1", &[&ATTEMPTS])
        .await
        .expect("aged");
    let last = Held {
        attempt: Attempt(ATTEMPTS),
        ..held
    };
    assert!(!interrupt(&mut session, &last, Duration::ZERO, None).await);
    let found = find(&session, batch.id).await;
    assert_eq!(found.state, State::Failed);
    assert!(found.error.expect("a reason").is("given-up"));
    assert!(next(&mut session).await.is_none());
}

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
    // Its event comes once more.
    assert!(
        !enqueue(&session, batch.id, Lane::Function, "a")
            .await
            .expect("an answer")
    );
    let twice = ledger::cancel(&api, batch.id, "ops")
        .await
        .expect_err("it is cancelled");
    assert_eq!(twice.kind(), ErrorKind::Conflict);
    assert!(
        ledger::requeue(&session, batch.id)
            .await
            .expect("an answer")
    );
    assert_eq!(next(&mut session).await.expect("held").id, batch.id);
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
    let claim = ledger::claim(&mut second, batch.id, LEASE, "r1")
        .await
        .expect("an answer");
    let Claim::Settled(found) = claim else {
        panic!("{claim:?}");
    };
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
