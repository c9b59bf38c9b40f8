//! The order of the questions. Each look asks them from the first.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::trial::{Trial, Trials};
use crate::verdict::{Traffic, Verdict};
use crate::words::number;

/// What is to be done with a step after what was counted.
///
/// - Back, as soon as an alarm turned red or an indicator shows the new version worse, however early.
/// - Nothing, before `wait_s` is over.
/// - On, once `minimum` requests were answered and every indicator with traffic shows the new version no worse.
/// - After `longest_s`: back on a doubt. Else synthetic requests fill up what is missing, and then it is on, or back.
pub fn judge(evidence: &Evidence, policy: &Policy) -> Verdict {
    let trials = Trials::of(evidence, policy);
    let reasons = against(evidence, &trials);
    if !reasons.is_empty() {
        return Verdict::TakeBack { reasons };
    }
    if evidence.elapsed_s < policy.wait_s {
        let time = format!(
            "{} of at least {} s are over",
            evidence.elapsed_s, policy.wait_s
        );
        let counted = trials.with_traffic().map(|trial| trial.words());
        let reasons = std::iter::once(time).chain(counted).collect();
        return Verdict::Wait { reasons };
    }
    let reasons = undecided(&trials, policy);
    if reasons.is_empty() {
        let reasons = trials.with_traffic().map(|trial| trial.words()).collect();
        return Verdict::Promote { reasons };
    }
    if evidence.elapsed_s < policy.longest_s {
        return Verdict::Wait { reasons };
    }
    close(&trials, policy)
}

/// What speaks against the new version for certain.
fn against(evidence: &Evidence, trials: &Trials<'_>) -> Vec<String> {
    let alarms = evidence
        .alarms
        .turned_red()
        .map(|alarm| format!("the alarm {alarm} turned red during the release"));
    let worse = trials
        .all()
        .filter(|trial| trial.alone.max(trial.together) >= trials.bounds.worse)
        .map(|trial| trial.words());
    alarms.chain(worse).collect()
}

/// What real requests have not shown yet.
fn undecided(trials: &Trials<'_>, policy: &Policy) -> Vec<String> {
    let answered = trials.answered();
    let few = (answered < policy.minimum).then(|| {
        format!(
            "the new version answered {} of at least {} requests",
            number(answered),
            number(policy.minimum)
        )
    });
    let open = trials
        .with_traffic()
        .filter(|trial| trial.alone > trials.bounds.no_worse)
        .map(|trial| {
            let more = trial.good_requests(trial.alone, &trials.bounds);
            format!(
                "{}; {} more without one would do",
                trial.words(),
                number(more)
            )
        });
    few.into_iter().chain(open).collect()
}

/// Nobody waits for more real requests.
fn close(trials: &Trials<'_>, policy: &Policy) -> Verdict {
    let mut reasons: Vec<String> = trials
        .all()
        .filter(|trial| trial.alone >= trials.bounds.doubt)
        .map(|trial| format!("{}: not certain, and too likely worse", trial.words()))
        .collect();
    let exhausted = |trial: &&Trial<'_>| trial.synthetic_requests() >= policy.synthetic.in_all;
    reasons.extend(
        trials
            .all()
            .filter(exhausted)
            .filter(|trial| trial.together > 0.0)
            .map(|trial| {
                format!(
                    "{}: not certain after so many, but rather worse",
                    trial.words()
                )
            }),
    );
    if !reasons.is_empty() {
        return Verdict::TakeBack { reasons };
    }
    let (traffic, reasons) = missing(trials, policy);
    if !traffic.is_empty() {
        return Verdict::AskForTraffic { traffic, reasons };
    }
    let seen = trials.answered() + trials.made();
    if seen < policy.minimum {
        return Verdict::TakeBack {
            reasons: vec![format!(
                "the new version answered {} of at least {} requests, and none can be made",
                number(seen),
                number(policy.minimum)
            )],
        };
    }
    let reasons = trials
        .all()
        .filter(|trial| trial.has_any())
        .map(|trial| trial.words())
        .collect();
    Verdict::Promote { reasons }
}

/// The synthetic requests that are missing, by function, and why.
fn missing(trials: &Trials<'_>, policy: &Policy) -> (Vec<Traffic>, Vec<String>) {
    let functions = trials.functions_to_fill_up();
    let seen = trials.answered() + trials.made();
    let share = policy
        .minimum
        .saturating_sub(seen)
        .div_ceil(functions.len().max(1) as u64);
    let mut reasons = Vec::new();
    let mut traffic = Vec::new();
    for function in functions {
        let undecided = trials
            .all()
            .filter(|trial| trial.indicator.function == function && trial.may_be_filled_up())
            .filter(|trial| trial.synthetic_requests() < policy.synthetic.in_all)
            .map(|trial| trial.good_requests(trial.together, &trials.bounds))
            .max()
            .unwrap_or_default();
        let requests = undecided.max(share).min(policy.synthetic.at_once);
        if requests > 0 {
            reasons.push(format!(
                "{function}: too little traffic in {} s; {} synthetic requests are to make up for it",
                number(policy.longest_s),
                number(requests)
            ));
            traffic.push(Traffic {
                function: function.to_owned(),
                requests,
            });
        }
    }
    (traffic, reasons)
}
