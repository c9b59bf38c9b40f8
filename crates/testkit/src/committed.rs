//! A batch that is in its table, for tests of what comes after.

use std::time::Duration;

use ledger::{BatchId, Claim, Committed, NewBatch, ObjectName, Options, Repeats, Summary};

use crate::{Role, TestDatabase};

/// A committed batch of so many prices.
pub async fn committed_prices(database: &TestDatabase, rows: i32) -> BatchId {
    let mut session = database.connect(Role::Loader).await;
    session
        .batch_execute(
            "INSERT INTO regions VALUES ('r', 'R', NULL) ON CONFLICT DO NOTHING;
             INSERT INTO ports VALUES ('AAAAA', 'A', 'r'), ('BBBBB', 'B', 'r') ON CONFLICT DO NOTHING",
        )
        .await
        .expect("ports");
    let id = BatchId::fresh();
    let name = id.to_string();
    let batch = NewBatch {
        id,
        dataset: "prices",
        source: ObjectName {
            bucket: "incoming".to_owned(),
            key: format!("prices/{name}.csv"),
            version: Some("v1".to_owned()),
        },
        object_bytes: None,
        etag: None,
        submitted_by: "tests",
        options: Options::default(),
    };
    ledger::receive(&session, &batch).await.expect("received");
    let lease = Duration::from_secs(60);
    let held = match ledger::claim(&mut session, id, lease, "test").await {
        Ok(Claim::Held(held)) => held,
        other => panic!("not held: {other:?}"),
    };
    let txn = session.transaction().await.expect("begun");
    txn.execute(
        "INSERT INTO prices SELECT 'AAAAA', 'BBBBB', DATE '2021-01-01', n, $1::bigint FROM generate_series(1, $2::integer) n",
        &[&held.number.0, &rows],
    )
    .await
    .expect("rows");
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(&name.as_bytes()[..32]);
    let summary = Summary {
        rows: rows.unsigned_abs().into(),
        content_bytes: 1000,
        sha256,
        header: None,
    };
    let committed = ledger::commit(&txn, &held, &summary, Repeats::Any).await;
    assert_eq!(committed.expect("an answer"), Committed::Done);
    txn.commit().await.expect("committed");
    ledger::release_claim(&session, &held)
        .await
        .expect("let go");
    id
}
