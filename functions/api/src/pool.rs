//! Database sessions of one role, checked out one request at a time.
//!
//! Inside Lambda an instance answers one request at a time and holds one session a role; outside of it a few. A
//! session that was given back in doubt (a request that was cut off half-way) is rolled back before its next use,
//! one that lay idle is asked whether it is still there, because a frozen instance does not see its server leave.

use std::collections::HashMap;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ledger::Session;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_postgres::Statement;

use crate::problem::Problem;

/// Opens one more session of the pool's role.
pub type Connect =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Session, Problem>> + Send>> + Send + Sync>;

/// How long a request waits for a session to come free, and for one to be opened.
const PATIENCE: Duration = Duration::from_secs(5);
/// A session idle for longer than this is asked before it is used.
const TRUSTED: Duration = Duration::from_secs(10);
/// What that question may take.
const CHECK: Duration = Duration::from_secs(1);

/// Sessions of one role.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    connect: Connect,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    held: Held,
    since: SystemTime,
    in_doubt: bool,
}

/// A session with the statements that were prepared on it.
struct Held {
    session: Session,
    statements: HashMap<&'static str, Statement>,
}

impl Pool {
    /// A pool of at most `size` sessions; none is opened before it is needed.
    pub fn new(size: usize, connect: Connect) -> Self {
        Self {
            shared: Arc::new(Shared {
                connect,
                permits: Arc::new(Semaphore::new(size.max(1))),
                idle: Mutex::default(),
            }),
        }
    }

    /// A session for one request.
    pub async fn get(&self) -> Result<Lease, Problem> {
        let permit = timeout(PATIENCE, Arc::clone(&self.shared.permits).acquire_owned())
            .await
            .map_err(|_| Problem::database("all sessions are in use"))?
            .map_err(|_| Problem::database("the pool is closed"))?;
        while let Some(idle) = self.take() {
            if let Some(held) = revive(idle).await {
                return Ok(self.lease(held, permit));
            }
        }
        let session = timeout(PATIENCE, (self.shared.connect)())
            .await
            .map_err(|_| Problem::database("connecting took too long"))??;
        Ok(self.lease(
            Held {
                session,
                statements: HashMap::new(),
            },
            permit,
        ))
    }

    fn lease(&self, held: Held, permit: OwnedSemaphorePermit) -> Lease {
        Lease {
            held: Some(held),
            pool: self.clone(),
            settled: false,
            _permit: permit,
        }
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

    fn take(&self) -> Option<Idle> {
        self.shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }
}

async fn revive(idle: Idle) -> Option<Held> {
    let session = &idle.held.session;
    if !session.is_alive() {
        return None;
    }
    let stale = idle.since.elapsed().map_or(true, |lain| lain > TRUSTED);
    if idle.in_doubt || stale {
        let question = if idle.in_doubt { "ROLLBACK" } else { "" };
        match timeout(CHECK, session.simple_query(question)).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return None,
        }
    }
    Some(idle.held)
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
