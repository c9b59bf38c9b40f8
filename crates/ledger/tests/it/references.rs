//! A foreign key checked once per distinct value gives what the declared one gives.

use std::time::Duration;

use ledger::{Session, references};
use testkit::{Role, TestDatabase};
use tokio_postgres::IsolationLevel;

use crate::help::{count, ports};

const LEVELS: [IsolationLevel; 3] = [
    IsolationLevel::ReadCommitted,
    IsolationLevel::RepeatableRead,
    IsolationLevel::Serializable,
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Check {
    /// The server's triggers, row by row.
    Plain,
    /// Ours, once per distinct value.
    Once,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    /// The load has its keys when the other begins, and commits while the other waits.
    LoadFirst,
    /// The other has changed the port when the load asks for it, and commits.
    OtherFirst,
    /// The same, but the other rolls back.
    OtherGivesUp,
    /// The other's snapshot is older than the load, which is over when it acts.
    OtherLooksBack,
}

fn spelled(level: IsolationLevel) -> &'static str {
    match level {
        IsolationLevel::RepeatableRead => "REPEATABLE READ",
        IsolationLevel::Serializable => "SERIALIZABLE",
        _ => "READ COMMITTED",
    }
}

/// A load of two rows, up to but without its commit. Nothing, where the check failed.
async fn begin_load<'s>(
    session: &'s mut Session,
    check: Check,
    level: IsolationLevel,
    port: &str,
) -> Option<tokio_postgres::Transaction<'s>> {
    let txn = session
        .build_transaction()
        .isolation_level(level)
        .start()
        .await
        .expect("begun");
    if check == Check::Once {
        references::skip_triggers(&txn)
            .await
            .expect("the loader may");
    }
    let rows =
        "INSERT INTO prices VALUES ($1, 'AAAAA', '2021-01-01', 1), ('AAAAA', $1, '2021-01-01', 1)";
    txn.execute(rows, &[&port]).await.ok()?;
    if check == Check::Once {
        let keys = [port.to_owned(), "AAAAA".to_owned()];
        let missing = references::lock_keys(&txn, "ports", "code", &keys)
            .await
            .ok()?;
        if !missing.is_empty() {
            assert_eq!(missing, [port]);
            return None;
        }
    }
    Some(txn)
}

/// Who succeeded: the load, the other.
async fn run(
    database: &TestDatabase,
    check: Check,
    order: Order,
    levels: (IsolationLevel, IsolationLevel),
    change: &str,
    port: &str,
) -> (bool, bool) {
    let mut load = database.connect(Role::Loader).await;
    let other = database.connect(Role::Loader).await;
    load.execute("INSERT INTO ports VALUES ($1, 'P', 'r')", &[&port])
        .await
        .expect("a port");
    let begin = format!("BEGIN ISOLATION LEVEL {}", spelled(levels.1));
    let change = change.replace("PORT", port);
    let pause = || tokio::time::sleep(Duration::from_millis(40));
    match order {
        Order::LoadFirst => {
            let txn = begin_load(&mut load, check, levels.0, port)
                .await
                .expect("nobody is in the way");
            let other = tokio::spawn(async move {
                other
                    .batch_execute(&format!("{begin}; {change}; COMMIT"))
                    .await
            });
            pause().await;
            assert!(!other.is_finished(), "the other waits for the load");
            let loaded = txn.commit().await.is_ok();
            (loaded, other.await.expect("no panic").is_ok())
        }
        Order::OtherFirst | Order::OtherGivesUp => {
            other
                .batch_execute(&format!("{begin}; {change}"))
                .await
                .expect("nobody is in the way");
            let end = if matches!(order, Order::OtherFirst) {
                "COMMIT"
            } else {
                "ROLLBACK"
            };
            let (loaded, ended) = tokio::join!(
                async {
                    match begin_load(&mut load, check, levels.0, port).await {
                        Some(txn) => txn.commit().await.is_ok(),
                        None => false,
                    }
                },
                async {
                    pause().await;
                    other.batch_execute(end).await.is_ok()
                }
            );
            (loaded, ended)
        }
        Order::OtherLooksBack => {
            other
                .batch_execute(&format!("{begin}; SELECT count(*) FROM prices"))
                .await
                .expect("a snapshot");
            let txn = begin_load(&mut load, check, levels.0, port)
                .await
                .expect("nobody is in the way");
            let loaded = txn.commit().await.is_ok();
            (
                loaded,
                other
                    .batch_execute(&format!("{change}; COMMIT"))
                    .await
                    .is_ok(),
            )
        }
    }
}

#[tokio::test]
async fn the_check_once_per_value_equals_the_declared_key_at_every_isolation_level() {
    let database = testkit::database().await;
    ports(&database).await;
    let session = database.connect(Role::Loader).await;
    let mut case = 0;
    let changes = [
        "DELETE FROM ports WHERE code = 'PORT'",
        "UPDATE ports SET code = lower(code) WHERE code = 'PORT'",
    ];
    for change in changes {
        for order in [
            Order::LoadFirst,
            Order::OtherFirst,
            Order::OtherGivesUp,
            Order::OtherLooksBack,
        ] {
            for load in LEVELS {
                for other in LEVELS {
                    let mut outcomes = Vec::new();
                    for check in [Check::Plain, Check::Once] {
                        case += 1;
                        let port = format!("P{case:04}");
                        outcomes
                            .push(run(&database, check, order, (load, other), change, &port).await);
                        let orphans = count(
                            &session,
                            "SELECT count(*) FROM prices p WHERE NOT EXISTS (SELECT FROM ports WHERE code = p.orig_code)
                             OR NOT EXISTS (SELECT FROM ports WHERE code = p.dest_code)",
                        )
                        .await;
                        assert_eq!(
                            orphans, 0,
                            "{check:?} {order:?} {load:?} {other:?} {change}"
                        );
                    }
                    assert_eq!(
                        outcomes[0], outcomes[1],
                        "{order:?} {load:?} {other:?} {change}"
                    );
                }
            }
        }
    }
    assert_eq!(case, 144);
}

#[tokio::test]
async fn a_port_that_goes_between_the_rows_and_the_lock_is_missed() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut load = database.connect(Role::Loader).await;
    let other = database.connect(Role::Loader).await;
    let txn = load.transaction().await.expect("begun");
    references::skip_triggers(&txn)
        .await
        .expect("the loader may");
    txn.batch_execute("INSERT INTO prices VALUES ('CCCCC', 'AAAAA', '2021-01-01', 1)")
        .await
        .expect("a row");
    other
        .batch_execute("DELETE FROM ports WHERE code = 'CCCCC'")
        .await
        .expect("nobody holds it yet");
    let keys = ["CCCCC", "AAAAA", "it's", "ZZZZZ"].map(str::to_owned);
    let missing = references::lock_keys(&txn, "ports", "code", &keys)
        .await
        .expect("an answer");
    assert_eq!(missing, ["CCCCC", "it's", "ZZZZZ"]);
}

#[tokio::test]
async fn restored_triggers_check_again_and_a_transaction_leaves_nothing_switched() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    let bad = "INSERT INTO prices VALUES ('ZZZZZ', 'AAAAA', '2021-01-01', 1)";
    {
        let txn = session.transaction().await.expect("begun");
        references::skip_triggers(&txn)
            .await
            .expect("the loader may");
        txn.batch_execute(bad).await.expect("unchecked");
        references::restore_triggers(&txn).await.expect("back");
        txn.batch_execute(bad).await.expect_err("checked again");
    }
    {
        let txn = session.transaction().await.expect("begun");
        references::skip_triggers(&txn)
            .await
            .expect("the loader may");
        txn.rollback().await.expect("rolled back");
    }
    let error = session.batch_execute(bad).await.expect_err("checked again");
    let error = ledger::Error::from(error);
    assert_eq!(error.kind(), ledger::ErrorKind::Data);
    assert!(
        !ledger::chain(&error).contains("ZZZZZ"),
        "no values: {}",
        ledger::chain(&error)
    );
}

#[tokio::test]
async fn a_snapshot_is_whole_or_refused() {
    let database = testkit::database().await;
    ports(&database).await;
    let session = database.connect(Role::Loader).await;
    let mut all = references::snapshot(&session, "ports", "code", 3)
        .await
        .expect("an answer")
        .expect("within the cap");
    all.sort();
    assert_eq!(all, ["AAAAA", "BBBBB", "CCCCC"]);
    assert!(
        references::snapshot(&session, "ports", "code", 2)
            .await
            .expect("an answer")
            .is_none()
    );
    let asked = ["BBBBB".to_owned(), "x".to_owned()];
    assert_eq!(
        references::missing(&session, "ports", "code", &asked)
            .await
            .expect("an answer"),
        ["x"]
    );
}

#[tokio::test]
async fn only_the_loader_may_skip_triggers() {
    let database = testkit::database().await;
    for (role, may) in [
        (Role::Loader, true),
        (Role::Reader, false),
        (Role::Api, false),
    ] {
        let session = database.connect(role).await;
        assert_eq!(
            references::may_skip_triggers(&session)
                .await
                .expect("an answer"),
            may,
            "{role:?}"
        );
    }
}
