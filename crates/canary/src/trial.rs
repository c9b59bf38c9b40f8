//! Every indicator under its test.

use std::borrow::Cow;

use crate::evidence::{Counts, Evidence, Indicator, Kind, Synthetic};
use crate::policy::{Policy, Tolerance};
use crate::rate::Rate;
use crate::ratio::{Bounds, Hypotheses};
use crate::words;

/// One indicator under test.
pub(crate) struct Trial<'a> {
    pub(crate) indicator: Cow<'a, Indicator>,
    /// The evidence that the new version is worse: by what really happened.
    pub(crate) alone: f64,
    /// The same with the synthetic requests.
    pub(crate) together: f64,
    /// `None` where the old version fails so often that nothing could be worse.
    hypotheses: Option<Hypotheses>,
    tolerance: Tolerance,
    /// The synthetic requests that say the same as this indicator, if any can be made.
    synthetic: Option<&'a Synthetic>,
}

/// All indicators under test.
pub(crate) struct Trials<'a> {
    pub(crate) bounds: Bounds,
    all: Vec<Trial<'a>>,
    evidence: &'a Evidence,
}

impl<'a> Trial<'a> {
    fn of(indicator: Cow<'a, Indicator>, evidence: &'a Evidence, policy: &Policy) -> Self {
        let tolerance = policy.tolerances.of(indicator.kind);
        // Synthetic requests are such as should succeed: they can fail, but say nothing about rejections and speed.
        let synthetic = evidence.synthetic.iter().find(|synthetic| {
            indicator.kind == Kind::Failed && synthetic.function == indicator.function
        });
        let old = Rate::of_old(indicator.old, indicator.before, tolerance);
        let hypotheses = Hypotheses::of(old, tolerance);
        let alone = ratio(hypotheses, indicator.new);
        let together = alone + synthetic.map_or(0.0, |made| synthetic_ratio(made, old, tolerance));
        Trial {
            indicator,
            alone,
            together,
            hypotheses,
            tolerance,
            synthetic,
        }
    }

    /// Whether synthetic requests can decide it.
    pub(crate) fn may_be_filled_up(&self) -> bool {
        self.synthetic.is_some()
    }

    /// How many were made to the new version.
    pub(crate) fn synthetic_requests(&self) -> u64 {
        self.synthetic.map_or(0, |made| made.new.whole().requests)
    }

    /// How many requests without an error would show that it is no worse.
    pub(crate) fn good_requests(&self, from: f64, bounds: &Bounds) -> u64 {
        self.hypotheses.map_or(0, |hypotheses| {
            hypotheses.good_requests(from, bounds.no_worse)
        })
    }

    fn requests(&self) -> u64 {
        self.indicator.new.whole().requests
    }

    /// Whether anything is known of the new version.
    pub(crate) fn has_any(&self) -> bool {
        self.requests() + self.synthetic_requests() > 0
    }

    /// What was counted.
    pub(crate) fn words(&self) -> String {
        let real = (self.requests() > 0 || self.synthetic_requests() == 0)
            .then(|| words::comparison(&self.indicator, self.tolerance));
        let made = self
            .synthetic
            .filter(|made| made.new != Counts::default())
            .map(|made| words::synthetic(&made.function, made.new, made.old));
        real.into_iter().chain(made).collect::<Vec<_>>().join("; ")
    }
}

impl<'a> Trials<'a> {
    pub(crate) fn of(evidence: &'a Evidence, policy: &Policy) -> Self {
        let unseen = evidence
            .synthetic
            .iter()
            .filter(|made| {
                !evidence.indicators.iter().any(|indicator| {
                    indicator.kind == Kind::Failed && indicator.function == made.function
                })
            })
            .map(|made| Cow::Owned(not_counted(&made.function)));
        let all: Vec<Trial<'a>> = evidence
            .indicators
            .iter()
            .map(Cow::Borrowed)
            .chain(unseen)
            .map(|indicator| Trial::of(indicator, evidence, policy))
            .collect();
        let tests = all.iter().filter(|trial| trial.has_any()).count();
        Trials {
            bounds: Bounds::of(policy.risk, tests),
            all,
            evidence,
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Trial<'a>> {
        self.all.iter()
    }

    /// Those that really happened.
    pub(crate) fn with_traffic(&self) -> impl Iterator<Item = &Trial<'a>> {
        self.all().filter(|trial| trial.requests() > 0)
    }

    /// Real requests that the new version answered. Indicators of one function count the same ones.
    pub(crate) fn answered(&self) -> u64 {
        let mut functions: Vec<(&str, u64)> = Vec::new();
        for trial in &self.all {
            let name = trial.indicator.function.as_str();
            match functions.iter_mut().find(|(known, _)| *known == name) {
                Some((_, most)) => *most = (*most).max(trial.requests()),
                None => functions.push((name, trial.requests())),
            }
        }
        functions.into_iter().map(|(_, requests)| requests).sum()
    }

    /// Synthetic requests that the new version answered.
    pub(crate) fn made(&self) -> u64 {
        let made = self.evidence.synthetic.iter();
        made.map(|made| made.new.whole().requests).sum()
    }

    /// The functions that synthetic requests can be made to.
    pub(crate) fn functions_to_fill_up(&self) -> Vec<&'a str> {
        let made = self.evidence.synthetic.iter();
        made.map(|made| made.function.as_str()).collect()
    }
}

/// An indicator for a function of which nothing else is counted.
fn not_counted(function: &str) -> Indicator {
    Indicator {
        name: format!("{function} requests"),
        function: function.to_owned(),
        kind: Kind::Failed,
        new: Counts::default(),
        old: Counts::default(),
        before: Counts::default(),
    }
}

fn ratio(hypotheses: Option<Hypotheses>, new: Counts) -> f64 {
    hypotheses.map_or(f64::NEG_INFINITY, |hypotheses| hypotheses.ratio(new))
}

/// Where both versions were asked, they are compared with each other; else the new one with what the old one really does.
fn synthetic_ratio(made: &Synthetic, old: Rate, tolerance: Tolerance) -> f64 {
    let old = if made.old == Counts::default() {
        old
    } else {
        old.as_a_guess().learn(made.old, f64::INFINITY)
    };
    ratio(Hypotheses::of(old, tolerance), made.new)
}
