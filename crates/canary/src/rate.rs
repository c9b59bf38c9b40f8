//! How often the old version fails, as far as that is known.

use crate::evidence::Counts;
use crate::policy::Tolerance;
use crate::ratio::likelihood;

/// The weight, in requests, of what is usual against what was counted. Small, so that a version that was broken for an
/// hour is known to be broken.
const USUAL_WEIGHS: f64 = 10.0;
/// The most that the time before the release weighs, in requests: what the old version does at the same time as the new
/// one says more, since both share the same database and the same partners.
const BEFORE_WEIGHS: f64 = 1_000.0;
/// The most that real requests weigh, in requests, where synthetic ones were made to the old version as well: what real
/// ones meet is a first guess at what synthetic ones meet.
const REAL_WEIGHS: f64 = 100.0;
/// How much more likely a change of the old version's rate must be than none, as a logarithm: a hundred times.
const CHANGED: f64 = 4.6;

/// How often something went wrong, and how well that is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    mean: f64,
    /// Requests it was learned from.
    weight: f64,
}

impl Rate {
    /// The old version's. What it does while the new one runs counts for more than what it did before; and where the two
    /// contradict each other, as when the database broke down a minute ago or was mended, it counts alone.
    pub(crate) fn of_old(now: Counts, before: Counts, tolerance: Tolerance) -> Self {
        let usual = Rate {
            mean: tolerance.usual.get(),
            weight: USUAL_WEIGHS,
        };
        let known = usual.learn(before, BEFORE_WEIGHS);
        if known.has_changed(now, tolerance) {
            usual.learn(now, f64::INFINITY)
        } else {
            known.learn(now, f64::INFINITY)
        }
    }

    /// The same after more was counted, which weighs no more than so many requests.
    pub(crate) fn learn(self, counts: Counts, at_most: f64) -> Self {
        let counts = counts.whole();
        if counts.requests == 0 {
            return self;
        }
        let requests = counts.requests as f64;
        let weight = requests.min(at_most);
        let errors = counts.errors as f64 * weight / requests;
        Rate {
            mean: (self.mean * self.weight + errors) / (self.weight + weight),
            weight: self.weight + weight,
        }
    }

    /// The same as a first guess at how often synthetic requests fail.
    pub(crate) fn as_a_guess(self) -> Self {
        Rate {
            weight: self.weight.min(REAL_WEIGHS),
            ..self
        }
    }

    pub(crate) fn mean(self) -> f64 {
        self.mean
    }

    /// How far the truth may lie from the mean, squared.
    pub(crate) fn variance(self) -> f64 {
        self.mean * (1.0 - self.mean) / (self.weight + 1.0)
    }

    /// Whether it is markedly more by now, or half of it at most.
    fn has_changed(self, now: Counts, tolerance: Tolerance) -> bool {
        let usual = tolerance.usual.get();
        let rate = self.mean.max(usual);
        let worse = Some(rate + tolerance.margin(rate)).filter(|worse| *worse < 1.0);
        // Less than what is usual is not believed anyway.
        let better = Some(rate / 2.0).filter(|_| rate > usual);
        [worse, better]
            .into_iter()
            .flatten()
            .any(|other| likelihood(now, other) - likelihood(now, rate) >= CHANGED)
    }
}
