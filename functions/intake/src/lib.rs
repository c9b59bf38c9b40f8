//! The intake function: messages of the queue become loaded batches.
//!
//! A message is a notification of the incoming bucket, or a word of our own (`platform::messages`).
//! Messages are handled one after the other, each on its own; the answer names those that must
//! come again. What is right about a batch is decided in `loader` and `ledger`: this crate knows
//! when to begin, when to stop, and what becomes of the message.

mod batch;
mod deadline;
mod delivery;
mod event;
mod hiding;
mod problems;
mod verdict;

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use platform::messages::Control;
use platform::probe::Health;

pub use batch::{Loading, Open};
pub use deadline::Deadline;
pub use event::{Message, Object, Unreadable, parse};
pub use hiding::{Hidden, Hide};
pub use verdict::Verdict;

/// One instance of the function, kept from one invocation to the next.
pub struct Intake {
    /// What loads.
    pub loading: Loading,
    /// The queue, to keep messages hidden.
    pub queue: Arc<dyn Hide>,
}

impl Intake {
    /// What this release reaches: the ledger, and the table's database as the loader.
    pub async fn health(&mut self) -> Health {
        let loading = &mut self.loading;
        Health::of(&loading.settings.common.release)
            .with("the ledger", loading.ledger.session().await)
            .with(
                "the database as the loader",
                loading.database.session().await,
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
        let body = message.body.unwrap_or_default();
        let receipt = message.receipt_handle.unwrap_or_default();
        let lease = self.loading.settings.lease;
        let hidden = Hidden::begin(Arc::clone(&self.queue), receipt.clone(), lease);
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
        if let Err(error) = self.queue.hide(&receipt, pause).await {
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
                    verdict = verdict.and(self.loading.object(object, deadline).await);
                }
                verdict
            }
            Ok(Message::Control(Control::Load { batch })) => {
                self.loading.batch(batch, deadline).await
            }
            Ok(Message::Control(Control::Undo { batch, by })) => {
                self.loading.undo(batch, &by, deadline).await
            }
            Err(unreadable) => {
                tracing::error!(message = id, error = %unreadable, "the message cannot be read");
                Verdict::Poison
            }
        }
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
