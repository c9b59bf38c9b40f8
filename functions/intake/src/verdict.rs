//! What becomes of a message: it is done with, or it comes again, and when.

use std::time::Duration;

/// The pause of what nobody can act on: it is a dead letter within a minute.
const POISON: Duration = Duration::from_secs(2);

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Done with, whether well or badly: the ledger says which.
    Done,
    /// It comes again, not before the pause is over; after too many tries it is a dead letter.
    Again,
    /// It comes again at once: nothing was tried.
    Untried,
    /// Nobody can act on it: it comes again soon, and is soon a dead letter. (Not dropped: a newer
    /// release may understand it.)
    Poison,
}

impl Verdict {
    /// Of two objects in one message the one that is not done decides. What is done already
    /// costs the other try one look into the ledger.
    #[must_use]
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            // What may yet succeed decides over what cannot.
            (Verdict::Again, _) | (_, Verdict::Again) => Verdict::Again,
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
            Verdict::Poison => Some(POISON),
            Verdict::Again => Some(lane::pause(tries, spread)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(span(Verdict::Again, 0), 7022);
        assert!(span(Verdict::Again, 255) < 7022 * 5 / 4);
    }

    #[test]
    fn what_nobody_can_act_on_is_a_dead_letter_within_a_minute() {
        assert!(span(Verdict::Poison, 255) < 60);
    }

    #[test]
    fn messages_that_fail_together_come_again_apart() {
        let pause = |spread| Verdict::Again.pause(4, spread).expect("a pause");
        assert!(pause(255) > pause(0) && pause(255) < pause(0) * 5 / 4);
    }

    #[test]
    fn one_object_that_must_come_again_brings_its_message_again() {
        let later = Verdict::Again;
        assert_eq!(Verdict::Done.and(later), later);
        assert_eq!(later.and(Verdict::Done), later);
        assert_eq!(later.and(Verdict::Untried), later);
        assert_eq!(Verdict::Untried.and(later), later);
        assert_eq!(Verdict::Done.and(Verdict::Done), Verdict::Done);
        assert_eq!(Verdict::Poison.and(Verdict::Done), Verdict::Poison);
        assert_eq!(Verdict::Done.pause(1, 0), None);
    }
}
