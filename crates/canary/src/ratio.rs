//! Wald's sequential probability ratio test.
//!
//! A. Wald, "Sequential Tests of Statistical Hypotheses", The Annals of Mathematical Statistics 16 (1945), 117-186. Of
//! all tests with the same risks it needs the fewest observations on average (Wald and Wolfowitz 1948), and it may be
//! looked at after each of them: the risks hold whenever it ends. A test of a fixed size that is looked at again and
//! again is wrong more often with every look.
//!
//! Two hypotheses are weighed against each other: the new version fails as often as the old one, or markedly more
//! often. Wald takes both rates as known. Here the old one is estimated from what the old version was seen to do, so it
//! is given as three rates with weights (his weight functions, section 4.1 of the paper): the estimate, and one to
//! each side of it. They are the nodes of Gauss-Hermite quadrature: mean and spread of the estimate are kept.

use crate::evidence::Counts;
use crate::policy::{Risk, Tolerance};
use crate::rate::Rate;

/// How many standard deviations the outer nodes lie from the middle, squared.
const NODE: f64 = 3.0;

/// Where a test ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// From here on the new version is worse.
    pub(crate) worse: f64,
    /// From here on it is not, downwards.
    pub(crate) no_worse: f64,
    /// From here on it is worse when nobody waits for more.
    pub(crate) doubt: f64,
}

impl Bounds {
    /// The risk of taking a good version back is shared by all tests, since one suffices for it; a bad one must pass them
    /// all, and stands as little chance with one.
    pub(crate) fn of(risk: Risk, tests: usize) -> Self {
        let take_back = risk.wrong_take_back.get() / tests.max(1) as f64;
        let promotion = risk.wrong_promotion.get();
        let worse = ((1.0 - promotion) / take_back).ln();
        Bounds {
            worse,
            no_worse: (promotion / (1.0 - take_back)).ln(),
            doubt: (1.0 / risk.doubt.get()).ln().min(worse),
        }
    }
}

/// One pair of hypotheses.
#[derive(Debug, Clone, Copy)]
struct Pair {
    /// Of all the pairs, as a logarithm.
    weight: f64,
    /// As often as the old version.
    same: f64,
    /// Markedly more often.
    worse: f64,
}

/// The hypotheses about one indicator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hypotheses([Pair; 3]);

impl Hypotheses {
    /// `None` where the old version fails so often that nothing could be markedly worse.
    pub(crate) fn of(old: Rate, tolerance: Tolerance) -> Option<Self> {
        let mean = old.mean();
        let spread = (NODE * old.variance()).sqrt();
        let pair = |weight: f64, rate: f64| {
            // Below what is usual nothing is believed: a single error would speak against a version whose forerunner
            // happened to have none.
            let same = rate.max(tolerance.usual.get());
            let worse = same + tolerance.margin(same);
            (worse < 1.0).then_some(Pair {
                weight: weight.ln(),
                same,
                worse,
            })
        };
        let middle = pair(2.0 / 3.0, mean)?;
        let low = pair(1.0 / 6.0, mean - spread)?;
        let high = pair(1.0 / 6.0, mean + spread).unwrap_or(middle);
        Some(Hypotheses([low, middle, high]))
    }

    /// The logarithm of how much more likely the counts are if the new version is worse.
    pub(crate) fn ratio(&self, new: Counts) -> f64 {
        log_sum(self.0.map(|pair| pair.weight + likelihood(new, pair.worse)))
            - log_sum(self.0.map(|pair| pair.weight + likelihood(new, pair.same)))
    }

    /// How many requests without an error take a ratio down to a bound.
    pub(crate) fn good_requests(&self, from: f64, to: f64) -> u64 {
        let Pair { same, worse, .. } = self.0[1];
        let each = ((1.0 - same) / (1.0 - worse)).ln();
        ((from - to) / each).ceil().max(0.0) as u64
    }
}

/// The logarithm of how likely the counts are at a rate.
pub(crate) fn likelihood(counts: Counts, rate: f64) -> f64 {
    let counts = counts.whole();
    let good = counts.requests - counts.errors;
    counts.errors as f64 * rate.ln() + good as f64 * (1.0 - rate).ln()
}

/// The logarithm of the sum of what these are the logarithms of.
fn log_sum(logarithms: [f64; 3]) -> f64 {
    let largest = logarithms.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logarithms.iter().map(|one| (one - largest).exp()).sum();
    largest + sum.ln()
}
