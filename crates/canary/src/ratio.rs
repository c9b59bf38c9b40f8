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
use crate::policy::{Risk, Share, Tolerance};

/// The weight, in requests, of what is usual against what was counted. Small, so that a version that was broken for an
/// hour is known to be broken.
const USUAL_WEIGHS: f64 = 10.0;
/// The most that the time before the release weighs, in requests: what the old version does at the same time as the new
/// one says more, since both share the same database and the same partners.
const BEFORE_WEIGHS: f64 = 1_000.0;
/// How many standard deviations the outer nodes lie from the middle, squared.
const NODE: f64 = 3.0;

/// How often something went wrong, as far as that is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    mean: f64,
    /// Requests it was learned from.
    weight: f64,
}

impl Rate {
    /// The old version's.
    pub(crate) fn of_old(now: Counts, before: Counts, usual: Share) -> Self {
        let usual = Rate {
            mean: usual.get(),
            weight: USUAL_WEIGHS,
        };
        usual.learn(before, BEFORE_WEIGHS).learn(now, f64::INFINITY)
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

    /// The same, believed only as if learned from so many requests: to begin another comparison with.
    pub(crate) fn as_a_guess(self) -> Self {
        Rate {
            weight: self.weight.min(USUAL_WEIGHS),
            ..self
        }
    }
}

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
        let spread = (NODE * old.mean * (1.0 - old.mean) / (old.weight + 1.0)).sqrt();
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
        let middle = pair(2.0 / 3.0, old.mean)?;
        let low = pair(1.0 / 6.0, old.mean - spread)?;
        let high = pair(1.0 / 6.0, old.mean + spread).unwrap_or(middle);
        Some(Hypotheses([low, middle, high]))
    }

    /// The logarithm of how much more likely the counts are if the new version is worse.
    pub(crate) fn ratio(&self, new: Counts) -> f64 {
        let new = new.whole();
        let errors = new.errors as f64;
        let good = (new.requests - new.errors) as f64;
        let likelihood =
            |weight: f64, rate: f64| weight + errors * rate.ln() + good * (1.0 - rate).ln();
        log_sum(self.0.map(|pair| likelihood(pair.weight, pair.worse)))
            - log_sum(self.0.map(|pair| likelihood(pair.weight, pair.same)))
    }

    /// How many requests without an error take a ratio down to a bound.
    pub(crate) fn good_requests(&self, from: f64, to: f64) -> u64 {
        let Pair { same, worse, .. } = self.0[1];
        let each = ((1.0 - same) / (1.0 - worse)).ln();
        ((from - to) / each).ceil().max(0.0) as u64
    }
}

/// The logarithm of the sum of what these are the logarithms of.
fn log_sum(logarithms: [f64; 3]) -> f64 {
    let largest = logarithms.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logarithms.iter().map(|one| (one - largest).exp()).sum();
    largest + sum.ln()
}
