//! The intake function: objects that appear become batches that wait, and batches that wait become loaded.
//!
//! It has two queues. A message of the first says that objects appeared: their batches become known and get their
//! place in the ledger's queue ([`arrival`]). A message of the second says no more than that somebody waits: which batch
//! is loaded then, the ledger decides ([`turns`]). Messages are handled one after the other, each on its own; the answer
//! names those that must come again.

mod arrival;
mod deadline;
mod event;
mod hiding;
mod queues;
mod turns;
mod undo;
mod verdict;

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use lane::Loading;
use ledger::{BatchId, Error, Lane};
use platform::jobs::{Jobs, Tasks};
use platform::messages::Control;
use platform::probe::Health;

use arrival::Lanes;

pub use deadline::Deadline;
pub use event::{Message, Object, Unreadable, parse};
pub use hiding::{Hidden, Hide};
pub use queues::{Queues, Tell};
pub use verdict::Verdict;

/// One instance of the function, kept from one invocation to the next.
pub struct Intake {
    /// The bucket whose objects are batches.
    pub incoming_bucket: String,
    /// What loads.
    pub loading: Loading,
    /// Where messages come from and go to.
    pub queues: Queues,
    /// The task lane, where there is one.
    pub tasks: Option<Arc<dyn Tasks>>,
    /// The most rows of a batch that is undone here, where there is one.
    pub undo_rows: u64,
    /// The Spark lane, where there is one.
    pub spark: Option<SparkLane>,
}

/// The Spark lane.
pub struct SparkLane {
    /// What starts its jobs.
    pub jobs: Arc<dyn Jobs>,
    /// From which size of the content on a batch is for it.
    pub from_bytes: u64,
}

impl Intake {
    /// What this release reaches: the ledger, and the table's database as the loader.
    pub async fn health(&mut self) -> Health {
        let loading = &mut self.loading;
        Health::of(&loading.settings.release)
            .with("the ledger", loading.sessions.ledger.session().await)
            .with(
                "the database as the loader",
                loading.sessions.database.session().await,
            )
    }

    /// Handles one event and answers which messages come again.
    pub async fn handle(&mut self, event: SqsEvent, deadline: Deadline) -> SqsBatchResponse {
        let mut answer = SqsBatchResponse::default();
        for message in event.records {
            let id = message.message_id.clone().unwrap_or_default();
            if !self.message(&id, message, deadline).await {
                answer.add_failure(id);
            }
        }
        answer
    }

    /// Handles one message; `false`: it comes again.
    async fn message(&mut self, id: &str, message: SqsMessage, deadline: Deadline) -> bool {
        let tries = tries(&message);
        let queue = self.queues.of(&message);
        let body = message.body.unwrap_or_default();
        let receipt = message.receipt_handle.unwrap_or_default();
        let lease = self.loading.settings.load.lease;
        let hidden = Hidden::begin(Arc::clone(&queue), receipt.clone(), lease);
        let verdict = Box::pin(self.verdict(id, &body, deadline)).await;
        hidden.end().await;
        let Some(pause) = verdict.pause(tries, spread(id)) else {
            return true;
        };
        tracing::info!(
            message = id,
            tries,
            pause_s = pause.as_secs(),
            "the message comes again"
        );
        if let Err(error) = queue.hide(&receipt, pause).await {
            // It comes again when the last hiding is over, which is soon as well.
            tracing::warn!(error = ledger::chain(&error), "the pause could not be set");
        }
        false
    }

    async fn verdict(&mut self, id: &str, body: &str, deadline: Deadline) -> Verdict {
        if tokio::time::Instant::now() >= deadline.stop() {
            return Verdict::Untried;
        }
        match parse(body) {
            Ok(Message::Nothing) => {
                tracing::info!(message = id, "nothing to load in this message");
                Verdict::Done
            }
            Ok(Message::Objects(objects)) => {
                let mut verdict = Verdict::Done;
                for object in &objects {
                    verdict = verdict.and(self.object(object).await);
                }
                verdict
            }
            Ok(Message::Control(Control::Next)) => self.turns(deadline).await,
            Ok(Message::Control(Control::Sweep)) => {
                let turns = self.turns(deadline).await;
                match turns.and(self.start_forgotten_jobs(deadline).await) {
                    // The next one is due soon; where the database sleeps at night, none of them is to pile up.
                    Verdict::Again => Verdict::Done,
                    verdict => verdict,
                }
            }
            Ok(Message::Control(Control::Load { batch })) => self.replay(batch, deadline).await,
            Ok(Message::Control(Control::Undo { batch, by })) => {
                self.undo(batch, &by, deadline).await
            }
            Err(unreadable) => {
                tracing::error!(message = id, error = %unreadable, "the message cannot be read");
                Verdict::Poison
            }
        }
    }

    /// An object appeared.
    async fn object(&mut self, object: &Object) -> Verdict {
        if object.bucket != self.incoming_bucket {
            tracing::error!(
                bucket = object.bucket,
                "an event of a bucket that is not ours: is the queue wired to another one?"
            );
            return Verdict::Poison;
        }
        if loader::is_part(&object.key) {
            // Its manifest has an event of its own.
            return Verdict::Done;
        }
        let lanes = Lanes {
            function: self.tasks.as_ref().and(self.loading.settings.largest),
            spark: self.spark.as_ref().map(|spark| spark.from_bytes),
        };
        let arrived = match self.loading.sessions.ledger.session().await {
            Ok(session) => arrival::arrive(session, object, lanes).await,
            Err(error) => Err(error),
        };
        match arrived {
            Ok(arrived) if arrived.waits => {
                tracing::info!(batch = %arrived.id, lane = %arrived.lane, "the batch waits");
                self.tell(arrived.id, arrived.lane).await
            }
            Ok(arrived) => {
                tracing::info!(batch = %arrived.id, "the batch is settled already");
                Verdict::Done
            }
            Err(error) => self.unsettled(&error, "the batch could not be made known"),
        }
    }

    /// Sees to it that somebody comes for a batch that waits.
    async fn tell(&mut self, batch: BatchId, lane: Lane) -> Verdict {
        match lane {
            Lane::Function => self.tell_loads(std::time::Duration::ZERO).await,
            Lane::Task | Lane::Spark => self.start_job(batch, lane).await,
        }
    }

    /// Says on the queue of loads that somebody waits, or will after the pause.
    async fn tell_loads(&self, pause: std::time::Duration) -> Verdict {
        match self.queues.tell.tell(&Control::Next, pause).await {
            Ok(()) => Verdict::Done,
            Err(error) => {
                tracing::warn!(
                    error = ledger::chain(&error),
                    "the queue of loads cannot be told"
                );
                Verdict::Again
            }
        }
    }

    /// The ledger could not be asked or told: the message comes again.
    fn unsettled(&mut self, error: &Error, what: &str) -> Verdict {
        self.loading.sessions.ledger.close();
        let chain = ledger::chain(error);
        if error.is_retryable() {
            tracing::warn!(error = chain, "{what}");
        } else {
            tracing::error!(error = chain, "{what}");
        }
        Verdict::Again
    }
}

/// How often the message was delivered, this time included.
fn tries(message: &SqsMessage) -> u32 {
    message
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok())
        .unwrap_or(1)
}

/// A number of the message's own, spread evenly: FNV-1a of its id.
fn spread(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
