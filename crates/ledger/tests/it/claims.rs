//! Who works on a batch.

use std::time::Duration;

use ledger::{Attempt, Beat, Claim, Committed, ErrorKind, Outcome, Problem, Progress, State};
use testkit::Role;

use crate::help::{LEASE, SHORT, claimed, count, find, held, kill, load, ports, received};

#[tokio::test]
async fn of_many_racing_claimers_one_wins() {
    let database = testkit::database().await;
    let session = database.connect(Role::Loader).await;
    let batch = received(&session, "prices").await;
    let mut racers = Vec::new();
    for _ in 0..8 {
        let mut session = database.connect(Role::Loader).await;
        racers.push(tokio::spawn(async move {
            let claim = ledger::claim(&mut session, batch.id, LEASE, "r1")
                .await
                .expect("an answer");
            (
                matches!(claim, Claim::Held(_)),
                matches!(claim, Claim::Busy { .. }),
                session,
            )
        }));
    }
    let (mut won, mut busy) = (0, 0);
    let mut sessions = Vec::new();
    for racer in racers {
        let (held, waits, session) = racer.await.expect("no panic");
        won += i32::from(held);
        busy += i32::from(waits);
        sessions.push(session);
    }
    assert_eq!((won, busy), (1, 7));
    assert_eq!(find(&session, batch.id).await.attempt, Attempt(1));
}

#[tokio::test]
async fn the_batch_of_a_killed_loader_can_be_claimed_at_once() {
    let database = testkit::database().await;
    let mut first = database.connect(Role::Loader).await;
    let mut second = database.connect(Role::Loader).await;
    let old = held(&mut first, "prices").await;
    let claim = ledger::claim(&mut second, old.id, LEASE, "r1")
        .await
        .expect("an answer");
    assert!(matches!(claim, Claim::Busy { lease_until } if lease_until == old.lease_until));
    kill(&database, first).await;
    let new = claimed(&mut second, old.id, LEASE).await;
    assert_eq!(new.attempt, Attempt(2));
    // And the second is alive: a third has to wait, although the first's session is gone.
    let mut third = database.connect(Role::Loader).await;
    let claim = ledger::claim(&mut third, old.id, LEASE, "r1")
        .await
        .expect("an answer");
    assert!(matches!(claim, Claim::Busy { .. }), "{claim:?}");
    let timeline = find(&second, old.id).await.timeline;
    assert_eq!(
        timeline[2].note.as_deref(),
        Some("the loader before was gone")
    );
}

#[tokio::test]
async fn the_batch_of_a_frozen_loader_can_be_claimed_after_its_lease_and_the_old_attempt_cannot_commit()
 {
    let database = testkit::database().await;
    ports(&database).await;
    let mut frozen = database.connect(Role::Loader).await;
    let mut second = database.connect(Role::Loader).await;
    let batch = received(&frozen, "prices").await;
    let old = claimed(&mut frozen, batch.id, SHORT).await;
    let claim = ledger::claim(&mut second, batch.id, LEASE, "r2")
        .await
        .expect("an answer");
    assert!(matches!(claim, Claim::Busy { .. }), "{claim:?}");
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    let new = claimed(&mut second, batch.id, LEASE).await;

    // The old one wakes up.
    let beat = ledger::beat(&frozen, &old, LEASE, Progress::default()).await;
    assert_eq!(beat.expect("an answer"), Beat::Lost);
    assert_eq!(load(&mut frozen, &old, 1).await, Committed::Superseded);
    let problem = Problem::new("internal", "Something is down");
    assert!(
        !ledger::settle(&mut frozen, &old, Outcome::Failed { problem })
            .await
            .expect("an answer")
    );
    // Letting go of its own sign of life does not touch the new one's.
    ledger::release_claim(&frozen, &old)
        .await
        .expect("released");
    let mut third = database.connect(Role::Loader).await;
    let claim = ledger::claim(&mut third, batch.id, LEASE, "r3")
        .await
        .expect("an answer");
    assert!(matches!(claim, Claim::Busy { .. }), "{claim:?}");

    assert_eq!(load(&mut second, &new, 1).await, Committed::Done);
    let batch = find(&second, batch.id).await;
    assert_eq!(
        (batch.state, batch.attempt, batch.release.as_deref()),
        (State::Committed, Attempt(2), Some("r1"))
    );
    assert_eq!(count(&second, "SELECT count(*) FROM prices").await, 2);
    // And had the old one come after it: the content's memory is no way around the fence either.
    assert_eq!(load(&mut frozen, &old, 1).await, Committed::Superseded);
    assert_eq!(load(&mut frozen, &old, 2).await, Committed::Superseded);
    assert_eq!(count(&second, "SELECT count(*) FROM prices").await, 2);
}

#[tokio::test]
async fn a_beat_renews_the_lease_and_shows_progress() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let batch = received(&session, "prices").await;
    let mine = claimed(&mut session, batch.id, SHORT).await;
    let progress = Progress {
        bytes: 500,
        rows: 40,
        copied: 30,
    };
    let beat = ledger::beat(&session, &mine, LEASE, progress).await;
    assert_eq!(beat.expect("an answer"), Beat::Kept);
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    let mut other = database.connect(Role::Loader).await;
    let claim = ledger::claim(&mut other, batch.id, LEASE, "r1")
        .await
        .expect("an answer");
    assert!(matches!(claim, Claim::Busy { .. }), "{claim:?}");
    let shown = find(&session, batch.id).await.progress;
    assert_eq!(
        (shown.bytes, shown.rows, shown.total_bytes),
        (500, 40, Some(1000))
    );
}

#[tokio::test]
async fn a_failed_batch_can_be_claimed_again_and_a_settled_one_cannot() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    let first = held(&mut session, "prices").await;
    let problem = Problem::new(Problem::INTERRUPTED, "The load was interrupted").with_status(503);
    let failed = Outcome::Failed {
        problem: problem.clone(),
    };
    assert!(
        ledger::settle(&mut session, &first, failed)
            .await
            .expect("an answer")
    );
    ledger::release_claim(&session, &first)
        .await
        .expect("released");
    let batch = find(&session, first.id).await;
    assert!(!batch.is_over(), "it is tried again by itself");
    assert_eq!((batch.state, batch.error), (State::Failed, Some(problem)));

    // Somebody whose job is left over does not begin it: it does not wait.
    let claim = ledger::claim(&mut session, first.id, LEASE, "r1").await;
    assert!(matches!(claim, Ok(Claim::Settled(batch)) if batch.state == State::Failed));
    let waits = ledger::requeue(&session, first.id).await;
    assert!(waits.expect("an answer"));
    let second = claimed(&mut session, first.id, LEASE).await;
    assert_eq!(second.attempt, Attempt(2));
    let batch = find(&session, first.id).await;
    assert_eq!(
        (batch.state, batch.error, batch.finished_at),
        (State::Loading, None, None)
    );
    assert_eq!(load(&mut session, &second, 1).await, Committed::Done);
    let claim = ledger::claim(&mut session, first.id, LEASE, "r1")
        .await
        .expect("an answer");
    assert!(matches!(claim, Claim::Settled(batch) if batch.state == State::Committed));
}

#[tokio::test]
async fn an_unknown_batch_cannot_be_claimed() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let error = ledger::claim(&mut session, ledger::BatchId::fresh(), LEASE, "r1")
        .await
        .expect_err("none");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_load_that_is_rolled_back_after_its_commit_call_leaves_nothing() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    let mine = held(&mut session, "prices").await;
    {
        let txn = session.transaction().await.expect("begun");
        let answer = ledger::commit(&txn, &mine, &crate::help::summary(1), ledger::Repeats::Any)
            .await
            .expect("an answer");
        assert_eq!(answer, Committed::Done);
    }
    assert_eq!(find(&session, mine.id).await.state, State::Loading);
    assert_eq!(load(&mut session, &mine, 1).await, Committed::Done);
    assert_eq!(
        ledger::versions(&session, &["prices"])
            .await
            .expect("an answer"),
        [1]
    );
}
