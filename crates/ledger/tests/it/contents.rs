//! The same content twice.

use ledger::{Committed, Options, Outcome, State};
use testkit::Role;

use crate::help::{LEASE, claimed, count, find, held, load, new_batch, ports, summary};

#[tokio::test]
async fn the_same_content_again_is_a_duplicate_of_the_first() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    let first = held(&mut session, "prices").await;
    assert_eq!(load(&mut session, &first, 1).await, Committed::Done);
    let second = held(&mut session, "prices").await;
    assert_eq!(
        load(&mut session, &second, 1).await,
        Committed::Duplicate(first.id)
    );
    let outcome = Outcome::Duplicate {
        of: first.id,
        summary: Some(summary(1)),
    };
    assert!(
        ledger::settle(&mut session, &second, outcome)
            .await
            .expect("an answer")
    );
    let batch = find(&session, second.id).await;
    assert_eq!(
        (batch.state, batch.duplicate_of, batch.rows),
        (State::Duplicate, Some(first.id), Some(0))
    );
    assert_eq!(count(&session, "SELECT count(*) FROM prices").await, 2);
    // Another dataset has its own memory.
    let other = held(&mut session, "ports").await;
    assert_eq!(load(&mut session, &other, 1).await, Committed::Done);
}

#[tokio::test]
async fn of_two_batches_with_the_same_content_committing_at_once_one_is_committed() {
    let database = testkit::database().await;
    ports(&database).await;
    for content in 1..=10 {
        let mut one = database.connect(Role::Loader).await;
        let mut two = database.connect(Role::Loader).await;
        let (a, b) = (
            held(&mut one, "prices").await,
            held(&mut two, "prices").await,
        );
        let (left, right) = tokio::join!(load(&mut one, &a, content), load(&mut two, &b, content));
        match (left, right) {
            (Committed::Done, Committed::Duplicate(of)) => assert_eq!(of, a.id),
            (Committed::Duplicate(of), Committed::Done) => assert_eq!(of, b.id),
            other => panic!("{other:?}"),
        }
    }
    let session = database.connect(Role::Loader).await;
    assert_eq!(count(&session, "SELECT count(*) FROM prices").await, 20);
}

#[tokio::test]
async fn a_batch_whose_twin_is_rolled_back_is_committed() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut one = database.connect(Role::Loader).await;
    let mut two = database.connect(Role::Loader).await;
    let (a, b) = (
        held(&mut one, "prices").await,
        held(&mut two, "prices").await,
    );
    let txn = one.transaction().await.expect("begun");
    assert_eq!(
        ledger::commit(&txn, &a, &summary(1), ledger::Repeats::Any)
            .await
            .expect("an answer"),
        Committed::Done
    );
    let second = tokio::spawn(async move { load(&mut two, &b, 1).await });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!second.is_finished(), "the second waits for the first");
    txn.rollback().await.expect("rolled back");
    assert_eq!(second.await.expect("no panic"), Committed::Done);
}

#[tokio::test]
async fn force_loads_the_same_content_again() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    let first = held(&mut session, "prices").await;
    assert_eq!(load(&mut session, &first, 1).await, Committed::Done);
    let mut new = new_batch("prices");
    new.options = Options {
        force: true,
        ..Options::default()
    };
    ledger::receive(&session, &new).await.expect("received");
    let forced = claimed(&mut session, new.id, LEASE).await;
    assert!(forced.options.force);
    assert_eq!(load(&mut session, &forced, 1).await, Committed::Done);
    assert_eq!(count(&session, "SELECT count(*) FROM prices").await, 4);
    // The memory still names the first; when that is undone, the forced one.
    let third = held(&mut session, "prices").await;
    assert_eq!(
        load(&mut session, &third, 1).await,
        Committed::Duplicate(first.id)
    );
    ledger::undo(&mut session, first.id, "tests")
        .await
        .expect("undone");
    assert_eq!(
        load(&mut session, &third, 1).await,
        Committed::Duplicate(forced.id)
    );
}

#[tokio::test]
async fn a_likely_duplicate_is_told_by_size_and_tag() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    let first = held(&mut session, "prices").await;
    let second = held(&mut session, "prices").await;
    let ask = async |session: &ledger::Session, bytes| {
        ledger::committed_with_etag(session, "prices", bytes, "tag", second.id)
            .await
            .expect("an answer")
    };
    assert_eq!(ask(&session, 1000).await, None);
    load(&mut session, &first, 1).await;
    assert_eq!(ask(&session, 1000).await, Some(first.id));
    assert_eq!(ask(&session, 1001).await, None);
}
