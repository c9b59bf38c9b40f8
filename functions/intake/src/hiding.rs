//! A message in work stays hidden about one lease ahead, so that it comes again soon after its
//! function was killed. (The queue's own timeout must be six times the function's.)

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use platform::queue::{Queue, QueueError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// Something that can hide a received message for a while.
pub trait Hide: Send + Sync {
    /// Hides it from now on for as long as told.
    fn hide<'a>(
        &'a self,
        receipt: &'a str,
        how_long: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>>;
}

impl Hide for Queue {
    fn hide<'a>(
        &'a self,
        receipt: &'a str,
        how_long: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(Queue::hide(self, receipt, how_long))
    }
}

/// A message that is being kept hidden.
pub struct Hidden {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Hidden {
    /// Begins, at once, and goes on until stopped.
    pub fn begin(queue: Arc<dyn Hide>, receipt: String, lease: Duration) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut beat = interval(lease / 3);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut complained = false;
            loop {
                tokio::select! {
                    biased;
                    _ = &mut stopped => return,
                    _ = beat.tick() => {}
                }
                // Not raced with `stopped`: a call on its way would arrive after the last word
                // on the message.
                if let Err(error) = queue.hide(&receipt, lease).await
                    && !std::mem::replace(&mut complained, true)
                {
                    tracing::warn!(
                        error = ledger::chain(&error),
                        "the message could not be kept hidden: should this function die, it \
                         comes again later than usual"
                    );
                }
            }
        });
        Hidden { stop, task }
    }

    /// Ends it: no call is on its way any more.
    pub async fn end(self) {
        // A task that has ended by itself is as good.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[derive(Default)]
    struct Counting(AtomicU32);

    impl Hide for Counting {
        fn hide<'a>(
            &'a self,
            _: &'a str,
            how_long: Duration,
        ) -> BoxFuture<'a, Result<(), QueueError>> {
            assert_eq!(how_long, Duration::from_secs(30));
            self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_is_hidden_at_once_thrice_a_lease_and_not_after_the_end() {
        let queue = Arc::new(Counting::default());
        let hidden = Hidden::begin(queue.clone(), "r".to_owned(), Duration::from_secs(30));
        tokio::time::sleep(Duration::from_secs(29)).await;
        assert_eq!(queue.0.load(Ordering::SeqCst), 3);
        hidden.end().await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(queue.0.load(Ordering::SeqCst), 3);
    }
}
