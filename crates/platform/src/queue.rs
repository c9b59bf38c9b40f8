//! Queues: sending our own messages, and how long a message in work stays hidden.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{BoxError, SdkError};
use thiserror::Error;

use crate::messages::Control;

/// The longest that SQS hides a message.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// The longest that SQS holds a message back.
const LONGEST_DELAY: Duration = Duration::from_secs(15 * 60);

/// Whole seconds; a part of one counts as one, so that a short wait does not become none.
fn seconds(how_long: Duration) -> i32 {
    let seconds = how_long.as_secs() + u64::from(how_long.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// The queue could not be reached, or refused.
#[derive(Debug, Error)]
#[error("the queue did not take {what}")]
pub struct QueueError {
    what: &'static str,
    #[source]
    source: BoxError,
}

impl QueueError {
    fn new<E, R>(what: &'static str, error: SdkError<E, R>) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        QueueError {
            what,
            source: Box::new(error),
        }
    }
}

/// One queue.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// A queue by its URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Queue {
            client,
            url: url.into(),
        }
    }

    /// The queue's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The queue's name: the end of its URL.
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or(&self.url)
    }

    /// Puts a message of ours on the queue.
    pub async fn send(&self, message: &Control) -> Result<(), QueueError> {
        self.send_after(message, Duration::ZERO).await
    }

    /// Puts a message of ours on the queue, to be received after the pause; at most a quarter of an hour.
    pub async fn send_after(&self, message: &Control, pause: Duration) -> Result<(), QueueError> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(message.to_body())
            .delay_seconds(seconds(pause.min(LONGEST_DELAY)))
            .send()
            .await
            .map_err(|error| QueueError::new("a message", error))?;
        Ok(())
    }

    /// Hides a received message from now on for as long as told; zero shows it at once.
    pub async fn hide(&self, receipt: &str, how_long: Duration) -> Result<(), QueueError> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(seconds(how_long.min(LONGEST)))
            .send()
            .await
            .map_err(|error| QueueError::new("a message's visibility", error))?;
        Ok(())
    }
}
