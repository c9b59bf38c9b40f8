//! Who waits, and who is next.

use std::time::Duration;

use ledger::{
    ATTEMPTS, Attempt, Batch, BatchId, Claim, Held, Lane, NewBatch, Options, Postponed, Problem,
    Session, State, enqueue,
};
use testkit::Role;

use crate::help::{LEASE, count, find, kill, new_batch};

/// A batch that waits in the function lane.
pub(crate) async fn waiting(session: &Session, dataset: &str, partner: &str) -> Batch {
    waits(session, &new_batch(dataset), partner).await
}

async fn waits(session: &Session, new: &NewBatch<'_>, partner: &str) -> Batch {
    let batch = ledger::receive(session, new).await.expect("received");
    let lane = enqueue(session, batch.id, Lane::Function, partner).await;
    assert_eq!(lane.expect("queued"), Some(Lane::Function));
    batch
}

pub(crate) async fn next(session: &mut Session) -> Option<Held> {
    ledger::claim_next(session, Lane::Function, LEASE, "r1")
        .await
        .expect("an answer")
}

/// Claims who is next and ends it, as a quick load would.
pub(crate) async fn served(session: &mut Session) -> Option<ledger::BatchId> {
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

pub(crate) async fn interrupt(
    session: &mut Session,
    held: &Held,
    pause: Duration,
    lane: Option<Lane>,
) -> Postponed {
    let problem = Problem::new(Problem::INTERRUPTED, "The load was interrupted");
    let postponed = ledger::postpone(session, held, problem, pause, lane)
        .await
        .expect("an answer");
    ledger::release_claim(session, held)
        .await
        .expect("released");
    postponed
}

/// Claims one that nobody may load any more.
pub(crate) async fn settled(session: &mut Session, id: BatchId) -> Batch {
    let claim = ledger::claim(session, id, LEASE, "r1")
        .await
        .expect("an answer");
    match claim {
        Claim::Settled(found) => *found,
        other => panic!("not settled: {other:?}"),
    }
}

pub(crate) async fn requeue(session: &Session, id: BatchId) {
    let waits = ledger::requeue(session, id).await;
    assert!(waits.expect("an answer"));
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
    let lane = enqueue(&session, batch.id, Lane::Task, "b").await;
    assert_eq!(
        lane.expect("an answer"),
        Some(Lane::Function),
        "where it waits"
    );
    assert_eq!(find(&session, batch.id).await.lane, Lane::Function);
    assert!(served(&mut session).await.is_some());
    let lane = enqueue(&session, batch.id, Lane::Function, "a").await;
    assert_eq!(lane.expect("an answer"), None);
    assert!(next(&mut session).await.is_none());
}

#[tokio::test]
async fn a_batch_that_was_given_up_and_arrives_after_all_waits() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let api = database.connect(Role::Api).await;
    let batch = ledger::receive(&api, &new_batch("prices"))
        .await
        .expect("received");
    let problem = Problem::new("content-not-stored", "The content could not be stored");
    assert!(
        ledger::withdraw(&api, batch.id, &problem)
            .await
            .expect("withdrawn")
    );
    let lane = enqueue(&api, batch.id, Lane::Function, "a").await;
    assert_eq!(lane.expect("an answer"), Some(Lane::Function));
    assert_eq!(next(&mut session).await.expect("held").id, batch.id);
}

#[tokio::test]
async fn only_a_batch_that_waits_or_was_left_behind_leaves_its_lane() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let batch = waiting(&session, "prices", "a").await;
    let held = next(&mut session).await.expect("held");
    let (here, there) = (Lane::Function, Lane::Task);
    let moved = ledger::change_lane(&session, batch.id, here, there).await;
    assert!(!moved.expect("an answer"), "its loader is at work");
    session
        .execute(
            "UPDATE waybill.batches SET lease_until = clock_timestamp() - interval '1 minute' WHERE number = $1",
            &[&held.number.0],
        )
        .await
        .expect("silent for long");
    let moved = ledger::change_lane(&session, batch.id, there, here).await;
    assert!(!moved.expect("an answer"), "it is in no such lane");
    let moved = ledger::change_lane(&session, batch.id, here, there).await;
    assert!(moved.expect("an answer"));
    let held = ledger::claim(&mut session, batch.id, LEASE, "r1").await;
    assert!(matches!(held, Ok(ledger::Claim::Held(_))));
    assert_eq!(find(&session, batch.id).await.lane, there);
}

#[tokio::test]
async fn an_interrupted_batch_waits_until_it_is_due_and_can_change_its_lane() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let batch = waiting(&session, "prices", "a").await;
    let held = next(&mut session).await.expect("held");
    let later = interrupt(&mut session, &held, Duration::from_secs(600), None).await;
    assert_eq!(later, Postponed::Waits);
    assert_eq!(find(&session, batch.id).await.state, State::Failed);
    assert!(next(&mut session).await.is_none());
    // Somebody asks for it now.
    requeue(&session, batch.id).await;
    let held = next(&mut session).await.expect("held");
    assert_eq!(held.attempt, Attempt(2));
    let moved = interrupt(&mut session, &held, Duration::ZERO, Some(Lane::Task)).await;
    assert_eq!(moved, Postponed::Waits);
    assert!(next(&mut session).await.is_none());
    let overdue = ledger::overdue(&mut session, Lane::Task, Duration::ZERO)
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
async fn a_batch_that_never_comes_to_an_end_is_given_up_and_a_replay_is_given_as_many_tries() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let batch = waiting(&session, "prices", "a").await;
    for round in 0..2 {
        for tries in 1..=ATTEMPTS {
            let held = next(&mut session).await.expect("held");
            assert_eq!(
                (held.attempt, held.tries),
                (Attempt(round * ATTEMPTS + tries), tries)
            );
            let postponed = interrupt(&mut session, &held, Duration::ZERO, None).await;
            assert_eq!(postponed == Postponed::Waits, tries < ATTEMPTS);
        }
        let found = find(&session, batch.id).await;
        assert_eq!(found.state, State::Failed);
        assert!(found.error.expect("a reason").is(Problem::GIVEN_UP));
        assert!(next(&mut session).await.is_none());
        // A job that was started for it, or a message, may still be on its way.
        settled(&mut session, batch.id).await;
        requeue(&session, batch.id).await;
    }
}

#[tokio::test]
async fn a_batch_that_kills_its_loaders_is_given_up_however_it_is_claimed() {
    let database = testkit::database().await;
    for by_id in [true, false] {
        let mut first = database.connect(Role::Loader).await;
        let mut second = database.connect(Role::Loader).await;
        let batch = waiting(&second, "prices", "a").await;
        next(&mut first).await.expect("held");
        // As if it had killed all those before as well. Its lease is over.
        second
            .execute(
                "UPDATE waybill.batches SET attempt = $1, lease_until = clock_timestamp() WHERE id = $2",
                &[&ATTEMPTS, &batch.id.0],
            )
            .await
            .expect("aged");
        kill(&database, first).await;
        if by_id {
            settled(&mut second, batch.id).await;
        } else {
            assert!(next(&mut second).await.is_none());
        }
        let found = find(&second, batch.id).await;
        assert_eq!(found.state, State::Failed);
        assert!(found.error.expect("a reason").is(Problem::GIVEN_UP));
    }
}

#[tokio::test]
async fn a_batch_whose_jobs_never_begin_it_is_given_up() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let batch = ledger::receive(&session, &new_batch("prices"))
        .await
        .expect("received");
    enqueue(&session, batch.id, Lane::Task, "a")
        .await
        .expect("queued");
    for job in 0..ATTEMPTS {
        let overdue = ledger::overdue(&mut session, Lane::Task, Duration::ZERO).await;
        assert_eq!(overdue.expect("an answer"), [batch.id], "{job}");
        ledger::note_job(&session, batch.id, &job.to_string())
            .await
            .expect("noted");
    }
    let overdue = ledger::overdue(&mut session, Lane::Task, Duration::ZERO).await;
    assert_eq!(overdue.expect("an answer"), []);
    let found = find(&session, batch.id).await;
    assert!(found.error.expect("a reason").is(Problem::GIVEN_UP));
    assert!(!found.waits);
}
