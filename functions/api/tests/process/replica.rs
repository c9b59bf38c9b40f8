//! A replica that goes and comes back under load.

use testkit::{Role, migrated_database_on, replicated_server};

use crate::running::{readers, serving, until};

const SESSIONS: i64 = 4;

async fn readers_on(watcher: &ledger::Session) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'waybill-api' AND usename LIKE '%reader'";
    watcher.query_one(sql, &[]).await.expect("a count").get(0)
}

#[tokio::test]
async fn a_replica_that_goes_costs_no_answer_and_the_primary_no_more_sessions_than_it_had() {
    let server = replicated_server().await;
    let database = migrated_database_on(&server).await;
    let replica = server.replica().await;
    let (_program, address) = serving(
        &database,
        &[
            ("WAYBILL_SESSIONS", "4"),
            ("WAYBILL_DATABASE_REPLICA_HOST", "127.0.0.1"),
            ("WAYBILL_DATABASE_REPLICA_PORT", &replica.port().to_string()),
        ],
    )
    .await;
    let primary = database.connect(Role::Super).await;
    let running = readers(&[address], 16).start();
    until("the replica is read", async || running.answered() > 200).await;
    assert_eq!(readers_on(&primary).await, 0);

    replica.stop().await;
    let answered = running.answered();
    until("the primary is read", async || {
        let sessions = readers_on(&primary).await;
        assert!(sessions <= SESSIONS, "{sessions}");
        sessions > 0 && running.answered() > answered + 500
    })
    .await;

    replica.start().await;
    until("the replica is read again", async || {
        let sessions = readers_on(&primary).await;
        assert!(sessions <= SESSIONS, "{sessions}");
        sessions == 0
    })
    .await;
    let tally = running.stop().await;
    assert_eq!(
        (tally.lost, tally.answers.keys().collect::<Vec<_>>()),
        (0, vec![&200]),
        "{:?}",
        tally.answers
    );
}
