//! More readers than sessions, and a database that comes and goes.

use testkit::{Role, TestDatabase, migrated_database, migrated_database_on, own_server};

use crate::running::{RATES, READY, answers, ask, readers, serving, until};

const SESSIONS: i64 = 3;

/// Sessions that the program holds, by role.
async fn held(watcher: &ledger::Session) -> Vec<(String, i64)> {
    let rows = watcher
        .query(
            "SELECT usename::text, count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'waybill-api' GROUP BY 1",
            &[],
        )
        .await
        .expect("counts");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn watcher(database: &TestDatabase) -> ledger::Session {
    database.connect(Role::Super).await
}

#[tokio::test]
async fn however_many_ask_its_sessions_are_as_many_as_it_was_told() {
    let database = migrated_database().await;
    let sessions = ("WAYBILL_SESSIONS", "3");
    let (_program, address) = serving(&database, &[sessions]).await;
    let watcher = watcher(&database).await;
    let running = readers(&[address], 32).start();
    let mut most = 0;
    until("many were answered", async || {
        for (role, count) in held(&watcher).await {
            assert!(count <= SESSIONS, "{role} has {count}");
            most = most.max(count);
        }
        running.answered() > 2_000
    })
    .await;
    let tally = running.stop().await;
    assert_eq!(most, SESSIONS, "all of them are used");
    assert_eq!(
        (tally.lost, tally.answers.keys().collect::<Vec<_>>()),
        (0, vec![&200])
    );
}

#[tokio::test]
async fn a_database_that_goes_and_comes_back_takes_nobody_with_it() {
    let server = own_server().await;
    let database = migrated_database_on(&server).await;
    let (mut program, address) = serving(&database, &[]).await;
    until("it is ready", async || answers(address, READY, 200).await).await;
    let running = readers(&[address], 8).start();
    for _ in 0..2 {
        until("rates are answered", async || {
            answers(address, RATES, 200).await
        })
        .await;
        server.stop().await;
        until("there is no database", async || {
            answers(address, RATES, 503).await
        })
        .await;
        let (_, problem) = ask(address, RATES).await.expect("an answer");
        assert_eq!(problem["type"], "/problems/database-unavailable");
        assert!(
            answers(address, READY, 200).await && answers(address, "/health/live", 200).await,
            "another process would be no better"
        );
        server.start().await;
    }
    until("rates are answered again", async || {
        answers(address, RATES, 200).await
    })
    .await;
    let tally = running.stop().await;
    assert_eq!(tally.lost, 0);
    assert_eq!(
        tally.answers.keys().collect::<Vec<_>>(),
        [&200, &503],
        "{:?}",
        tally.answers
    );
    assert!(program.try_wait().expect("a state").is_none(), "it lives");
}

#[tokio::test]
async fn a_process_that_never_reached_its_database_is_not_ready() {
    let server = own_server().await;
    let database = migrated_database_on(&server).await;
    server.stop().await;
    let (_program, address) = serving(&database, &[]).await;
    let (status, problem) = ask(address, READY).await.expect("an answer");
    assert_eq!(status, 503);
    assert_eq!(problem["type"], "/problems/not-ready");
    assert!(answers(address, "/health/live", 200).await);
    server.start().await;
    until("it is ready", async || answers(address, READY, 200).await).await;
}
