//! What becomes of a message: it is done with, or it comes again, and when.

use std::time::Duration;

/// The first pause before a message comes again.
const FIRST: Duration = Duration::from_secs(2);
/// The longest. The queue's twenty tries (`max_receive_count` in `platform::names`) span 19 pauses:
/// 7,022 s, so an outage of not quite two hours is outlived, a quarter more where the spread is
/// large. What nobody can act on pauses for [`FIRST`] only and is a dead letter within a minute.
const LONGEST: Duration = Duration::from_secs(600);

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Done with, whether well or badly: the ledger says which.
    Done,
    /// It comes again, not before the pause is over; after too many tries it is a dead letter.
    Again {
        /// The least pause; the number of tries may make it longer.
        least: Duration,
    },
    /// It comes again at once: nothing was tried.
    Untried,
    /// Nobody can act on it: it comes again soon, and is soon a dead letter. (Not dropped: a newer
    /// release may understand it.)
    Poison,
}

impl Verdict {
    /// It comes again after the usual pause.
    pub const AGAIN: Verdict = Verdict::Again {
        least: Duration::ZERO,
    };

    /// Of two objects in one message the one that is not done decides. What is done already
    /// costs the other try one look into the ledger.
    #[must_use]
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::Again { least: a }, Verdict::Again { least: b }) => {
                Verdict::Again { least: a.max(b) }
            }
            // What may yet succeed decides over what cannot.
            (again @ Verdict::Again { .. }, _) | (_, again @ Verdict::Again { .. }) => again,
            (Verdict::Untried, _) | (_, Verdict::Untried) => Verdict::Untried,
            (Verdict::Poison, _) | (_, Verdict::Poison) => Verdict::Poison,
            (Verdict::Done, Verdict::Done) => Verdict::Done,
        }
    }

    /// How long the message stays hidden; `None` where it is done with.
    ///
    /// `tries` counts this one, from 1. `spread` is any number of the message's own: messages that
    /// failed together do not come again together.
    pub fn pause(self, tries: u32, spread: u64) -> Option<Duration> {
        match self {
            Verdict::Done => None,
            Verdict::Untried => Some(Duration::ZERO),
            Verdict::Poison => Some(FIRST),
            Verdict::Again { least } => {
                let doubled = FIRST.saturating_mul(1 << tries.clamp(1, 16).saturating_sub(1));
                let base = doubled.min(LONGEST).max(least);
                // Up to a quarter more.
                let more = base.as_millis() as u64 * (spread % 256) / 1024;
                Some(base + Duration::from_millis(more))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        let pause = |tries| Verdict::AGAIN.pause(tries, 0).expect("a pause").as_secs();
        assert_eq!([1, 2, 3, 9, 10, 4000].map(pause), [2, 4, 8, 512, 600, 600]);
    }

    /// From the first try to the last.
    fn span(verdict: Verdict, spread: u64) -> u64 {
        let tries = platform::names::Names::new("prod")
            .expect("a good name")
            .intake_settings()
            .max_receive_count;
        (1..tries)
            .filter_map(|n| verdict.pause(n, spread))
            .sum::<Duration>()
            .as_secs()
    }

    #[test]
    fn an_outage_of_nearly_two_hours_is_outlived() {
        assert_eq!(span(Verdict::AGAIN, 0), 7022);
        assert!(span(Verdict::AGAIN, 255) < 7022 * 5 / 4);
    }

    #[test]
    fn what_nobody_can_act_on_is_a_dead_letter_within_a_minute() {
        assert!(span(Verdict::Poison, 255) < 60);
    }

    #[test]
    fn messages_that_fail_together_come_again_apart() {
        let least = Duration::from_secs(100);
        let pause = |spread| Verdict::Again { least }.pause(1, spread).expect("a pause");
        assert_eq!(pause(0), least);
        assert!(pause(255) > least && pause(255) < least * 5 / 4);
    }

    #[test]
    fn one_object_that_must_come_again_brings_its_message_again() {
        let later = Verdict::Again {
            least: Duration::from_secs(9),
        };
        assert_eq!(Verdict::Done.and(later), later);
        assert_eq!(later.and(Verdict::Done), later);
        assert_eq!(later.and(Verdict::Untried), later);
        assert_eq!(Verdict::Untried.and(later), later);
        assert_eq!(Verdict::AGAIN.and(later), later);
        assert_eq!(Verdict::Done.and(Verdict::Done), Verdict::Done);
        assert_eq!(Verdict::Poison.and(Verdict::Done), Verdict::Poison);
        assert_eq!(Verdict::Done.pause(1, 0), None);
    }
}
