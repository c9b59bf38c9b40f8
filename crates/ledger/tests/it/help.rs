//! What many of these tests begin with.

use std::time::Duration;

use ledger::migrate::{self, Migrations};
use ledger::{
    Attempt, Batch, BatchId, Claim, Committed, Held, NewBatch, ObjectName, Options, Session,
    Summary,
};
use testkit::{Role, TestDatabase};

pub(crate) const LEASE: Duration = Duration::from_secs(60);
/// Shorter than any pause in a test that waits for its end.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

pub(crate) fn new_batch(dataset: &str) -> NewBatch<'_> {
    let id = BatchId::fresh();
    NewBatch {
        id,
        dataset,
        source: ObjectName {
            bucket: "incoming".into(),
            key: format!("{dataset}/{id}.csv"),
            version: Some("v1".into()),
        },
        object_bytes: Some(1000),
        etag: Some("tag"),
        submitted_by: "tests",
        options: Options::default(),
    }
}

pub(crate) async fn received(session: &Session, dataset: &str) -> Batch {
    ledger::receive(session, &new_batch(dataset))
        .await
        .expect("received")
}

pub(crate) async fn claimed(session: &mut Session, id: BatchId, lease: Duration) -> Held {
    match ledger::claim(session, id, lease, "r1")
        .await
        .expect("claimed")
    {
        Claim::Held(held) => held,
        other => panic!("not held: {other:?}"),
    }
}

pub(crate) async fn held(session: &mut Session, dataset: &str) -> Held {
    let batch = received(session, dataset).await;
    let held = claimed(session, batch.id, LEASE).await;
    assert_eq!(held.attempt, Attempt(1));
    held
}

pub(crate) fn summary(content: u8) -> Summary {
    Summary {
        rows: 2,
        content_bytes: 2000,
        sha256: [content; 32],
        header: Some(b"orig_code,dest_code,day,price".to_vec()),
    }
}

/// Ports that prices can refer to.
pub(crate) async fn ports(database: &TestDatabase) {
    let owner = database.connect(Role::Loader).await;
    owner
        .batch_execute(
            "INSERT INTO regions VALUES ('r', 'R', NULL);
             INSERT INTO ports VALUES ('AAAAA', 'A', 'r'), ('BBBBB', 'B', 'r'), ('CCCCC', 'C', 'r')",
        )
        .await
        .expect("ports");
}

/// Loads two rows and commits them as `content`; what a loader does, in short.
pub(crate) async fn load(session: &mut Session, held: &Held, content: u8) -> Committed {
    let txn = session.transaction().await.expect("begun");
    txn.execute(
        "INSERT INTO prices VALUES ('AAAAA', 'BBBBB', '2021-01-01', 1, $1), ('BBBBB', 'AAAAA', '2021-01-02', 2, $1)",
        &[&held.number.0],
    )
    .await
    .expect("rows");
    let committed = ledger::commit(&txn, held, &summary(content), ledger::Repeats::Any)
        .await
        .expect("an answer");
    if committed == Committed::Done {
        txn.commit().await.expect("committed");
    } else {
        txn.rollback().await.expect("rolled back");
    }
    committed
}

pub(crate) async fn find(session: &Session, id: BatchId) -> Batch {
    ledger::find(session, id)
        .await
        .expect("an answer")
        .expect("the batch")
}

pub(crate) async fn count(session: &Session, sql: &str) -> i64 {
    session.query_one(sql, &[]).await.expect("a count").get(0)
}

/// Ends a session as a killed process would.
pub(crate) async fn kill(database: &TestDatabase, session: Session) {
    let pid: i32 = session
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .expect("a pid")
        .get(0);
    let admin = database.connect(Role::Super).await;
    admin
        .execute("SELECT pg_terminate_backend($1)", &[&pid])
        .await
        .expect("terminated");
    for _ in 0..500 {
        let gone = admin
            .query_one(
                "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)",
                &[&pid],
            )
            .await
            .expect("an answer")
            .get::<_, bool>(0);
        if gone {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the session does not end");
}

/// The options of a release whose migrations are the shipped ones and then these, with the numbers that follow. It has
/// no patience for locks that it does not get.
pub(crate) fn release(further: &[(&str, &str)]) -> migrate::Options<'static> {
    let mut options = migrate::Options::shipped();
    (options.lock, options.patience) = (SHORT, Duration::ZERO);
    for (name, sql) in further {
        let next = options.migrations.newest() + 1;
        options.migrations = options
            .migrations
            .and(&format!("V{next}__{name}"), sql)
            .expect("a good name");
    }
    options
}

/// The name of the `n`th migration after the shipped ones.
pub(crate) fn further(n: i64, name: &str) -> String {
    format!("V{}__{name}", Migrations::shipped().newest() + n)
}

/// Waits until a question to the database is answered with yes.
pub(crate) async fn wait_until(database: &TestDatabase, question: &str) {
    let admin = database.connect(Role::Super).await;
    for _ in 0..2000 {
        let row = admin.query_one(question, &[]).await.expect("an answer");
        if row.get(0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not come to that: {question}");
}
