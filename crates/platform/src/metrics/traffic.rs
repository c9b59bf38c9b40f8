//! What all requests of a while came to, for a process that answers thousands a second: a line each would cost more than
//! the answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::request::timestamp;
use super::{
    CLIENT_ERRORS, DURATION_MS, ENVIRONMENT, REQUESTS, SERVER_ERRORS, directive, envelope, write,
};

/// Durations are told apart by a seventh: 0.1 ms to more than any request may take, in as many values as CloudWatch takes
/// in one line.
const STEPS: usize = 100;
const SHORTEST_MS: f64 = 0.1;
const STEP: f64 = 1.15;

/// Counts requests until they are told.
pub struct Traffic {
    requests: AtomicU64,
    server_errors: AtomicU64,
    client_errors: AtomicU64,
    durations: [AtomicU64; STEPS],
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            requests: AtomicU64::new(0),
            server_errors: AtomicU64::new(0),
            client_errors: AtomicU64::new(0),
            durations: [const { AtomicU64::new(0) }; STEPS],
        }
    }
}

impl Traffic {
    /// Counts one.
    pub fn count(&self, status: u16, took: Duration) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if status >= 500 {
            self.server_errors.fetch_add(1, Ordering::Relaxed);
        } else if status >= 400 {
            self.client_errors.fetch_add(1, Ordering::Relaxed);
        }
        self.durations[step(took)].fetch_add(1, Ordering::Relaxed);
    }

    /// Writes the line and begins anew. Says nothing where nobody asked anything.
    pub fn emit(&self, environment: &str, release: &str) {
        if let Some(line) = self.line(environment, release, SystemTime::now()) {
            write(&line);
        }
    }

    fn line(&self, environment: &str, release: &str, now: SystemTime) -> Option<Value> {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        let requests = take(&self.requests);
        if requests == 0 {
            return None;
        }
        let (values, counts): (Vec<f64>, Vec<u64>) = self
            .durations
            .iter()
            .enumerate()
            .map(|(step, count)| (milliseconds(step), take(count)))
            .filter(|(_, count)| *count > 0)
            .unzip();
        let metrics = [
            (REQUESTS, "Count"),
            (SERVER_ERRORS, "Count"),
            (CLIENT_ERRORS, "Count"),
            (DURATION_MS, "Milliseconds"),
        ];
        let mut line = json!({
            "_aws": envelope(now, &[directive(&[&[ENVIRONMENT]], &metrics)]),
            "timestamp": timestamp(),
            "level": "INFO",
            "message": "requests were answered",
            "release": release,
        });
        for (name, value) in [
            (ENVIRONMENT, json!(environment)),
            (REQUESTS, json!(requests)),
            (SERVER_ERRORS, json!(take(&self.server_errors))),
            (CLIENT_ERRORS, json!(take(&self.client_errors))),
            (DURATION_MS, json!({"Values": values, "Counts": counts})),
        ] {
            line[name] = value;
        }
        Some(line)
    }
}

fn step(took: Duration) -> usize {
    let steps = (took.as_secs_f64() * 1000.0 / SHORTEST_MS).ln() / STEP.ln();
    // What is shorter than the first step is negative, and becomes 0.
    (steps.round() as usize).min(STEPS - 1)
}

/// What a step stands for, to two decimals.
fn milliseconds(step: usize) -> f64 {
    (SHORTEST_MS * STEP.powf(step as f64) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_together_and_once() {
        let traffic = Traffic::default();
        for (status, milliseconds) in [(200, 1), (200, 1), (304, 20), (404, 1), (503, 5000)] {
            traffic.count(status, Duration::from_millis(milliseconds));
        }
        let line = traffic
            .line("dev", "c0ffee", SystemTime::now())
            .expect("there was traffic");
        let counted = [REQUESTS, SERVER_ERRORS, CLIENT_ERRORS].map(|name| line[name].as_u64());
        assert_eq!(counted, [Some(5), Some(1), Some(1)]);
        assert_eq!(line[DURATION_MS]["Counts"], json!([3, 1, 1]));
        let values = line[DURATION_MS]["Values"].as_array().expect("values");
        for (value, meant) in values.iter().zip([1.0, 20.0, 5000.0]) {
            let value = value.as_f64().expect("a number");
            assert!((value / meant - 1.0).abs() < 0.08, "{value} for {meant}");
        }
        assert_eq!(
            line["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
            json!([[ENVIRONMENT]])
        );
        assert!(traffic.line("dev", "c0ffee", SystemTime::now()).is_none());
    }

    #[test]
    fn every_duration_has_its_step() {
        for took in [
            Duration::ZERO,
            Duration::from_micros(3),
            Duration::from_secs(86_400),
        ] {
            assert!(step(took) < STEPS);
        }
        assert_eq!(step(Duration::ZERO), 0);
        assert!(milliseconds(STEPS - 1) > 30_000.0, "a request's bound fits");
    }
}
