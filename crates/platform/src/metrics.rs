//! Metrics: one line a batch and one a request (one a minute where requests are too many) on stdout, in CloudWatch's embedded metric format, and
//! the names that whoever reads them needs.
//!
//! Batches, paths and datasets' rows are properties of a line, never dimensions: dimensions make
//! metrics, and every metric costs for the hours in which it is written. So the function's version
//! is a dimension of the few metrics alone that a new version is judged by.

mod load;
mod request;
mod traffic;

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

pub use load::LoadMetrics;
pub use request::RequestMetrics;
pub use traffic::Traffic;

/// The namespace of every metric.
pub const NAMESPACE: &str = "Waybill";

/// The environment's name: a dimension of every metric.
pub const ENVIRONMENT: &str = "environment";
/// The version of the function that wrote the line: beside [`ENVIRONMENT`] the second dimension of
/// what a new version is judged by, which is every metric named here. Not the release: who goes back
/// to a version, or brings one out again, must be able to tell the two apart.
pub const VERSION: &str = "version";

/// Requests that were answered. Those that see whether anybody is there do not count, nor do
/// synthetic ones.
pub const REQUESTS: &str = "requests";
/// Those of them that were answered with 500 or above.
pub const SERVER_ERRORS: &str = "server_errors";
/// Those of them that were refused: answered with 400 to 499.
pub const CLIENT_ERRORS: &str = "client_errors";
/// Milliseconds that a request took, the first one of an instance left out.
pub const DURATION_MS: &str = "duration_ms";

/// The `requestContext.apiId` of requests that are made to see whether a release works. They are
/// answered like any other, and not measured.
pub const SYNTHETIC_API: &str = "synthetic";

/// Batches that a version was the first to begin.
pub const BATCHES_RECEIVED: &str = "batches_received";
/// Batches that were committed.
pub const BATCHES_COMMITTED: &str = "batches_committed";
/// Batches that were rejected.
pub const BATCHES_REJECTED: &str = "batches_rejected";
/// Attempts that failed; a batch that is tried again counts again.
pub const BATCHES_FAILED: &str = "batches_failed";
/// Every way in which an attempt ends. Together they are how many a version made, which
/// [`BATCHES_RECEIVED`] is not: the next attempt may be another version's.
pub const ATTEMPTS: [&str; 5] = [
    BATCHES_COMMITTED,
    BATCHES_REJECTED,
    BATCHES_FAILED,
    "batches_duplicate",
    "batches_checked",
];

/// What a line says to CloudWatch: these metrics under these sets of dimensions.
fn directive(dimensions: &[&[&str]], metrics: &[(&str, &str)]) -> Value {
    let metrics: Vec<Value> = metrics
        .iter()
        .map(|(name, unit)| json!({"Name": name, "Unit": unit}))
        .collect();
    json!({"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics})
}

/// The member of a line that makes it a metrics line.
fn envelope(now: SystemTime, directives: &[Value]) -> Value {
    let milliseconds = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis() as u64;
    json!({"Timestamp": milliseconds, "CloudWatchMetrics": directives})
}

/// Writes a line to stdout, where Lambda's log has it.
fn write(line: &Value) {
    if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
        tracing::warn!(%error, "a metrics line was lost");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails unless every metric and dimension that a line announces is in it, and no id is a dimension.
    pub(super) fn check(line: &Value) {
        let directives = line["_aws"]["CloudWatchMetrics"]
            .as_array()
            .expect("a list");
        assert!(line["_aws"]["Timestamp"].is_u64());
        for directive in directives {
            assert_eq!(directive["Namespace"], NAMESPACE);
            for dimension in directive["Dimensions"]
                .as_array()
                .expect("sets")
                .iter()
                .flat_map(|set| set.as_array().expect("a set"))
            {
                let name = dimension.as_str().expect("text");
                assert!(
                    ["environment", "version", "dataset", "lane"].contains(&name),
                    "{name}"
                );
                assert!(line[name].is_string(), "{name}");
            }
            for metric in directive["Metrics"].as_array().expect("metrics") {
                let name = metric["Name"].as_str().expect("text");
                assert!(line[name].is_number(), "{name}");
            }
        }
    }

    /// The sets of dimensions that a metric is written under.
    pub(super) fn dimensions(line: &Value, metric: &str) -> Vec<String> {
        let directives = line["_aws"]["CloudWatchMetrics"]
            .as_array()
            .expect("a list");
        let of_it = directives.iter().filter(|directive| {
            let metrics = directive["Metrics"].as_array().expect("metrics");
            metrics.iter().any(|one| one["Name"] == metric)
        });
        of_it
            .flat_map(|directive| directive["Dimensions"].as_array().expect("sets"))
            .map(|set| {
                let names = set.as_array().expect("a set").iter();
                let names: Vec<&str> = names.filter_map(Value::as_str).collect();
                names.join(" ")
            })
            .collect()
    }
}
