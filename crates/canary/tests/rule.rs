//! The rule, question by question.

#![expect(clippy::panic, reason = "tests say what they expect")]

use canary::{
    Alarms, Counts, Evidence, Indicator, Kind, Policy, Share, Synthetic, Traffic, Verdict, judge,
};
use serde_json::json;

const DAY: Counts = counts(6, 1_200);

const fn counts(errors: u64, requests: u64) -> Counts {
    Counts { requests, errors }
}

/// A step of at least 300 s and at most 1,800 s that wants 20 requests.
fn policy() -> Policy {
    Policy::new(20, 300, 1_800)
}

fn indicator(name: &str, kind: Kind, new: Counts, old: Counts, before: Counts) -> Indicator {
    let function = name.split(' ').next().unwrap_or(name).to_owned();
    Indicator {
        name: name.to_owned(),
        function,
        kind,
        new,
        old,
        before,
    }
}

/// The API after so many seconds, with half a percent of errors on the old version.
fn api(elapsed_s: u64, new: Counts) -> Evidence {
    Evidence {
        elapsed_s,
        indicators: vec![indicator(
            "api requests",
            Kind::Failed,
            new,
            counts(1, 180),
            DAY,
        )],
        ..Evidence::default()
    }
}

/// Synthetic requests to the new version alone.
fn made(function: &str, new: Counts) -> Synthetic {
    Synthetic {
        function: function.to_owned(),
        new,
        old: Counts::default(),
    }
}

fn is_promoted(evidence: &Evidence) -> bool {
    matches!(judge(evidence, &policy()), Verdict::Promote { .. })
}

fn is_taken_back(evidence: &Evidence) -> bool {
    matches!(judge(evidence, &policy()), Verdict::TakeBack { .. })
}

fn waits(evidence: &Evidence) -> bool {
    matches!(judge(evidence, &policy()), Verdict::Wait { .. })
}

fn asked(evidence: &Evidence) -> Vec<Traffic> {
    match judge(evidence, &policy()) {
        Verdict::AskForTraffic { traffic, .. } => traffic,
        other => panic!("it does not ask for traffic: {other:?}"),
    }
}

#[test]
fn a_version_that_fails_markedly_more_is_taken_back_before_the_wait_is_over() {
    let verdict = judge(&api(30, counts(14, 60)), &policy());
    assert_eq!(
        verdict,
        Verdict::TakeBack {
            reasons: vec![
                "api requests: 14 of 60 failed on the new version, against 0.5 % on the old (7 of 1,380)"
                    .to_owned()
            ]
        }
    );
}

#[test]
fn one_failed_request_takes_nothing_back() {
    assert!(waits(&api(400, counts(1, 1))));
    assert!(waits(&api(400, counts(1, 40))));
}

#[test]
fn a_good_version_goes_on_when_wait_and_certainty_are_there() {
    assert!(waits(&api(299, counts(0, 200))));
    assert!(is_promoted(&api(300, counts(0, 200))));
    assert!(is_promoted(&api(300, counts(1, 200))));
}

#[test]
fn requests_that_are_too_few_to_be_sure_are_not_enough_though_the_minimum_is_there() {
    assert!(waits(&api(600, counts(0, 60))));
    assert!(is_promoted(&api(600, counts(0, 100))));
}

#[test]
fn the_minimum_is_asked_for_though_fewer_would_be_sure() {
    let demanding = Policy::new(500, 300, 1_800);
    let verdict = judge(&api(600, counts(0, 200)), &demanding);
    assert_eq!(
        verdict.reasons(),
        ["the new version answered 200 of at least 500 requests"]
    );
    assert!(matches!(verdict, Verdict::Wait { .. }));
}

#[test]
fn indicators_of_one_function_count_the_same_requests_towards_the_minimum() {
    let mut evidence = api(600, counts(0, 15));
    evidence.indicators.push(indicator(
        "api answers",
        Kind::Slow,
        counts(0, 15),
        DAY,
        DAY,
    ));
    let verdict = judge(&evidence, &policy());
    assert!(
        verdict.reasons()[0].starts_with("the new version answered 15 of at least 20"),
        "{verdict:?}"
    );
}

#[test]
fn a_version_as_bad_as_the_broken_one_before_it_is_not_worse_and_its_mend_passes() {
    let broken = |new| Evidence {
        elapsed_s: 600,
        indicators: vec![indicator(
            "api requests",
            Kind::Failed,
            new,
            counts(60, 200),
            counts(30, 100),
        )],
        ..Evidence::default()
    };
    assert!(is_promoted(&broken(counts(60, 200))));
    assert!(is_promoted(&broken(counts(0, 100))));
    assert!(is_taken_back(&broken(counts(120, 200))));
}

#[test]
fn a_version_whose_forerunner_always_failed_cannot_be_worse() {
    let evidence = Evidence {
        elapsed_s: 600,
        indicators: vec![indicator(
            "api requests",
            Kind::Failed,
            counts(50, 50),
            counts(500, 500),
            DAY,
        )],
        ..Evidence::default()
    };
    assert!(is_promoted(&evidence));
}

#[test]
fn trouble_that_both_versions_meet_is_not_the_new_ones() {
    let mut evidence = api(600, counts(10, 60));
    evidence.indicators[0].old = counts(90, 540);
    assert!(waits(&evidence));
    evidence.indicators[0].old = counts(3, 540);
    assert!(is_taken_back(&evidence));
}

#[test]
fn trouble_that_is_over_is_no_excuse() {
    let mut evidence = api(600, counts(20, 60));
    evidence.indicators[0].before = counts(400, 1_200);
    assert!(is_taken_back(&evidence));
    evidence.indicators[0].old = counts(0, 10);
    assert!(!is_taken_back(&evidence), "ten requests say too little");
}

#[test]
fn rejected_batches_are_borne_longer_than_failed_ones() {
    let batches = |kind| Evidence {
        elapsed_s: 60,
        indicators: vec![indicator(
            "intake batches",
            kind,
            counts(14, 100),
            counts(5, 100),
            counts(50, 1_000),
        )],
        ..Evidence::default()
    };
    assert!(waits(&batches(Kind::Rejected)));
    assert!(is_taken_back(&batches(Kind::Failed)));
    let mut many = batches(Kind::Rejected);
    many.indicators[0].new = counts(30, 100);
    assert!(is_taken_back(&many));
}

#[test]
fn a_slow_version_is_taken_back() {
    let mut evidence = api(60, counts(0, 100));
    evidence.indicators.push(indicator(
        "api answers",
        Kind::Slow,
        counts(30, 100),
        counts(4, 100),
        DAY,
    ));
    assert!(is_taken_back(&evidence));
    assert_eq!(canary::slow_above_ms(40.0), 140);
    assert_eq!(canary::slow_above_ms(1_000.0), 1_500);
}

#[test]
fn an_alarm_that_turned_red_takes_back_and_one_that_was_red_does_not() {
    let mut evidence = api(30, counts(0, 200));
    evidence.alarms = Alarms {
        red_before: vec!["waybill-dev-api-errors".to_owned()],
        red: vec!["waybill-dev-api-errors".to_owned()],
    };
    assert!(waits(&evidence));
    evidence
        .alarms
        .red
        .push("waybill-dev-batches-failed".to_owned());
    assert_eq!(
        judge(&evidence, &policy()).reasons(),
        ["the alarm waybill-dev-batches-failed turned red during the release"]
    );
    assert!(is_taken_back(&evidence));
}

#[test]
fn a_function_that_nobody_calls_holds_nothing_up() {
    let mut evidence = api(600, counts(0, 200));
    evidence.indicators.push(indicator(
        "intake invocations",
        Kind::Failed,
        counts(0, 0),
        counts(0, 0),
        DAY,
    ));
    evidence.synthetic = vec![made("api", counts(0, 0)), made("intake", counts(0, 0))];
    assert!(is_promoted(&evidence));
}

#[test]
fn after_the_longest_wait_what_is_missing_is_asked_for() {
    let mut evidence = api(1_800, counts(0, 15));
    evidence.synthetic = vec![made("api", counts(0, 0)), made("intake", counts(0, 0))];
    let traffic = asked(&evidence);
    let asked_of: Vec<&str> = traffic.iter().map(|ask| ask.function.as_str()).collect();
    assert_eq!(asked_of, ["api", "intake"]);
    // Without real ones it takes more.
    assert!(traffic[0].requests < traffic[1].requests, "{traffic:?}");
    for (made, ask) in evidence.synthetic.iter_mut().zip(&traffic) {
        made.new = counts(0, ask.requests);
    }
    assert!(is_promoted(&evidence));
}

#[test]
fn synthetic_requests_that_fail_take_back() {
    let mut evidence = api(1_800, counts(0, 3));
    evidence.synthetic = vec![made("api", counts(6, 90))];
    assert!(is_taken_back(&evidence));
}

#[test]
fn synthetic_requests_that_fail_on_both_versions_do_not() {
    let mut evidence = api(1_800, counts(0, 3));
    evidence.synthetic = vec![made("api", counts(30, 100))];
    evidence.synthetic[0].old = counts(30, 100);
    assert!(!is_taken_back(&evidence));
}

#[test]
fn good_synthetic_requests_do_not_answer_for_real_ones_that_failed() {
    let mut evidence = api(1_800, counts(2, 6));
    evidence.synthetic = vec![made("api", counts(0, 900))];
    assert!(is_taken_back(&evidence));
}

#[test]
fn who_is_uncertain_for_ever_is_decided_by_what_is_likelier() {
    let uncertain = |errors| {
        let mut evidence = api(1_800, counts(0, 0));
        evidence.synthetic = vec![made("api", counts(errors, 1_000))];
        evidence
    };
    assert!(is_promoted(&uncertain(19)));
    assert!(is_taken_back(&uncertain(26)));
}

#[test]
fn a_version_of_which_nothing_can_be_known_is_taken_back() {
    let evidence = Evidence {
        elapsed_s: 1_800,
        ..Evidence::default()
    };
    assert_eq!(
        judge(&evidence, &policy()).reasons(),
        ["the new version answered 0 of at least 20 requests, and none can be made"]
    );
    assert!(is_taken_back(&evidence));
}

#[test]
fn an_error_that_is_known_before_its_request_is_a_request() {
    assert!(is_taken_back(&api(60, counts(9, 2))));
}

#[test]
fn a_policy_needs_three_numbers_and_refuses_what_is_no_share() {
    let step = json!({"weight": 10, "wait_s": 60, "longest_s": 300, "minimum": 20});
    let policy: Policy = serde_json::from_value(step.clone()).expect("a policy");
    assert_eq!(policy, Policy::new(20, 60, 300));
    let mut without = step.clone();
    without
        .as_object_mut()
        .expect("an object")
        .remove("minimum");
    assert!(serde_json::from_value::<Policy>(without).is_err());
    let mut wrong = step;
    wrong["risk"] = json!({"wrong_promotion": 1.0});
    let error = serde_json::from_value::<Policy>(wrong).expect_err("no share");
    assert_eq!(
        error.to_string(),
        "1 must lie between 0 and 1, without either"
    );
}

#[test]
fn verdicts_travel_as_json() {
    let verdict = Verdict::AskForTraffic {
        traffic: vec![Traffic {
            function: "api".to_owned(),
            requests: 89,
        }],
        reasons: vec!["why".to_owned()],
    };
    let value = serde_json::to_value(&verdict).expect("JSON");
    assert_eq!(
        value,
        json!({
            "verdict": "ask_for_traffic",
            "traffic": [{"function": "api", "requests": 89}],
            "reasons": ["why"],
        })
    );
    assert_eq!(
        serde_json::from_value::<Verdict>(value).expect("the same"),
        verdict
    );
    let evidence = json!({
        "elapsed_s": 60,
        "indicators": [{
            "name": "api requests", "function": "api", "kind": "failed",
            "new": {"requests": 60, "errors": 14}, "old": {"requests": 540, "errors": 2},
        }],
        "synthetic": [{"function": "api"}],
    });
    assert!(is_taken_back(
        &serde_json::from_value(evidence).expect("evidence")
    ));
}

#[test]
fn the_page_says_what_certainty_costs() {
    let page = include_str!("../../../docs/canary.md");
    for (points, share) in [(2, 0.02), (5, 0.05), (10, 0.10), (20, 0.20)] {
        let mut policy = Policy::new(0, 0, 1_800);
        policy.tolerances.failed.least = Share::new(share).expect("a share");
        policy.tolerances.failed.most = Share::new(0.30).expect("a share");
        let verdict = |new| judge(&api(600, new), &policy);
        let good = (1..=1_000)
            .find(|good| matches!(verdict(counts(0, *good)), Verdict::Promote { .. }))
            .expect("some number");
        let failed = (1..=10)
            .find(|failed| matches!(verdict(counts(*failed, 10)), Verdict::TakeBack { .. }))
            .expect("some number");
        let line = format!("| {points} points | {good} | {failed} |");
        assert!(
            page.contains(&line),
            "docs/canary.md lacks this line:\n{line}"
        );
    }
}
