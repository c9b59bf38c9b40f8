//! Reads from a streaming replica that is behind, silent, gone, or a primary by now.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api::pool::{Connect, Pool};
use api::problem::Problem;
use axum::body::Body;
use axum::http::{StatusCode, header};
use ledger::{BatchId, DatabaseConfig};
use testkit::{Role, Server, database_on, replicated_server};
use tokio::time::timeout;

use crate::rates::registered;
use crate::stack::{Answer, Stack, connect, request};

const JANUARY: &str =
    "/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";
const PATIENCE: Duration = Duration::from_secs(40);

struct Replicated {
    stack: Stack,
    primary: Server,
    replica: Server,
    /// How often the replica was connected to.
    connects: Arc<AtomicUsize>,
    /// What the sessions with the replica are opened with.
    config: DatabaseConfig,
}

impl Replicated {
    async fn new() -> Self {
        let primary = replicated_server().await;
        let database = database_on(&primary).await;
        let replica = primary.replica().await;
        let connects = Arc::new(AtomicUsize::new(0));
        let config = database.config_on(&replica, Role::Reader);
        let reader = Pool::reading(
            2,
            connect(database.config(Role::Reader)),
            counted(config.clone(), Arc::clone(&connects)),
        );
        let stack = Stack::reading(database, reader);
        stack
            .sql(
                "INSERT INTO regions VALUES ('r', 'R', NULL);
                 INSERT INTO ports VALUES ('CNGGZ', 'Guangzhou', 'r'), ('EETLL', 'Tallinn', 'r')",
            )
            .await;
        let replicated = Self {
            stack,
            primary,
            replica,
            connects,
            config,
        };
        replicated.caught_up().await;
        replicated
    }

    /// Runs statements on the replica as its superuser.
    async fn on_replica(&self, statements: &str) {
        let session = self.replica_session().await;
        session.batch_execute(statements).await.expect("good SQL");
    }

    async fn replica_session(&self) -> ledger::Session {
        let url = self.replica.superuser_url(self.stack.database.name());
        let config = DatabaseConfig::from_url(&url).expect("a good URL");
        ledger::connect(&config).await.expect("the replica answers")
    }

    /// Waits until the replica has everything that the primary has by now.
    async fn caught_up(&self) {
        let primary = self.stack.database.connect(Role::Super).await;
        let end = primary
            .query_one("SELECT pg_current_wal_lsn()::text", &[])
            .await
            .expect("a position");
        let end: String = end.get(0);
        let replica = self.replica_session().await;
        let replayed = "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn";
        until("the replica has caught up", async || {
            let row = replica
                .query_one(replayed, &[&end])
                .await
                .expect("an answer");
            row.get(0)
        })
        .await;
    }

    /// Commits a batch with one more price on the last day.
    async fn commit(&self) -> BatchId {
        let id = registered(&self.stack).await;
        self.stack
            .commit(
                id,
                "INSERT INTO prices SELECT 'CNGGZ', 'EETLL', '2021-01-31', 7, $1",
            )
            .await;
        id
    }

    async fn ask(&self, path: &str) -> Answer {
        self.stack.get(path, "").await
    }

    /// How many prices the last day is said to have.
    async fn count(&self) -> u64 {
        let answer = self.ask(JANUARY).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["rates"][0]["count"].as_u64().unwrap_or(0)
    }

    async fn known(&self, tag: &str) -> Answer {
        let request = request("GET", JANUARY, "").header(header::IF_NONE_MATCH, tag);
        self.stack
            .send(request.body(Body::empty()).expect("a request"))
            .await
    }
}

/// Waits until a condition holds, asking again and again.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, asking)
        .await
        .unwrap_or_else(|_| panic!("in vain: {what}"));
}

fn counted(config: DatabaseConfig, connects: Arc<AtomicUsize>) -> Connect {
    Arc::new(move || {
        let config = config.clone();
        connects.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { ledger::connect(&config).await.map_err(Problem::from) })
    })
}

fn tag(answer: &Answer) -> String {
    answer.header("etag").expect("a tag").to_owned()
}

const PAUSE: &str = "SELECT pg_wal_replay_pause()";
const RESUME: &str = "SELECT pg_wal_replay_resume()";

#[tokio::test]
async fn who_names_a_batch_waits_for_the_replica_and_who_names_none_does_not() {
    let replicated = Replicated::new().await;
    replicated.on_replica(PAUSE).await;
    let batch = replicated.commit().await;
    let began = Instant::now();
    assert_eq!(replicated.count().await, 0, "what the replica has");
    assert!(began.elapsed() < Duration::from_secs(2), "at once");

    let named = format!("{JANUARY}&after_batch={batch}");
    let waited = replicated.ask(&named).await;
    assert_eq!(
        (waited.status, waited.problem().as_str()),
        (StatusCode::CONFLICT, "batch-not-visible")
    );
    assert_eq!(waited.json()["state"], "committed", "{}", waited.text());
    assert_eq!(waited.header("retry-after"), Some("2"));
    let took = began.elapsed();
    assert!(took > Duration::from_secs(4), "it waited {took:?}");
    assert!(took < Duration::from_secs(10), "it waited {took:?}");

    let (answer, ()) = tokio::join!(replicated.ask(&named), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        replicated.on_replica(RESUME).await;
    });
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["rates"][0]["count"], 1);
}

#[tokio::test]
async fn those_who_wait_for_a_batch_do_not_keep_others_from_reading() {
    let replicated = Replicated::new().await;
    replicated.on_replica(PAUSE).await;
    let batch = replicated.commit().await;
    let named = format!("{JANUARY}&after_batch={batch}");
    let others = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..40 {
            let began = Instant::now();
            assert_eq!(replicated.count().await, 0);
            slowest = slowest.max(began.elapsed());
        }
        replicated.on_replica(RESUME).await;
        slowest
    };
    let waiting = async {
        tokio::join!(
            replicated.ask(&named),
            replicated.ask(&named),
            replicated.ask(&named),
            replicated.ask(&named)
        )
    };
    let (waited, slowest) = tokio::join!(waiting, others);
    assert_eq!(waited.0.status, StatusCode::OK);
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
}

#[tokio::test]
async fn a_tag_names_what_the_replica_has_and_never_what_it_has_not() {
    let replicated = Replicated::new().await;
    let old = tag(&replicated.ask(JANUARY).await);
    replicated.on_replica(PAUSE).await;
    replicated.commit().await;
    let behind = replicated.known(&old).await;
    assert_eq!(
        behind.status,
        StatusCode::NOT_MODIFIED,
        "nothing changed here"
    );

    replicated.on_replica(RESUME).await;
    replicated.caught_up().await;
    let new = replicated.known(&old).await;
    assert_eq!(new.status, StatusCode::OK);
    assert_eq!(new.json()["rates"][0]["count"], 1);
    let new = tag(&new);
    assert_ne!(new, old);

    // The tag of what this replica will have: not yet.
    replicated.on_replica(PAUSE).await;
    replicated.commit().await;
    replicated.replica.stop().await;
    let primary = replicated.ask(JANUARY).await;
    assert_eq!(primary.json()["rates"][0]["count"], 2);
    let newest = tag(&primary);
    assert_ne!(newest, new);
    assert_eq!(
        replicated.known(&newest).await.status,
        StatusCode::NOT_MODIFIED
    );
    let older = replicated.known(&new).await;
    assert_eq!(older.status, StatusCode::OK, "the primary is ahead of it");
}

#[tokio::test]
async fn a_replica_that_is_stopped_is_passed_by_and_read_again_when_it_is_back() {
    let replicated = Replicated::new().await;
    assert_eq!(replicated.count().await, 0);
    replicated.replica.stop().await;
    replicated.commit().await;
    let before = replicated.connects.load(Ordering::SeqCst);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        let asked = Instant::now();
        assert_eq!(replicated.count().await, 1, "the primary has it");
        assert!(asked.elapsed() < Duration::from_secs(2));
    }
    // One that finds it gone; then after 1 s and after 2 s more.
    let tries = replicated.connects.load(Ordering::SeqCst) - before;
    assert!((1..=4).contains(&tries), "{tries} tries");

    replicated.replica.start().await;
    replicated.caught_up().await;
    replicated.on_replica(PAUSE).await;
    replicated.commit().await;
    until("the replica is read", async || {
        replicated.count().await == 1
    })
    .await;
    replicated.on_replica(RESUME).await;
}

#[tokio::test]
async fn a_replica_that_falls_silent_holds_a_request_for_seconds_and_the_next_not_at_all() {
    let replicated = Replicated::new().await;
    assert_eq!(replicated.count().await, 0);
    replicated.replica.freeze();
    replicated.commit().await;
    let began = Instant::now();
    let (first, second, third) =
        tokio::join!(replicated.count(), replicated.count(), replicated.count());
    let took = began.elapsed();
    let next = Instant::now();
    let fourth = replicated.count().await;
    let next = next.elapsed();
    replicated.replica.thaw();
    assert_eq!([first, second, third, fourth], [1; 4]);
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert!(next < Duration::from_secs(1), "{next:?}");

    replicated.caught_up().await;
    replicated.on_replica(PAUSE).await;
    replicated.commit().await;
    until("the replica is read again", async || {
        replicated.count().await == 1
    })
    .await;
    replicated.on_replica(RESUME).await;
}

#[tokio::test]
async fn an_answer_that_takes_long_is_waited_for_while_the_replica_is_at_work() {
    let replicated = Replicated::new().await;
    assert_eq!(replicated.count().await, 0);
    // A lock that readers wait for reaches the replica through the log.
    let holder = replicated.stack.database.connect(Role::Super).await;
    holder
        .batch_execute("BEGIN; LOCK TABLE prices IN ACCESS EXCLUSIVE MODE")
        .await
        .expect("locked");
    replicated.caught_up().await;
    let began = Instant::now();
    let (count, ()) = tokio::join!(replicated.count(), async {
        tokio::time::sleep(Duration::from_millis(3_000)).await;
        holder.batch_execute("ROLLBACK").await.expect("unlocked");
    });
    assert_eq!(count, 0);
    assert!(began.elapsed() > Duration::from_secs(2));
    let primary = replicated.stack.database.connect(Role::Super).await;
    let readers = primary
        .query_one(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = $1",
            &[&replicated.config.user],
        )
        .await
        .expect("a count");
    assert_eq!(readers.get::<_, i64>(0), 0, "the primary was not asked");
}

#[tokio::test]
async fn a_replica_that_is_promoted_goes_on_answering() {
    let replicated = Replicated::new().await;
    assert_eq!(replicated.count().await, 0);
    replicated.primary.crash().await;
    replicated.on_replica("SELECT pg_promote()").await;
    assert_eq!(replicated.count().await, 0, "over the session it had");
    let old = tag(&replicated.ask(JANUARY).await);
    replicated
        .on_replica(
            "SET session_replication_role = replica;
             INSERT INTO prices VALUES ('CNGGZ', 'EETLL', '2021-01-31', 7);
             INSERT INTO waybill.versions VALUES ('prices', 1, 1)
                ON CONFLICT (dataset) DO UPDATE SET version = waybill.versions.version + 1",
        )
        .await;
    let new = replicated.known(&old).await;
    assert_eq!(new.status, StatusCode::OK);
    assert_eq!(new.json()["rates"][0]["count"], 1);
}
