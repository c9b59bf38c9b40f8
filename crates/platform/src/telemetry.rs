//! Logs as JSON lines on stdout, and one metrics line a batch in CloudWatch's embedded metric
//! format. Neither carries a row's values or a secret.
//!
//! A batch's id is a property of its metrics, never a dimension: dimensions make metrics, and
//! every metric costs.

use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

/// The namespace of every metric.
pub const NAMESPACE: &str = "Waybill";
/// The dimensions that metrics are found by.
pub mod dimensions {
    /// The environment: every metric has it.
    pub const ENVIRONMENT: &str = "environment";
    /// The version of the function that emitted it.
    pub const VERSION: &str = "version";
}

/// The metrics that others read.
pub mod metrics {
    /// HTTP requests.
    pub const REQUESTS: &str = "requests";
    /// Of them, those answered with 5xx.
    pub const SERVER_ERRORS: &str = "server_errors";
    /// Batches by how they ended.
    pub const BATCHES_COMMITTED: &str = "batches_committed";
    /// Batches by how they ended.
    pub const BATCHES_REJECTED: &str = "batches_rejected";
    /// Batches by how they ended.
    pub const BATCHES_FAILED: &str = "batches_failed";
}

/// The variable that chooses what is logged, in `tracing`'s own words.
pub const FILTER: &str = "WAYBILL_LOG";
/// What is logged unless chosen: ours, and of others what went wrong.
const DEFAULT_FILTER: &str = "info,aws_config=warn,aws_smithy_runtime=warn,aws_runtime=warn,\
     hyper_util=warn,rustls=warn,tokio_postgres=warn,refinery_core=warn,lambda_runtime=warn";

/// Starts logging: JSON lines inside Lambda, lines for people elsewhere. A second call does
/// nothing.
pub fn init() {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let lambda = std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    let started = if lambda {
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_env_filter(filter)
            .try_init()
    } else {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .try_init()
    };
    // The only way to fail is to be second.
    drop(started);
}

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
    /// Writes the line to stdout, where Lambda's log has it.
    pub fn emit(&self) {
        let line = self.line(SystemTime::now());
        if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
            tracing::warn!(%error, "a metrics line was lost");
        }
    }

    /// The line, as the embedded metric format's specification has it.
    fn line(&self, now: SystemTime) -> Value {
        let milliseconds = now
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis() as u64;
        // One metric named by the state: `failed` can be alarmed on without metric math.
        let outcome = format!("batches_{}", self.state);
        let mut metrics = vec![json!({"Name": outcome, "Unit": "Count"})];
        if self.took.is_some() {
            metrics.extend([
                json!({"Name": "rows", "Unit": "Count"}),
                json!({"Name": "rejected_rows", "Unit": "Count"}),
                json!({"Name": "content_bytes", "Unit": "Bytes"}),
                json!({"Name": "load_seconds", "Unit": "Seconds"}),
            ]);
        }
        let mut line = json!({
            "_aws": {
                "Timestamp": milliseconds,
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [
                        ["environment", "dataset", "lane"],
                        ["environment", "lane"],
                        ["environment"],
                    ],
                    "Metrics": metrics,
                }],
            },
            "environment": self.environment,
            "dataset": self.dataset,
            "lane": self.lane,
            "release": self.release,
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
    use super::*;

    #[test]
    fn a_metrics_line_names_what_it_measures_and_keeps_ids_out_of_dimensions() {
        let line = LoadMetrics {
            environment: "dev",
            release: "c0ffee",
            lane: "function",
            dataset: "prices",
            batch: "018f4e3e-7b5c-7cc0-8000-000000000001",
            state: "committed",
            attempt: 2,
            rows: 56_689,
            rejected: 0,
            bytes: 1_500_000,
            took: Some(Duration::from_millis(750)),
        }
        .line(UNIX_EPOCH + Duration::from_secs(1));
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(line["_aws"]["Timestamp"], 1000);
        for dimensions in metrics["Dimensions"].as_array().expect("a list") {
            for dimension in dimensions.as_array().expect("a list") {
                assert_ne!(dimension, "batch");
                assert!(line[dimension.as_str().expect("text")].is_string());
            }
        }
        for metric in metrics["Metrics"].as_array().expect("a list") {
            assert!(line[metric["Name"].as_str().expect("text")].is_number());
        }
        assert_eq!(line["batches_committed"], 1);
        assert_eq!(line["load_seconds"], 0.75);
    }
}
