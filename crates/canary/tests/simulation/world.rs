//! A service with two functions, and one release of it, second by second.

use canary::{Alarms, Counts, Evidence, Indicator, Kind, Policy, Synthetic, Verdict};

use crate::random::Random;

/// Who decides. The real one is [`canary::judge`].
pub type Judge = fn(&Evidence, &Policy) -> Verdict;

/// The shares of requests that a release's steps give to the new version.
pub const STEPS: [f64; 2] = [0.1, 0.5];
/// Seconds between two looks.
const LOOK_S: u64 = 30;
/// Of a hundred requests eighty are the API's, the rest are batches.
const API_SHARE: f64 = 0.8;
/// How often a part without a fault fails.
const HEALTHY: f64 = 0.005;
const FUNCTIONS: [&str; 2] = ["api", "intake"];

/// What a release meets.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// How often the old version fails where it is at fault.
    pub old: f64,
    /// How often the new one fails there.
    pub new: f64,
    /// Whether synthetic requests meet the fault. A real fault may lie where none of them goes.
    pub synthetic_meets_it: bool,
}

/// What became of a release.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub live: bool,
    pub seconds: u64,
    /// Real requests that the new version got before the end.
    pub reached: u64,
    /// Those of them that it failed.
    pub failed: u64,
    /// Synthetic requests to the new version.
    pub synthetic: u64,
}

/// One function: how often each version fails, and what was counted of it.
struct Function {
    name: &'static str,
    a_second: f64,
    old_rate: f64,
    new_rate: f64,
    /// How often synthetic requests fail: to the old version, and to the new.
    synthetic: [f64; 2],
    before: Counts,
}

pub fn release(world: World, policy: &Policy, judge: Judge, seed: u64) -> Outcome {
    let mut random = Random::new(seed);
    let functions = functions(world, &mut random);
    let mut outcome = Outcome {
        live: true,
        seconds: 0,
        reached: 0,
        failed: 0,
        synthetic: 0,
    };
    for weight in STEPS {
        if !step(&functions, weight, policy, judge, &mut random, &mut outcome) {
            outcome.live = false;
            break;
        }
    }
    outcome
}

/// The fault lies in the API, in the intake, or in both; between 1 and 10 requests a minute come in; the old version has
/// been live for an hour to a day.
fn functions(world: World, random: &mut Random) -> [Function; 2] {
    let a_second = random.between(1.0, 10.0) / 60.0;
    let live_s = random.between(3_600.0, 86_400.0);
    let place = random.unit();
    let at_fault = [!(0.4..0.8).contains(&place), place >= 0.4];
    let shares = [API_SHARE, 1.0 - API_SHARE];
    [0, 1].map(|index| {
        let healthy = HEALTHY.min(world.old);
        let (old_rate, new_rate) = if at_fault[index] {
            (world.old, world.new)
        } else {
            (healthy, healthy)
        };
        let a_second = a_second * shares[index];
        Function {
            name: FUNCTIONS[index],
            a_second,
            old_rate,
            new_rate,
            synthetic: if world.synthetic_meets_it {
                [old_rate, new_rate]
            } else {
                [0.0; 2]
            },
            before: requests((live_s * a_second) as u64, old_rate, random),
        }
    })
}

fn requests(number: u64, rate: f64, random: &mut Random) -> Counts {
    let mut counts = Counts::default();
    for _ in 0..number {
        request(&mut counts, rate, random);
    }
    counts
}

fn request(counts: &mut Counts, rate: f64, random: &mut Random) {
    counts.requests += 1;
    counts.errors += u64::from(random.happens(rate));
}

/// Whether the new version is promoted to the next step.
fn step(
    functions: &[Function; 2],
    weight: f64,
    policy: &Policy,
    judge: Judge,
    random: &mut Random,
    outcome: &mut Outcome,
) -> bool {
    let mut evidence = Evidence {
        elapsed_s: 0,
        indicators: functions.iter().map(indicator).collect(),
        synthetic: functions.iter().map(nothing_made).collect(),
        alarms: Alarms::default(),
    };
    let go_on = loop {
        for _ in 0..LOOK_S {
            second(functions, weight, &mut evidence, random);
        }
        evidence.elapsed_s += LOOK_S;
        outcome.seconds += LOOK_S;
        match judge(&evidence, policy) {
            Verdict::Promote { .. } => break true,
            Verdict::TakeBack { .. } => break false,
            Verdict::Wait { .. } => {}
            Verdict::AskForTraffic { traffic, .. } => {
                for ask in traffic {
                    let index = FUNCTIONS
                        .iter()
                        .position(|name| *name == ask.function)
                        .expect("a function that there is");
                    let [old, new] = functions[index].synthetic;
                    let made = &mut evidence.synthetic[index];
                    for _ in 0..ask.requests {
                        request(&mut made.old, old, random);
                        request(&mut made.new, new, random);
                    }
                }
            }
        }
        assert!(
            evidence.elapsed_s < 86_400,
            "no verdict in a day: {evidence:?}"
        );
    };
    for (indicator, made) in evidence.indicators.iter().zip(&evidence.synthetic) {
        outcome.reached += indicator.new.requests;
        outcome.failed += indicator.new.errors;
        outcome.synthetic += made.new.requests;
    }
    go_on
}

fn second(functions: &[Function; 2], weight: f64, evidence: &mut Evidence, random: &mut Random) {
    for (function, indicator) in functions.iter().zip(&mut evidence.indicators) {
        if !random.happens(function.a_second) {
            continue;
        }
        if random.happens(weight) {
            request(&mut indicator.new, function.new_rate, random);
        } else {
            request(&mut indicator.old, function.old_rate, random);
        }
    }
}

fn indicator(function: &Function) -> Indicator {
    Indicator {
        name: format!("{} requests", function.name),
        function: function.name.to_owned(),
        kind: Kind::Failed,
        new: Counts::default(),
        old: Counts::default(),
        before: function.before,
    }
}

fn nothing_made(function: &Function) -> Synthetic {
    Synthetic {
        function: function.name.to_owned(),
        new: Counts::default(),
        old: Counts::default(),
    }
}
