//! How long this invocation may still work: less than Lambda gives it, so that there is time left
//! to write down that it was not enough.

use std::time::{Duration, SystemTime};

use lane::Stop;
use tokio::time::{Instant, sleep_until};

/// The most that is kept back, and the least.
const MARGIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(20));

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    began: Instant,
    stop: Instant,
}

impl Deadline {
    /// Of an invocation that Lambda ends at `end`. A tenth of the time is kept back, within bounds.
    pub fn new(end: SystemTime) -> Self {
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        Self::within(left)
    }

    /// Of an invocation that may last so long from now.
    pub fn within(left: Duration) -> Self {
        let margin = (left / 10).clamp(MARGIN.0, MARGIN.1);
        let began = Instant::now();
        Deadline {
            began,
            stop: began + left.saturating_sub(margin),
        }
    }

    /// When to stop.
    pub fn stop(self) -> Instant {
        self.stop
    }

    /// Comes when it is time to stop, and says whether what begins now will have had its chance by then. Begun with too
    /// little left, its end says nothing about its size.
    pub fn over(self) -> impl Future<Output = Stop> {
        let why = if self.is_late() {
            Stop::Interrupted
        } else {
            Stop::OutOfTime
        };
        async move {
            sleep_until(self.stop).await;
            why
        }
    }

    /// Whether less than half of the time is left: a load that is begun now and does not end has
    /// not had its chance.
    pub fn is_late(self) -> bool {
        let all = self.stop - self.began;
        self.stop.saturating_duration_since(Instant::now()) < all / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_part_of_the_time_is_kept_back() {
        let left = |s: u64| {
            let deadline = Deadline::within(Duration::from_secs(s));
            (deadline.stop() - deadline.began).as_secs()
        };
        assert_eq!((left(900), left(100), left(5), left(0)), (880, 90, 4, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn an_invocation_is_late_in_its_second_half() {
        let deadline = Deadline::within(Duration::from_secs(100));
        assert!(!deadline.is_late());
        tokio::time::sleep(Duration::from_secs(50)).await;
        assert!(deadline.is_late());
        assert!(Deadline::new(SystemTime::UNIX_EPOCH).stop() <= Instant::now());
    }
}
