//! A message says that somebody waits. Whoever is next is loaded, and then the next, for a while: under a burst the
//! loader that is warm goes on, and messages that are left over find nothing to do.

use std::sync::Arc;
use std::time::Duration;

use lane::End;
use ledger::{Batch, BatchId, Error, ErrorKind, Held, Lane, Problem};
use platform::jobs::{Job, Jobs};
use tokio::time::Instant;

use crate::verdict::Verdict;
use crate::{Deadline, Intake};

/// How long one message goes on with batches that other messages were sent for. Short, so that work moves to a new
/// version soon after its release.
const WHILE: Duration = Duration::from_secs(20);
/// Who waits so long for a job may have been forgotten. Another is started only if it has none.
const FORGOTTEN: Duration = Duration::from_secs(300);
/// One job that cannot be started may be its batch's fault. So many say that what starts jobs is away.
const REFUSALS: usize = 3;

impl Intake {
    /// Loads who is next, until nobody waits or the while is over.
    pub(crate) async fn turns(&mut self, deadline: Deadline) -> Verdict {
        let until = Instant::now() + WHILE;
        loop {
            match self.loading.claim_next().await {
                Ok(Some(held)) => {
                    let verdict = self.load(&held, deadline).await;
                    if verdict != Verdict::Done {
                        return verdict;
                    }
                }
                Ok(None) => return Verdict::Done,
                Err(error) => return self.unsettled(&error, "no batch could be claimed"),
            }
            if Instant::now() >= until || deadline.is_late() {
                // A message for this one: should those that wait have lost theirs, it goes on.
                return self.tell_loads(Duration::ZERO).await;
            }
        }
    }

    /// Somebody asked for another try of one batch, which waits: whoever is next is loaded.
    pub(crate) async fn replay(&mut self, id: BatchId, deadline: Deadline) -> Verdict {
        let requeued = match self.loading.sessions.ledger.session().await {
            Ok(session) => put_back(session, id).await,
            Err(error) => Err(error),
        };
        match requeued {
            // One that is loading has no lane to wait in: if its loader is gone, it is looked after in its turn.
            Ok(None | Some(Lane::Function)) => self.turns(deadline).await,
            Ok(Some(lane)) => self.tell(id, lane).await,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tracing::error!(batch = %id, "the ledger does not know this batch");
                Verdict::Poison
            }
            Err(error) => self.unsettled(&error, "the batch could not be put back"),
        }
    }

    async fn load(&mut self, held: &Held, deadline: Deadline) -> Verdict {
        match Box::pin(self.loading.run(held, deadline.over())).await {
            // Superseded: it has a message of its own, since whoever took it came with one.
            End::Settled(_) | End::Superseded => Verdict::Done,
            End::Postponed(pause) => self.tell_loads(pause).await,
            // Where that fails the next sweep does it: this message is not the batch's.
            End::Moved(lane) => match self.tell(held.id, lane).await {
                Verdict::Again => Verdict::Done,
                verdict => verdict,
            },
            End::Untold => Verdict::Again,
        }
    }

    /// What starts the jobs of a lane, where it has jobs and is there.
    fn jobs(&self, lane: Lane) -> Option<Arc<dyn Jobs>> {
        match lane {
            Lane::Function => None,
            Lane::Task => self.tasks.clone().map(|tasks| tasks as Arc<dyn Jobs>),
            Lane::Spark => self.spark.as_ref().map(|spark| Arc::clone(&spark.jobs)),
        }
    }

    /// Starts the job of a batch that waits in a lane, unless it has one.
    pub(crate) async fn start_job(&mut self, id: BatchId, lane: Lane) -> Verdict {
        let Some(jobs) = self.jobs(lane) else {
            return self.leave(id, lane).await;
        };
        let found = match self.loading.sessions.ledger.session().await {
            Ok(session) => ledger::find(session, id).await,
            Err(error) => Err(error),
        };
        let batch = match found {
            Ok(Some(batch)) => batch,
            Ok(None) => return Verdict::Poison,
            Err(error) => return self.unsettled(&error, "the batch could not be looked up"),
        };
        let job = Job {
            batch: id,
            bytes: content_bytes(&batch),
            urgent: batch.options.urgent,
            noted: batch.job,
        };
        let started = match jobs.start(job).await {
            Ok(started) => started,
            Err(error) => {
                tracing::warn!(batch = %id, error = ledger::chain(&error), "no job could be started");
                return Verdict::Again;
            }
        };
        tracing::info!(batch = %id, job = started, "the batch has a job");
        let noted = match self.loading.sessions.ledger.session().await {
            Ok(session) => ledger::note_job(session, id, &started).await,
            Err(error) => Err(error),
        };
        match noted {
            Ok(()) => Verdict::Done,
            // Another delivery finds the job by its name.
            Err(error) => self.unsettled(&error, "the job could not be noted"),
        }
    }

    /// Moves a batch out of a lane that was taken away, into the largest that is there: what it is too large for says so.
    async fn leave(&mut self, id: BatchId, lane: Lane) -> Verdict {
        let to = match lane {
            Lane::Spark if self.tasks.is_some() => Lane::Task,
            _ => Lane::Function,
        };
        tracing::warn!(batch = %id, %lane, %to, "the batch waits in a lane that is not there: it is moved");
        let moved = match self.loading.sessions.ledger.session().await {
            Ok(session) => ledger::change_lane(session, id, lane, to).await,
            Err(error) => Err(error),
        };
        match moved {
            Ok(true) => Box::pin(self.tell(id, to)).await,
            Ok(false) => Verdict::Done,
            Err(error) => self.unsettled(&error, "the batch could not be moved"),
        }
    }

    /// Starts jobs of batches that wait for one far too long.
    pub(crate) async fn start_forgotten_jobs(&mut self, deadline: Deadline) -> Verdict {
        let tasks = self.start_forgotten(Lane::Task, deadline).await;
        tasks.and(self.start_forgotten(Lane::Spark, deadline).await)
    }

    async fn start_forgotten(&mut self, lane: Lane, deadline: Deadline) -> Verdict {
        let forgotten = match self.loading.sessions.ledger.session().await {
            Ok(session) => ledger::overdue(session, lane, FORGOTTEN).await,
            Err(error) => Err(error),
        };
        let batches = match forgotten {
            Ok(batches) => batches,
            Err(error) => {
                return self.unsettled(&error, "those that wait could not be looked up");
            }
        };
        let (mut verdict, mut refusals) = (Verdict::Done, 0);
        for batch in batches {
            // What starts jobs may be out of reach, and takes its time to say so.
            if deadline.is_late() || refusals == REFUSALS {
                break;
            }
            let started = self.start_job(batch, lane).await;
            refusals += usize::from(started != Verdict::Done);
            verdict = verdict.and(started);
        }
        verdict
    }
}

/// How much content a batch has, as far as that can be told: nobody knows of a manifest before it is read, and one that had
/// no time in a machine of the guessed size needs a larger one.
fn content_bytes(batch: &Batch) -> Option<u64> {
    let out_of_time = |problem: &Problem| problem.is(Problem::OUT_OF_TIME);
    if batch.error.as_ref().is_some_and(out_of_time) {
        return None;
    }
    let key = loader::parse_key(&batch.source.key).ok()?;
    Some(key.content_bytes(batch.progress.total_bytes?))
}

/// Sees to it that a batch waits, and is due, and answers its lane; `None`: it is being loaded or is settled.
///
/// Who asks for a replay has put the batch back already; a release from before the queue left that to this message. One
/// that is over for good stays so, unless it waits since: the message may be an old one.
async fn put_back(session: &ledger::Client, id: BatchId) -> Result<Option<Lane>, Error> {
    let batch = ledger::find(session, id)
        .await?
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "no such batch"))?;
    let for_good =
        |problem: &Problem| problem.is(Problem::CANCELLED) || problem.is(Problem::GIVEN_UP);
    let waits = if batch.error.as_ref().is_some_and(for_good) {
        batch.waits
    } else {
        ledger::requeue(session, id).await?
    };
    Ok(waits.then_some(batch.lane))
}
