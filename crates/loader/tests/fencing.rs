//! Killed, frozen, raced, cut off: one commit, never a part, never two.

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use ledger::{BatchId, Claim, Held, Options, Session, State};
use loader::{
    File, Load, LoadErrorKind, LoadSettings, Opened, Source, SourceError, SourceErrorKind, load,
};
use support::{Bench, HEADER};
use testkit::Role;
use tokio::sync::Semaphore;

/// Content that stops after its beginning until a permit is given.
struct Gated {
    head: Bytes,
    rows: Bytes,
    gate: Arc<Semaphore>,
}

impl Source for Gated {
    fn open(&self, _offset: u64) -> BoxFuture<'_, Result<Opened, SourceError>> {
        let (head, rows) = (self.head.clone(), self.rows.clone());
        let gate = Arc::clone(&self.gate);
        Box::pin(async move {
            let head = stream::iter([Ok(head)]);
            let tail = stream::once(async move {
                gate.acquire().await.expect("the gate stays").forget();
                Ok(rows)
            });
            Ok(Opened {
                stream: head.chain(tail).boxed(),
                bytes: None,
                etag: None,
            })
        })
    }
}

fn rows(count: usize) -> Bytes {
    Bytes::from("CNGGZ,EETLL,2021-01-01,1244\n".repeat(count))
}

/// The header and some rows.
fn beginning(count: usize) -> Bytes {
    Bytes::from([HEADER.as_bytes(), &rows(count)].concat())
}

/// A load that writes rows while it still reads, as one does that has no scratch left.
fn writes_at_once(settings: &LoadSettings) -> LoadSettings {
    let mut settings = settings.clone();
    settings.limits.block_bytes = 1 << 10;
    settings.run_bytes = 1;
    settings.scratch.bytes = 0;
    settings
}

/// A second loader with sessions of its own.
async fn another(bench: &Bench) -> (Session, Session) {
    (
        bench.database.connect(Role::Loader).await,
        bench.database.connect(Role::Loader).await,
    )
}

async fn claim(ledger: &mut Session, id: BatchId, lease: Duration) -> Claim {
    ledger::claim(ledger, id, lease, "test")
        .await
        .expect("asked")
}

async fn run(
    held: &Held,
    source: &dyn Source,
    settings: &LoadSettings,
    (ledger, session): &mut (Session, Session),
) -> Result<State, LoadErrorKind> {
    let key = loader::parse_key(&held.source.key).expect("a good key");
    let contract = contract::find("prices").expect("shipped");
    let work = Load {
        contract,
        files: &[File::only(key.format, key.compression, source)],
        held,
        settings,
    };
    load(work, ledger, session)
        .await
        .map(|loaded| loaded.state)
        .map_err(|error| error.kind())
}

/// Waits until a query counts `wanted`, and says what it last saw if it never does.
async fn until_count(session: &Session, from: &str, wanted: i64) {
    let sql = format!("SELECT count(*) FROM {from}");
    let mut last = -1;
    for _ in 0..500 {
        last = session.query_one(&sql, &[]).await.expect("counted").get(0);
        if last == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{from} has {last} rows, not {wanted}, after five seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_stalls_past_its_lease_and_wakes_does_not_commit() {
    let mut bench = Bench::with_ports().await;
    let mut settings = bench.settings.clone();
    settings.lease = Duration::from_millis(200);
    // It never prolongs its lease: what a frozen machine looks like from outside.
    settings.beat = Duration::from_secs(3600);
    bench.settings = settings.clone();
    let first = bench.claim("prices/a.csv", Options::default()).await;
    let gate = Arc::new(Semaphore::new(0));
    let source = Gated {
        head: beginning(0),
        rows: rows(1000),
        gate: Arc::clone(&gate),
    };
    let mut sleeper = another(&bench).await;

    let (woken, ()) = tokio::join!(run(&first, &source, &settings, &mut sleeper), async {
        let mut second = another(&bench).await;
        let held = loop {
            match claim(&mut second.0, first.id, Duration::from_secs(60)).await {
                Claim::Held(held) => break held,
                Claim::Busy { .. } => tokio::time::sleep(Duration::from_millis(20)).await,
                settled @ Claim::Settled(_) => panic!("{settled:?}"),
            }
        };
        assert!(held.attempt > first.attempt);
        let all = loader::BytesSource::new([HEADER.as_bytes(), &rows(1000)].concat());
        let state = run(&held, &all, &LoadSettings::default(), &mut second).await;
        assert_eq!(state, Ok(State::Committed));
        gate.add_permits(1);
    });
    assert_eq!(woken, Err(LoadErrorKind::Superseded));
    assert_eq!(bench.count("prices").await, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_loaders_racing_for_one_batch_one_loads_it() {
    let mut bench = Bench::with_ports().await;
    for round in 0..10 {
        let first = bench
            .claim(
                &format!("prices/{round}.csv"),
                Options {
                    force: true,
                    ..Options::default()
                },
            )
            .await;
        ledger::release_claim(&bench.ledger, &first)
            .await
            .expect("released");
        let all = loader::BytesSource::new([HEADER.as_bytes(), &rows(500)].concat());
        let (mut one, mut two) = (another(&bench).await, another(&bench).await);
        let lease = Duration::from_secs(60);
        let settings = LoadSettings::default();
        let race =
            async |sessions: &mut (Session, Session)| match claim(&mut sessions.0, first.id, lease)
                .await
            {
                Claim::Held(held) => Some(run(&held, &all, &settings, sessions).await),
                Claim::Busy { .. } | Claim::Settled(_) => None,
            };
        let (a, b) = tokio::join!(race(&mut one), race(&mut two));
        let committed = [a, b]
            .into_iter()
            .flatten()
            .filter(|end| *end == Ok(State::Committed))
            .count();
        assert_eq!(committed, 1, "round {round}: {a:?} {b:?}");
        assert_eq!(bench.count("prices").await, 500 * (round + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_loader_leaves_nothing_and_its_successor_need_not_wait() {
    let mut bench = Bench::with_ports().await;
    let held = bench.claim("prices/a.csv", Options::default()).await;
    let gate = Arc::new(Semaphore::new(0));
    let source = Gated {
        head: beginning(2_000),
        rows: rows(198_000),
        gate: Arc::clone(&gate),
    };
    let all = loader::BytesSource::new([HEADER.as_bytes(), &rows(200_000)].concat());
    let watcher = bench.database.connect(Role::Super).await;
    let mut attempts = Vec::new();
    {
        // The first dies with its sessions, as a process does, once its COPY is under way.
        let mut dying = (
            std::mem::replace(
                &mut bench.ledger,
                bench.database.connect(Role::Loader).await,
            ),
            bench.database.connect(Role::Loader).await,
        );
        let settings = writes_at_once(&bench.settings);
        let dies = run(&held, &source, &settings, &mut dying);
        tokio::select! {
            end = dies => panic!("it waits at its gate: {end:?}"),
            () = until_count(&watcher, "pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %' AND state = 'active'", 1) => {}
        }
        attempts.push(held.attempt);
    }
    until_count(
        &watcher,
        "pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %' AND state = 'active'",
        0,
    )
    .await;
    assert_eq!(bench.count("prices").await, 0);

    let mut next = another(&bench).await;
    let mut held = None;
    for _ in 0..500 {
        match claim(
            &mut next.0,
            source_id(&bench).await,
            Duration::from_secs(60),
        )
        .await
        {
            Claim::Held(mine) => {
                held = Some(mine);
                break;
            }
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    let held = held.expect("the lock went with the connection, long before the lease of a minute");
    assert!(held.attempt > attempts[0]);
    assert_eq!(
        run(&held, &all, &LoadSettings::default(), &mut next).await,
        Ok(State::Committed)
    );
    assert_eq!(bench.count("prices").await, 200_000);
}

/// The id of the one batch of prices.
async fn source_id(bench: &Bench) -> BatchId {
    let row = bench
        .session
        .query_one(
            "SELECT id::text FROM waybill.batches WHERE dataset = 'prices'",
            &[],
        )
        .await
        .expect("one batch");
    row.get::<_, String>(0).parse().expect("an id")
}

/// A stream that breaks every few bytes and must be opened again where it stopped.
struct Flaky {
    content: Bytes,
    step: usize,
}

impl Source for Flaky {
    fn open(&self, offset: u64) -> BoxFuture<'_, Result<Opened, SourceError>> {
        let from = offset as usize;
        let to = (from + self.step).min(self.content.len());
        let mut pieces = vec![Ok(self.content.slice(from..to))];
        if to < self.content.len() {
            pieces.push(Err(SourceError::new(
                SourceErrorKind::Unreachable,
                "the connection was reset",
            )));
        }
        let bytes = Some(self.content.len() as u64);
        Box::pin(async move {
            Ok(Opened {
                stream: stream::iter(pieces).boxed(),
                bytes,
                etag: None,
            })
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_off_goes_on_where_it_stopped() {
    let mut bench = Bench::with_ports().await;
    let content = Bytes::from([HEADER.as_bytes(), &rows(1000)].concat());
    let held = bench.claim("prices/a.csv", Options::default()).await;
    let flaky = Flaky {
        step: content.len() / 3,
        content,
    };
    let contract = contract::find("prices").expect("shipped");
    let loaded = bench.load(contract, &held, &flaky).await.expect("loaded");
    assert_eq!((loaded.state, loaded.rows), (State::Committed, 1000));
}

/// An object that goes away, or is replaced, when it is read on.
struct Vanishing(SourceErrorKind);

impl Source for Vanishing {
    fn open(&self, _offset: u64) -> BoxFuture<'_, Result<Opened, SourceError>> {
        let error = SourceError::new(
            self.0,
            "the object was overwritten or deleted while it was read",
        );
        Box::pin(async move {
            let pieces = [
                Ok(Bytes::from_static(
                    b"orig_code,dest_code,day,price\nCNGGZ,EE",
                )),
                Err(error),
            ];
            Ok(Opened {
                stream: stream::iter(pieces).boxed(),
                bytes: None,
                etag: None,
            })
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_deleted_or_overwritten_while_it_is_read_is_rejected_with_that_reason() {
    let mut bench = Bench::with_ports().await;
    let contract = contract::find("prices").expect("shipped");
    for kind in [SourceErrorKind::Gone, SourceErrorKind::Changed] {
        let held = bench.claim("prices/a.csv", Options::default()).await;
        let loaded = bench
            .load(contract, &held, &Vanishing(kind))
            .await
            .expect("a verdict");
        assert_eq!(loaded.state, State::Rejected);
        let report = ledger::errors(&bench.ledger, held.id, 0, 10)
            .await
            .expect("asked")
            .expect("a report");
        assert_eq!(report.entries[0].rule, "source");
    }
    let held = bench.claim("prices/b.csv", Options::default()).await;
    let denied = bench
        .load(contract, &held, &Vanishing(SourceErrorKind::Denied))
        .await
        .expect_err("no verdict");
    assert_eq!(denied.kind(), LoadErrorKind::Failed);
    assert_eq!(bench.count("prices").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_deleted_during_the_load_is_found_before_the_commit() {
    let mut bench = Bench::with_ports().await;
    let owner = bench.database.connect(Role::Owner).await;
    let held = bench.claim("prices/a.csv", Options::default()).await;
    let gate = Arc::new(Semaphore::new(0));
    let source = Gated {
        head: beginning(600),
        rows: rows(400),
        gate: Arc::clone(&gate),
    };
    let settings = writes_at_once(&bench.settings);
    let mut sessions = another(&bench).await;
    // The claim must be held by the session that loads.
    sessions.0 = std::mem::replace(
        &mut bench.ledger,
        bench.database.connect(Role::Loader).await,
    );
    let (state, ()) = tokio::join!(run(&held, &source, &settings, &mut sessions), async {
        until_count(
            &owner,
            "pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND relation = 'prices'::regclass AND mode = 'RowExclusiveLock'",
            1,
        )
        .await;
        owner
            .batch_execute("DELETE FROM ports WHERE code = 'EETLL'")
            .await
            .expect("nothing refers to it yet");
        // The first try, and the one that begins anew and reports the rows.
        gate.add_permits(2);
    });
    assert_eq!(state, Ok(State::Rejected));
    assert_eq!(bench.count("prices").await, 0);
    let report = ledger::errors(&bench.ledger, held.id, 0, 2000)
        .await
        .expect("asked")
        .expect("a report");
    assert_eq!(
        (report.entries.len(), report.entries[0].rule.as_str()),
        (1000, "references")
    );
}
