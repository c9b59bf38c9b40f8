//! Database sessions of one role, checked out one request at a time.
//!
//! Inside Lambda an instance answers one request at a time and holds one session a role; outside of it a few. A
//! session that was given back in doubt (a request that was cut off half-way) is rolled back before its next use,
//! one that lay idle is asked whether it is still there, because a frozen instance does not see its server leave.
//!
//! Sessions that only read go to a replica where there is one, and to the primary while it is away. Both together are
//! never more than the pool's size, so that a replica that dies costs the primary as many sessions and no storm.

use std::collections::HashMap;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ledger::Session;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Statement;

use crate::breaker::Breaker;
use crate::problem::{Kind, Problem};

/// Opens one more session of the pool's role.
pub type Connect =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Session, Problem>> + Send>> + Send + Sync>;

/// How long a request waits for a session to come free, and for one to be opened.
const PATIENCE: Duration = Duration::from_secs(5);
/// A session idle for longer than this is asked before it is used.
const TRUSTED: Duration = Duration::from_secs(10);
/// What that question may take.
const CHECK: Duration = Duration::from_secs(1);
/// How long the replica may take to open a session: there is somebody else to ask.
const REPLICA_PATIENCE: Duration = Duration::from_secs(2);
/// An answer of the replica that takes longer raises the question whether it is still there.
const SLOW: Duration = Duration::from_secs(2);
/// A question that failed after longer than this is not put again: the request would end before its answer.
const AGAIN_WITHIN: Duration = Duration::from_secs(10);

/// A question that changes nothing, and so can be put twice.
pub(crate) trait Question: Sync {
    /// What comes of it.
    type Answer: Send;

    /// Puts it.
    fn put(&self, client: &mut Lease)
    -> impl Future<Output = Result<Self::Answer, Problem>> + Send;
}

/// Sessions of one role.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    primary: Connect,
    replica: Option<Replica>,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
}

struct Replica {
    connect: Connect,
    breaker: Breaker,
    /// Held by the one request that looks whether the replica is still there: beyond the pool's size there is never more
    /// than one session.
    looking: tokio::sync::Mutex<()>,
}

/// The server that a session is with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Primary,
    Replica,
}

struct Idle {
    held: Held,
    since: SystemTime,
    in_doubt: bool,
}

/// A session with the statements that were prepared on it.
struct Held {
    session: Session,
    place: Place,
    statements: HashMap<&'static str, Statement>,
}

impl Pool {
    /// A pool of at most `size` sessions; none is opened before it is needed.
    pub fn new(size: usize, primary: Connect) -> Self {
        Self::of(size, primary, None)
    }

    /// The same for sessions that only read: with the replica while it answers, else with the primary.
    pub fn reading(size: usize, primary: Connect, replica: Connect) -> Self {
        let replica = Replica {
            connect: replica,
            breaker: Breaker::default(),
            looking: tokio::sync::Mutex::default(),
        };
        Self::of(size, primary, Some(replica))
    }

    fn of(size: usize, primary: Connect, replica: Option<Replica>) -> Self {
        Self {
            shared: Arc::new(Shared {
                primary,
                replica,
                permits: Arc::new(Semaphore::new(size.max(1))),
                idle: Mutex::default(),
            }),
        }
    }

    /// A session for one request.
    pub async fn get(&self) -> Result<Lease, Problem> {
        let permits = &self.shared.permits;
        let permit = match Arc::clone(permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => timeout(PATIENCE, Arc::clone(permits).acquire_owned())
                .await
                .map_err(|_| Problem::database("all sessions are in use"))?
                .map_err(|_| Problem::database("the pool is closed"))?,
        };
        Ok(Lease {
            held: Some(self.held().await?),
            pool: self.clone(),
            settled: false,
            _permit: permit,
        })
    }

    /// Puts a question that changes nothing. If the replica goes away meanwhile it is put once more, to the primary.
    pub(crate) async fn ask<Q: Question>(
        &self,
        lease: &mut Lease,
        question: &Q,
    ) -> Result<Q::Answer, Problem> {
        let replica = self.shared.replica.as_ref();
        let Some(replica) = replica.filter(|_| lease.is_replica()) else {
            return question.put(lease).await;
        };
        let began = Instant::now();
        let answer = tokio::select! {
            biased;
            answer = question.put(lease) => Some(answer),
            () = self.forsaken(replica) => None,
        };
        match answer {
            Some(Err(problem))
                if problem.kind() == Kind::DatabaseUnavailable
                    && began.elapsed() < AGAIN_WITHIN =>
            {
                tracing::info!(
                    error = problem.cause(),
                    "the replica failed to answer: the primary is asked"
                );
            }
            Some(answer) => return answer,
            None => {}
        }
        // First the old one, so that both together are not one too many.
        lease.held = None;
        lease.held = Some(self.held_by(Place::Primary).await?);
        question.put(lease).await
    }

    /// Ends when the replica is found to be away while it owes an answer. That the answer takes long proves nothing:
    /// a replica that opens another session meanwhile is at work.
    async fn forsaken(&self, replica: &Replica) {
        let slow = async {
            loop {
                sleep(SLOW).await;
                let Ok(_looking) = replica.looking.try_lock() else {
                    continue;
                };
                if let Err(problem) = open(replica).await {
                    replica.breaker.trip(problem.cause().unwrap_or_default());
                    return;
                }
            }
        };
        tokio::select! {
            () = replica.breaker.gone() => {}
            () = slow => {}
        }
    }

    /// A session, with the replica if it answers.
    async fn held(&self) -> Result<Held, Problem> {
        if let Some(replica) = self.present() {
            tokio::select! {
                biased;
                found = self.held_by(Place::Replica) => match found {
                    Ok(held) => return Ok(held),
                    Err(problem) => replica.breaker.trip(problem.cause().unwrap_or_default()),
                },
                // Somebody else learned it first.
                () = replica.breaker.gone() => {}
            }
        }
        self.held_by(Place::Primary).await
    }

    /// The replica, unless it is away. Sees to it that it is asked again in due time.
    fn present(&self) -> Option<&Replica> {
        let replica = self.shared.replica.as_ref()?;
        if !replica.breaker.is_away() {
            return Some(replica);
        }
        if replica.breaker.is_due() {
            let shared = Arc::clone(&self.shared);
            tokio::spawn(async move {
                if let Some(replica) = &shared.replica {
                    replica.breaker.asked(open(replica).await.is_ok());
                }
            });
        }
        None
    }

    async fn held_by(&self, place: Place) -> Result<Held, Problem> {
        while let Some(idle) = self.take(place) {
            match revive(idle).await {
                Revived::Alive(held) => return Ok(held),
                Revived::Silent if place == Place::Replica => {
                    return Err(Problem::database("an idle session does not answer"));
                }
                Revived::Gone | Revived::Silent => {}
            }
        }
        let session = match (place, &self.shared.replica) {
            (Place::Replica, Some(replica)) => open(replica).await?,
            _ => timeout(PATIENCE, (self.shared.primary)())
                .await
                .map_err(|_| Problem::database("connecting took too long"))??,
        };
        Ok(Held {
            session,
            place,
            statements: HashMap::new(),
        })
    }

    /// Whether a session can be had and answers.
    pub async fn is_reachable(&self) -> bool {
        let ask = async {
            let lease = self.get().await.ok()?;
            lease.simple_query("").await.ok()?;
            lease.settle();
            Some(())
        };
        matches!(timeout(CHECK, ask).await, Ok(Some(())))
    }

    /// An idle session with this server; those with another are of no use any more, and closed.
    fn take(&self, place: Place) -> Option<Idle> {
        let mut idle = self
            .shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        idle.retain(|one| one.held.place == place);
        idle.pop()
    }
}

/// A new session with the replica.
async fn open(replica: &Replica) -> Result<Session, Problem> {
    timeout(REPLICA_PATIENCE, (replica.connect)())
        .await
        .map_err(|_| Problem::database("connecting took too long"))?
}

/// What became of an idle session.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and mostly the large one"
)]
enum Revived {
    Alive(Held),
    /// Its connection is closed, or it refused.
    Gone,
    /// It says nothing.
    Silent,
}

async fn revive(idle: Idle) -> Revived {
    let session = &idle.held.session;
    if !session.is_alive() {
        return Revived::Gone;
    }
    let stale = idle.since.elapsed().map_or(true, |lain| lain > TRUSTED);
    if idle.in_doubt || stale {
        let question = if idle.in_doubt { "ROLLBACK" } else { "" };
        match timeout(CHECK, session.simple_query(question)).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => return Revived::Gone,
            Err(_) => return Revived::Silent,
        }
    }
    Revived::Alive(idle.held)
}

/// One session, for one request. Dropped without [`Lease::settle`], it goes back in doubt.
pub struct Lease {
    held: Option<Held>,
    pool: Pool,
    settled: bool,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// Gives the session back with nothing left open on it.
    pub fn settle(mut self) {
        self.settled = true;
    }

    fn is_replica(&self) -> bool {
        self.held
            .as_ref()
            .is_some_and(|held| held.place == Place::Replica)
    }

    /// A statement, prepared once for the session.
    pub async fn prepared(&mut self, sql: &'static str) -> Result<Statement, ledger::Error> {
        let held = self.held_mut();
        if let Some(statement) = held.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = held.session.prepare(sql).await?;
        held.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    fn held_mut(&mut self) -> &mut Held {
        self.held
            .as_mut()
            .expect("a lease holds its session until it is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(held) = self.held.take()
            && held.session.is_alive()
        {
            let idle = Idle {
                held,
                since: SystemTime::now(),
                in_doubt: !self.settled,
            };
            self.pool
                .shared
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(idle);
        }
    }
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self
            .held
            .as_ref()
            .expect("a lease holds its session until it is dropped")
            .session
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.held_mut().session
    }
}
