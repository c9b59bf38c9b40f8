//! How long something that was interrupted rests before it is tried again.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_secs(2);
/// The longest. Twenty tries (`ledger::ATTEMPTS`, and `max_receive_count` in `platform::names`) span 19 pauses: 7,022 s,
/// so that an outage of not quite two hours is outlived, a quarter more where the spread is large.
const LONGEST: Duration = Duration::from_secs(600);

/// The pause after so many tries, from 1. `spread` is any number of one's own: what failed together does not come
/// again together.
pub fn pause(tries: u32, spread: u64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << tries.clamp(1, 16).saturating_sub(1));
    let base = doubled.min(LONGEST);
    // Up to a quarter more.
    let more = base.as_millis() as u64 * (spread % 256) / 1024;
    base + Duration::from_millis(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        let seconds = |tries| pause(tries, 0).as_secs();
        assert_eq!(
            [1, 2, 3, 9, 10, 4000].map(seconds),
            [2, 4, 8, 512, 600, 600]
        );
    }

    #[test]
    fn an_outage_of_nearly_two_hours_is_outlived() {
        let span = |spread| -> u64 {
            (1..ledger::ATTEMPTS as u32)
                .map(|tries| pause(tries, spread))
                .sum::<Duration>()
                .as_secs()
        };
        assert_eq!(span(0), 7022);
        assert!(span(255) < 7022 * 5 / 4);
    }
}
