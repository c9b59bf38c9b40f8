//! The rule against chance: thousands of releases whose truth is known, judged by the code that judges real ones.
//!
//! `docs/canary.md` shows the outcome. To write it anew after the rule or its numbers changed:
//! `WAYBILL_WRITE=1 cargo test --profile quick -p canary --test simulation`.

#![expect(unreachable_pub, reason = "a test's parts are for the test alone")]

mod bounds;
mod page;
mod random;
mod tally;
mod world;

use std::sync::LazyLock;

use canary::{Evidence, Policy, Verdict, judge};
use tally::Tally;
use world::{Judge, World};

/// How often the old version fails.
const OLD: [f64; 4] = [0.0, 0.005, 0.05, 0.30];
/// How often the new one does; 5.5, 10 and 45 % are just markedly worse than 0.5, 5 and 30 %.
const NEW: [f64; 10] = [0.0, 0.005, 0.02, 0.05, 0.055, 0.10, 0.20, 0.30, 0.45, 0.50];

/// What `environments/prod.tfvars` asks of each step.
fn policy() -> Policy {
    Policy::new(100, 300, 1_800)
}

fn tallies(synthetic_meets_it: bool, judge: Judge) -> Vec<Tally> {
    let worlds = OLD.into_iter().flat_map(|old| {
        NEW.map(|new| World {
            old,
            new,
            synthetic_meets_it,
        })
    });
    worlds
        .map(|world| Tally::of(world, &policy(), judge))
        .collect()
}

/// As the rule judges, synthetic requests meeting what real ones meet.
static JUDGED: LazyLock<Vec<Tally>> = LazyLock::new(|| tallies(true, judge));

#[test]
fn the_rule_is_wrong_no_more_often_than_it_may_be() {
    let broken = bounds::broken(&JUDGED, &policy());
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_page_shows_these_figures() {
    let missed = tallies(false, judge);
    let figures = [
        ("SIMULATION", page::table(&JUDGED)),
        ("MISSED", page::table_of_the_missed(&missed)),
    ];
    for (_, table) in &figures {
        println!("{table}");
    }
    page::compare(&figures);
}

#[test]
fn the_same_seeds_give_the_same_releases() {
    let world = World {
        old: 0.05,
        new: 0.055,
        synthetic_meets_it: true,
    };
    let tally = |_| Tally::of(world, &policy(), judge).outcomes;
    let [once, again] = [0, 1].map(tally);
    assert_eq!(once, again);
    assert!(
        once.iter().any(|outcome| outcome != &once[0]),
        "chance decides nothing"
    );
}

#[test]
fn a_spoilt_rule_is_noticed() {
    let spoilt: [(&str, Judge); 3] = [
        ("it promotes whatever it sees", |_, _| Verdict::Promote {
            reasons: Vec::new(),
        }),
        ("it takes back whatever it sees", |_, _| Verdict::TakeBack {
            reasons: Vec::new(),
        }),
        ("it promotes what nothing speaks against yet", hasty),
    ];
    for (what, rule) in spoilt {
        let broken = bounds::broken(&tallies(true, rule), &policy());
        assert!(!broken.is_empty(), "not noticed: {what}");
    }
}

/// The rule without a minimum: time alone decides.
fn hasty(evidence: &Evidence, policy: &Policy) -> Verdict {
    match judge(evidence, policy) {
        Verdict::Wait { reasons } if evidence.elapsed_s >= policy.wait_s => {
            Verdict::Promote { reasons }
        }
        verdict => verdict,
    }
}
