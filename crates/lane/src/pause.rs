//! How long something that was interrupted rests before it is tried again.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_secs(2);
/// The longest.
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
    fn a_night_without_the_store_is_outlived() {
        let tries = 1..ledger::ATTEMPTS.unsigned_abs();
        let span: Duration = tries.map(|tries| pause(tries, 0)).sum();
        assert_eq!(span.as_secs(), 55_022);
    }
}
