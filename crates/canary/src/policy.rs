//! What a step asks for, and the numbers of the rule.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::evidence::Kind;

/// A share between nothing and all, neither included.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

impl Share {
    /// A share of one's own.
    pub fn new(value: f64) -> Result<Self, OutOfRange> {
        Share::try_from(value)
    }

    /// As a number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Share {
    type Error = OutOfRange;

    fn try_from(value: f64) -> Result<Self, OutOfRange> {
        if value > 0.0 && value < 1.0 {
            Ok(Share(value))
        } else {
            Err(OutOfRange(value))
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> f64 {
        share.0
    }
}

/// A number that is no share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfRange(f64);

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must lie between 0 and 1, without either", self.0)
    }
}

impl std::error::Error for OutOfRange {}

/// What one step asks for. The first three must be said; the rest has values that suit any environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Requests that the new version must have answered before it goes on.
    pub minimum: u64,
    /// Seconds that a step takes at least.
    pub wait_s: u64,
    /// Seconds after which nobody waits for traffic any longer.
    pub longest_s: u64,
    /// How often the rule may be wrong.
    #[serde(default)]
    pub risk: Risk,
    /// How much worse is too much.
    #[serde(default)]
    pub tolerances: Tolerances,
    /// How many synthetic requests there may be.
    #[serde(default)]
    pub synthetic: SyntheticLimits,
}

/// How often the rule may be wrong, in each step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Risk {
    /// A version that is no worse is taken back (Wald's alpha): over all indicators together.
    pub wrong_take_back: Share,
    /// A version that is markedly worse is promoted (Wald's beta).
    pub wrong_promotion: Share,
    /// When nobody waits for more real requests, so small a chance that what they met was bad luck is enough to take the
    /// version back.
    pub doubt: Share,
}

/// How much worse is too much, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tolerances {
    /// What we failed.
    pub failed: Tolerance,
    /// What was rejected.
    pub rejected: Tolerance,
    /// What was slow.
    pub slow: Tolerance,
}

/// How much worse is too much: twice the old version's rate, but the difference no smaller than `least` and no larger
/// than `most`. Twice next to nothing is next to nothing; twice a third is more than anybody wants to see first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// The rate that is assumed while little is known of the old version. A lower one is not believed either.
    pub usual: Share,
    /// The smallest difference that is called worse.
    pub least: Share,
    /// The largest that is needed to be called worse.
    pub most: Share,
}

/// How many synthetic requests there may be, for each function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticLimits {
    /// Asked for at once.
    pub at_once: u64,
    /// In a step. What is not certain after so many is decided by what is more likely.
    pub in_all: u64,
}

impl Policy {
    /// A step's own three numbers, the rest as usual.
    pub fn new(minimum: u64, wait_s: u64, longest_s: u64) -> Self {
        Policy {
            minimum,
            wait_s,
            longest_s,
            risk: Risk::default(),
            tolerances: Tolerances::default(),
            synthetic: SyntheticLimits::default(),
        }
    }
}

impl Default for Risk {
    fn default() -> Self {
        Risk {
            wrong_take_back: Share(0.01),
            wrong_promotion: Share(0.01),
            doubt: Share(0.05),
        }
    }
}

impl Default for Tolerances {
    fn default() -> Self {
        Tolerances {
            failed: Tolerance {
                usual: Share(0.005),
                least: Share(0.05),
                most: Share(0.15),
            },
            rejected: Tolerance {
                usual: Share(0.05),
                least: Share(0.20),
                most: Share(0.30),
            },
            slow: Tolerance {
                usual: Share(0.05),
                least: Share(0.10),
                most: Share(0.15),
            },
        }
    }
}

impl Tolerances {
    pub(crate) fn of(&self, kind: Kind) -> Tolerance {
        match kind {
            Kind::Failed => self.failed,
            Kind::Rejected => self.rejected,
            Kind::Slow => self.slow,
        }
    }
}

impl Tolerance {
    /// How much more than a rate is markedly more.
    pub(crate) fn margin(self, rate: f64) -> f64 {
        rate.min(self.most.get()).max(self.least.get())
    }
}

impl Default for SyntheticLimits {
    fn default() -> Self {
        SyntheticLimits {
            at_once: 100,
            in_all: 1_000,
        }
    }
}
