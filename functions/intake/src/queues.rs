//! The function's two queues: what has arrived, and that something waits. A message is kept from coming again on the
//! queue that it came from.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use futures_util::future::BoxFuture;
use platform::messages::Control;
use platform::queue::{Queue, QueueError};

use crate::hiding::Hide;

/// Something that takes messages of ours.
pub trait Tell: Send + Sync {
    /// Sends a message that can be received after the pause.
    fn tell<'a>(
        &'a self,
        message: &'a Control,
        pause: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>>;
}

impl Tell for Queue {
    fn tell<'a>(
        &'a self,
        message: &'a Control,
        pause: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(self.send_after(message, pause))
    }
}

/// Both queues.
pub struct Queues {
    /// Where messages of objects come from.
    pub arrivals: Arc<dyn Hide>,
    /// Where messages come from that something waits.
    pub loads: Arc<dyn Hide>,
    /// The end of the queue's ARN by which messages of `loads` are known.
    pub loads_name: String,
    /// Takes messages for `loads`.
    pub tell: Arc<dyn Tell>,
}

impl Queues {
    /// The queue that a message came from.
    pub(crate) fn of(&self, message: &SqsMessage) -> Arc<dyn Hide> {
        let from_loads = message
            .event_source_arn
            .as_deref()
            .and_then(|arn| arn.rsplit(':').next())
            .is_some_and(|name| name == self.loads_name);
        Arc::clone(if from_loads {
            &self.loads
        } else {
            &self.arrivals
        })
    }
}
