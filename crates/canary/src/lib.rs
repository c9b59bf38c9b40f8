//! The rule by which a release goes on, waits, or is taken back: from what was counted to a verdict, without I/O.
//!
//! [`judge`] looks at one step of a release, as often as one likes. It holds no state: every call is given all that was
//! counted since the step began. `docs/canary.md` tells the rule to people; the numbers are in [`Policy`], the
//! arithmetic in `ratio`, the order of the questions in `judge`.

mod evidence;
mod judge;
mod policy;
mod rate;
mod ratio;
mod trial;
mod verdict;
mod words;

pub use evidence::{Alarms, Counts, Evidence, Indicator, Kind, Synthetic};
pub use judge::judge;
pub use policy::{OutOfRange, Policy, Risk, Share, SyntheticLimits, Tolerance, Tolerances};
pub use verdict::{Traffic, Verdict};

/// From how many milliseconds on a request counts as slow, by the time that nine in ten of the old version's stayed
/// below: half as much again, and at least a tenth of a second more. Less than that nobody notices.
pub fn slow_above_ms(old_p90_ms: f64) -> u64 {
    (old_p90_ms * 1.5).max(old_p90_ms + 100.0).ceil() as u64
}
