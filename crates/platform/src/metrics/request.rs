//! What one request came to.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime as LogTime};

use crate::settings::function_version;

use super::{
    CLIENT_ERRORS, DURATION_MS, ENVIRONMENT, REQUESTS, SERVER_ERRORS, VERSION, directive, envelope,
    write,
};

/// What one request came to. The line is the access log's as well: two would cost twice.
#[derive(Debug, Clone, Copy)]
pub struct RequestMetrics<'a> {
    /// The environment.
    pub environment: &'a str,
    /// The release that answered.
    pub release: &'a str,
    /// The method.
    pub method: &'a str,
    /// The route, with ids as parameters.
    pub route: &'a str,
    /// The answer's status.
    pub status: u16,
    /// From the request to its answer.
    pub took: Duration,
    /// Whether it is the first one of this instance, which connects to everything: a release that
    /// gets few requests has more of those, and is not slow for that.
    pub first: bool,
    /// What went wrong.
    pub error: Option<&'a str>,
}

impl RequestMetrics<'_> {
    /// Writes the line.
    pub fn emit(&self) {
        write(&self.line(SystemTime::now()));
    }

    fn line(&self, now: SystemTime) -> Value {
        let mut metrics = vec![
            (REQUESTS, "Count"),
            (SERVER_ERRORS, "Count"),
            (CLIENT_ERRORS, "Count"),
        ];
        if !self.first {
            metrics.push((DURATION_MS, "Milliseconds"));
        }
        let dimensions: [&[&str]; 2] = [&[ENVIRONMENT], &[ENVIRONMENT, VERSION]];
        let failed = self.status >= 500;
        let mut line = json!({
            "_aws": envelope(now, &[directive(&dimensions, &metrics)]),
            "timestamp": timestamp(),
            "level": if failed { "ERROR" } else { "INFO" },
            "message": if failed { "request failed" } else { "request answered" },
            "method": self.method,
            "route": self.route,
            "status": self.status,
        });
        for (name, value) in [
            (ENVIRONMENT, json!(self.environment)),
            (VERSION, json!(function_version())),
            ("release", json!(self.release)),
            (REQUESTS, json!(1)),
            (SERVER_ERRORS, json!(u8::from(failed))),
            (
                CLIENT_ERRORS,
                json!(u8::from((400..500).contains(&self.status))),
            ),
            (DURATION_MS, json!(self.took.as_secs_f64() * 1000.0)),
        ] {
            line[name] = value;
        }
        if let Some(error) = self.error {
            line["error"] = json!(error);
        }
        line
    }
}

/// Now, as the other lines of the log have it.
pub(super) fn timestamp() -> String {
    let mut text = String::new();
    match LogTime.format_time(&mut Writer::new(&mut text)) {
        Ok(()) => text,
        // Writing to memory does not fail; half a time would be worse than none.
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, dimensions};
    use super::*;

    fn line(status: u16, first: bool) -> Value {
        let line = RequestMetrics {
            environment: "dev",
            release: "c0ffee",
            method: "GET",
            route: "/v1/batches/{id}",
            status,
            took: Duration::from_millis(12),
            first,
            error: None,
        }
        .line(SystemTime::now());
        check(&line);
        line
    }

    #[test]
    fn refused_and_failed_requests_are_told_apart() {
        let counts = |status| {
            let line = line(status, false);
            [REQUESTS, SERVER_ERRORS, CLIENT_ERRORS].map(|name| line[name].as_u64())
        };
        assert_eq!(counts(200), [Some(1), Some(0), Some(0)]);
        assert_eq!(counts(404), [Some(1), Some(0), Some(1)]);
        assert_eq!(counts(503), [Some(1), Some(1), Some(0)]);
    }

    #[test]
    fn an_instances_first_request_does_not_count_as_slow() {
        assert!(dimensions(&line(200, true), DURATION_MS).is_empty());
        assert_eq!(
            dimensions(&line(200, false), DURATION_MS),
            ["environment", "environment version"]
        );
    }
}
