//! What one batch came to.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{ENVIRONMENT, VERSION, directive, envelope, write};
use crate::settings::function_version;

/// What one batch came to.
#[derive(Debug, Clone, Copy)]
pub struct LoadMetrics<'a> {
    /// The environment.
    pub environment: &'a str,
    /// The release that did it.
    pub release: &'a str,
    /// The lane.
    pub lane: &'a str,
    /// The dataset; of a key that names none, `unknown`.
    pub dataset: &'a str,
    /// The batch's id.
    pub batch: &'a str,
    /// The state that it came to, as the ledger writes it.
    pub state: &'a str,
    /// The attempt that ended it.
    pub attempt: i32,
    /// Rows loaded.
    pub rows: u64,
    /// Rows refused.
    pub rejected: u64,
    /// Bytes of the content, unpacked.
    pub bytes: u64,
    /// From the claim to the end; `None` where nothing was read, so that what was not measured
    /// does not pull an average down.
    pub took: Option<Duration>,
}

impl LoadMetrics<'_> {
    /// Writes the line.
    pub fn emit(&self) {
        write(&self.line(SystemTime::now()));
    }

    fn line(&self, now: SystemTime) -> Value {
        // One metric named by the state: `failed` can be alarmed on without metric math.
        let outcome = format!("batches_{}", self.state);
        let mut metrics = vec![(outcome.as_str(), "Count")];
        if self.took.is_some() {
            metrics.extend([
                ("rows", "Count"),
                ("rejected_rows", "Count"),
                ("content_bytes", "Bytes"),
                ("load_seconds", "Seconds"),
            ]);
        }
        let of_the_environment = directive(
            &[
                &[ENVIRONMENT, "dataset", "lane"],
                &[ENVIRONMENT, "lane"],
                &[ENVIRONMENT],
            ],
            &metrics,
        );
        let of_the_version = directive(&[&[ENVIRONMENT, VERSION]], &metrics[..1]);
        let mut line = json!({
            "_aws": envelope(now, &[of_the_environment, of_the_version]),
            "environment": self.environment,
            "dataset": self.dataset,
            "lane": self.lane,
            "release": self.release,
            "version": function_version(),
            "batch": self.batch,
            "state": self.state,
            "attempt": self.attempt,
            "rows": self.rows,
            "rejected_rows": self.rejected,
            "content_bytes": self.bytes,
            "load_seconds": self.took.map(|took| took.as_secs_f64()),
        });
        line[outcome] = json!(1);
        line
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use ledger::State;

    use super::super::tests::{check, dimensions};
    use super::super::{ATTEMPTS, BATCHES_RECEIVED};
    use super::*;

    fn line(state: &str, took: Option<Duration>) -> Value {
        LoadMetrics {
            environment: "dev",
            release: "c0ffee",
            lane: "function",
            dataset: "prices",
            batch: "018f4e3e-7b5c-7cc0-8000-000000000001",
            state,
            attempt: 2,
            rows: 56_689,
            rejected: 0,
            bytes: 1_500_000,
            took,
        }
        .line(UNIX_EPOCH + Duration::from_secs(1))
    }

    #[test]
    fn a_line_has_what_it_announces_and_keeps_ids_out_of_dimensions() {
        let line = line("committed", Some(Duration::from_millis(750)));
        check(&line);
        assert_eq!(line["_aws"]["Timestamp"], 1000);
        assert_eq!(line["batches_committed"], 1);
        assert_eq!(line["load_seconds"], 0.75);
    }

    #[test]
    fn only_what_a_version_is_judged_by_is_counted_by_version() {
        let line = line("failed", Some(Duration::from_millis(750)));
        let outcome = dimensions(&line, "batches_failed");
        assert!(outcome.contains(&"environment".to_owned()));
        assert!(outcome.contains(&"environment version".to_owned()));
        assert!(!dimensions(&line, "rows").contains(&"environment version".to_owned()));
    }

    #[test]
    fn what_was_not_measured_is_not_announced() {
        let line = line("rejected", None);
        check(&line);
        assert!(dimensions(&line, "load_seconds").is_empty());
    }

    #[test]
    fn the_names_are_those_of_the_states_that_attempts_end_in() {
        let known = |state: State| {
            let name = format!("batches_{state}");
            ATTEMPTS.contains(&name.as_str()) || name == BATCHES_RECEIVED
        };
        for state in State::ALL.iter().copied() {
            let ends_no_attempt = matches!(state, State::Loading | State::Undone);
            assert_eq!(known(state), !ends_no_attempt, "{state}");
        }
    }
}
