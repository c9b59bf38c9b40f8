//! Whether the replica is believed to answer, and when it is asked again.
//!
//! While it is away nobody waits for it: requests go to the primary at once, and one question at a time, behind their
//! backs, finds out when it is back. Requests drive this, not a clock of its own, because a frozen instance has none.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// How long a replica that went away is left alone at first.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// And at most, after it was asked in vain again and again.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What is believed of the replica.
pub(crate) struct Breaker {
    away: watch::Sender<bool>,
    next: Mutex<Next>,
}

/// The next question whether it is back.
struct Next {
    at: Instant,
    pause: Duration,
    /// Somebody is asking.
    asking: bool,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            away: watch::Sender::new(false),
            next: Mutex::new(Next {
                at: Instant::now(),
                pause: FIRST_PAUSE,
                asking: false,
            }),
        }
    }
}

impl Breaker {
    /// Whether reads pass the replica by.
    pub(crate) fn is_away(&self) -> bool {
        *self.away.borrow()
    }

    /// Ends when somebody finds the replica away.
    pub(crate) async fn gone(&self) {
        // The sender lives as long as `self`, so this ends for that reason alone.
        let _ = self.away.subscribe().wait_for(|away| *away).await;
    }

    /// The replica does not answer.
    pub(crate) fn trip(&self, why: &str) {
        if self.is_away() {
            return;
        }
        {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            next.pause = FIRST_PAUSE;
            next.at = Instant::now() + FIRST_PAUSE;
        }
        if !self.away.send_replace(true) {
            tracing::warn!(
                error = why,
                "the replica does not answer: reads go to the primary"
            );
        }
    }

    /// Whether the caller is to ask the replica now; who is told so must say what came of it.
    pub(crate) fn is_due(&self) -> bool {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let due = !next.asking && Instant::now() >= next.at;
        next.asking |= due;
        due
    }

    /// What came of asking.
    pub(crate) fn asked(&self, answers: bool) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.asking = false;
        if answers {
            drop(next);
            if self.away.send_replace(false) {
                tracing::info!("the replica answers again: reads go there");
            }
        } else {
            next.pause = (next.pause * 2).min(LONGEST_PAUSE);
            next.at = Instant::now() + next.pause;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_replica_that_is_away_is_asked_by_one_at_a_time_and_ever_more_seldom() {
        let breaker = Breaker::default();
        assert!(!breaker.is_away());
        breaker.trip("refused");
        assert!(breaker.is_away());
        for pause in [1, 2, 4, 8, 15, 15] {
            assert!(!breaker.is_due(), "too early");
            tokio::time::advance(Duration::from_secs(pause)).await;
            assert!(breaker.is_due());
            assert!(!breaker.is_due(), "somebody is asking already");
            breaker.asked(false);
        }
        tokio::time::advance(LONGEST_PAUSE).await;
        assert!(breaker.is_due());
        breaker.asked(true);
        assert!(!breaker.is_away());
    }

    #[tokio::test]
    async fn who_waits_learns_that_it_went_away() {
        let breaker = Breaker::default();
        tokio::join!(breaker.gone(), async { breaker.trip("refused") });
        breaker.gone().await;
    }
}
