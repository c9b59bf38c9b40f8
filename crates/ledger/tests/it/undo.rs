//! Taking a batch out again, and trying one again.

use ledger::{Committed, ErrorKind, Lane, Outcome, Problem, State};
use testkit::Role;

use crate::help::{LEASE, SHORT, claimed, count, find, held, load, ports, received, summary};

#[tokio::test]
async fn undo_takes_out_exactly_the_batchs_rows_and_its_content() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    let (one, two) = (
        held(&mut session, "prices").await,
        held(&mut session, "prices").await,
    );
    load(&mut session, &one, 1).await;
    load(&mut session, &two, 2).await;
    assert_eq!(
        ledger::versions(&session, &["ports", "prices"])
            .await
            .expect("an answer"),
        [0, 2]
    );
    session
        .batch_execute("INSERT INTO prices VALUES ('AAAAA', 'BBBBB', '2021-01-01', 9)")
        .await
        .expect("a row of nobody's");

    let undone = ledger::undo(&mut session, one.id, "an operator")
        .await
        .expect("undone");
    assert_eq!((undone.rows, undone.number), (2, one.number));
    assert_eq!(count(&session, "SELECT count(*) FROM prices").await, 3);
    let left = format!("SELECT count(*) FROM prices WHERE batch = {}", two.number);
    assert_eq!(count(&session, &left).await, 2);
    let batch = find(&session, one.id).await;
    assert_eq!((batch.state, batch.rows), (State::Undone, Some(2)));
    let last = batch.timeline.last().expect("an event");
    assert_eq!(
        last.note.as_deref(),
        Some("2 rows taken out, asked for by an operator")
    );
    assert_eq!(
        ledger::versions(&session, &["prices"])
            .await
            .expect("an answer"),
        [3]
    );

    // Its content may come again.
    let again = held(&mut session, "prices").await;
    assert_eq!(load(&mut session, &again, 1).await, Committed::Done);
}

#[tokio::test]
async fn what_cannot_be_undone_says_why() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    let reason = async |session: &mut ledger::Session, id| {
        let asked = ledger::request_undo(session, id, "x")
            .await
            .expect_err("no undo");
        let error = ledger::undo(session, id, "x").await.expect_err("no undo");
        assert_eq!(asked.context(), error.context());
        (error.kind(), error.context().to_owned())
    };
    let fresh = received(&session, "prices").await;
    assert_eq!(
        reason(&mut session, fresh.id).await,
        (
            ErrorKind::Conflict,
            "the batch is not settled yet: wait until it is committed".into()
        )
    );
    let upsert = held(&mut session, "ports").await;
    load(&mut session, &upsert, 1).await;
    let (kind, why) = reason(&mut session, upsert.id).await;
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(why.contains("replace rows"), "{why}");
    let once = held(&mut session, "prices").await;
    load(&mut session, &once, 2).await;
    let asked = ledger::request_undo(&session, once.id, "the API")
        .await
        .expect("may be undone");
    assert_eq!(asked.state, State::Committed);
    ledger::undo(&mut session, once.id, "x")
        .await
        .expect("undone");
    assert_eq!(
        reason(&mut session, once.id).await.1,
        "the batch is undone already"
    );
    let failed = held(&mut session, "prices").await;
    let problem = Problem::new("internal", "Down");
    ledger::settle(&mut session, &failed, Outcome::Failed { problem })
        .await
        .expect("settled");
    assert_eq!(
        reason(&mut session, failed.id).await.1,
        "the batch is failed: it has no rows to take out"
    );
    assert_eq!(
        reason(&mut session, ledger::BatchId::fresh()).await.0,
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn of_two_undoing_at_once_one_does() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut one = database.connect(Role::Loader).await;
    let mut two = database.connect(Role::Loader).await;
    let batch = held(&mut one, "prices").await;
    load(&mut one, &batch, 1).await;
    let (a, b) = tokio::join!(
        ledger::undo(&mut one, batch.id, "a"),
        ledger::undo(&mut two, batch.id, "b")
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    assert_eq!(
        count(
            &one,
            "SELECT count(*) FROM waybill.events WHERE state = 'undone'"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn replay_is_for_what_failed_or_was_lost() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    let api = database.connect(Role::Api).await;
    let fresh = received(&session, "prices").await;
    let replay = ledger::replay(&api, fresh.id, "op")
        .await
        .expect("its announcement may be lost");
    assert_eq!(
        (replay.source, replay.object_bytes),
        (fresh.source, Some(1000))
    );

    let mine = claimed(&mut session, fresh.id, LEASE).await;
    let error = ledger::replay(&api, fresh.id, "op")
        .await
        .expect_err("it is being loaded");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let problem = Problem::new("internal", "Down");
    ledger::settle(&mut session, &mine, Outcome::Failed { problem })
        .await
        .expect("settled");
    ledger::replay(&api, fresh.id, "op")
        .await
        .expect("it failed");
    assert_eq!(find(&api, fresh.id).await.state, State::Failed);

    let mine = claimed(&mut session, fresh.id, SHORT).await;
    tokio::time::sleep(SHORT * 2).await;
    ledger::replay(&api, fresh.id, "op")
        .await
        .expect("its loader is lost");
    assert_eq!(
        load(&mut session, &mine, 1).await,
        Committed::Done,
        "a late commit is a commit"
    );
    ledger::replay(&api, fresh.id, "op")
        .await
        .expect_err("it is committed");

    for (outcome, word) in [
        (
            Outcome::Rejected {
                problem: Problem::new("rejected", "Wrong"),
                summary: None,
                rejected: 1,
                total: 1,
                findings: Vec::new(),
            },
            "corrected file",
        ),
        (
            Outcome::Checked {
                summary: summary(3),
            },
            "dry run",
        ),
        (
            Outcome::Duplicate {
                of: fresh.id,
                summary: None,
            },
            "force",
        ),
    ] {
        let mine = held(&mut session, "prices").await;
        ledger::settle(&mut session, &mine, outcome)
            .await
            .expect("settled");
        let error = ledger::replay(&api, mine.id, "op")
            .await
            .expect_err("settled for good");
        assert!(error.context().contains(word), "{error}");
    }
}

#[tokio::test]
async fn a_batch_that_spark_put_into_the_lake_alone_had_no_rows_in_the_table() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let batch = received(&session, "prices").await;
    ledger::enqueue(&session, batch.id, Lane::Spark, "p")
        .await
        .expect("it waits");
    let held = claimed(&mut session, batch.id, LEASE).await;
    let txn = session.transaction().await.expect("begun");
    ledger::commit(&txn, &held, &summary(1), ledger::Repeats::Any)
        .await
        .expect("an answer");
    txn.commit().await.expect("committed");
    let undone = ledger::undo(&mut session, batch.id, "x").await;
    assert_eq!(undone.expect("undone").rows, 0);
    let found = find(&session, batch.id).await;
    let last = found.timeline.last().expect("an event");
    assert_eq!(
        last.note.as_deref(),
        Some("no rows of it were in the table, asked for by x")
    );
}

#[tokio::test]
async fn the_timeline_can_be_written_while_the_batch_is_being_undone() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut one = database.connect(Role::Loader).await;
    let two = database.connect(Role::Loader).await;
    let batch = held(&mut one, "prices").await;
    load(&mut one, &batch, 1).await;
    let mut owner = database.connect(Role::Owner).await;
    let lock = testkit::hold_prices(&mut owner).await;
    let undoing = tokio::spawn(async move { ledger::undo(&mut one, batch.id, "x").await });
    database.until_one_waits().await;
    // What its last line says already is not written again.
    for _ in 0..2 {
        ledger::remark(&two, batch.id, "it takes long")
            .await
            .expect("written");
    }
    ledger::request_undo(&two, batch.id, "an impatient one")
        .await
        .expect("written");
    lock.rollback().await.expect("let go");
    undoing.await.expect("no panic").expect("undone");
    let found = find(&two, batch.id).await;
    assert_eq!(ledger::undo_asked_by(&found), Some("an impatient one"));
    let notes: Vec<_> = found
        .timeline
        .iter()
        .filter_map(|event| event.note.as_deref())
        .collect();
    assert_eq!(
        notes[notes.len() - 3..],
        [
            "it takes long",
            "undo asked for by an impatient one",
            "2 rows taken out, asked for by x"
        ]
    );
}
