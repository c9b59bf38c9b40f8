//! How often the rule may be wrong, and whether it was more often.

use canary::Policy;

use crate::tally::{RELEASES, Tally, Truth};
use crate::world::STEPS;

/// So seldom may a rule that keeps its risks be called broken.
const FALSE_CALL: f64 = 1e-5;

/// What is wrong with the rule, if anything.
///
/// A bad version must pass every step, so it is promoted no more often than one step promotes it: beta. A good one may
/// stumble at each step: alpha times the number of steps. Chance may add to that what it does once in a hundred thousand
/// times; over all worlds together, which are many releases, that is little.
pub fn broken(tallies: &[Tally], policy: &Policy) -> Vec<String> {
    let promoted = policy.risk.wrong_promotion.get();
    let taken_back = policy.risk.wrong_take_back.get() * STEPS.len() as f64;
    let mut broken = kind(tallies, Truth::Worse, "promoted", promoted, Tally::live);
    broken.extend(kind(
        tallies,
        Truth::NoWorse,
        "taken back",
        taken_back,
        Tally::taken_back,
    ));
    broken
}

fn kind(
    tallies: &[Tally],
    truth: Truth,
    what: &str,
    risk: f64,
    wrong: fn(&Tally) -> usize,
) -> Vec<String> {
    let tallies: Vec<&Tally> = tallies.iter().filter(|one| one.truth() == truth).collect();
    assert!(!tallies.is_empty(), "no world is {truth:?}");
    let single = most(RELEASES, risk);
    let mut broken: Vec<String> = tallies
        .iter()
        .filter(|tally| wrong(tally) > single)
        .map(|tally| {
            format!(
                "{} of {RELEASES} {what} at {:?}, {single} may be",
                wrong(tally),
                tally.world
            )
        })
        .collect();
    let releases = RELEASES * tallies.len() as u64;
    let all: usize = tallies.iter().map(|tally| wrong(tally)).sum();
    let together = most(releases, risk);
    if all > together {
        broken.push(format!(
            "{all} of {releases} {what} in all, {together} may be"
        ));
    }
    broken
}

/// The most of `number` that go wrong at such a risk, but for a false call: a quantile of the binomial distribution.
fn most(number: u64, risk: f64) -> usize {
    let number = number as f64;
    let mut wrong = 0.0;
    // Of none: the rest by what one more multiplies it with.
    let mut probability = (number * (1.0 - risk).ln()).exp();
    let mut up_to = probability;
    while up_to < 1.0 - FALSE_CALL {
        probability *= (number - wrong) / (wrong + 1.0) * risk / (1.0 - risk);
        wrong += 1.0;
        up_to += probability;
    }
    wrong as usize
}

#[test]
fn the_most_that_may_go_wrong_is_a_quantile() {
    // For X of Bin(200, 0.01): P(X > 9) = 0.00004 and P(X > 10) = 0.000007.
    assert_eq!(most(200, 0.01), 10);
    assert_eq!(most(1, 0.5), 1);
}
