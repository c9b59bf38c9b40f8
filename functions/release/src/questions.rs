//! What a version can be asked without harm, and whether an answer is a good one.

use platform::metrics::SYNTHETIC_API;
use platform::probe::{self, Health};
use serde::Deserialize;
use serde_json::{Value, json};

/// A request that changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// A probe (`platform::probe`).
    Probe,
    /// A path of the HTTP API.
    Get(&'static str, &'static str),
}

/// What every version of a function is asked before it is called.
pub(crate) fn health(function: &str) -> Question {
    match function {
        "api" => Question::Get("/health", ""),
        _ => Question::Probe,
    }
}

/// What stands for partners' requests, one after the other; empty for a function that no partner's request reaches.
///
/// Without a key, rates are refused where they are not public: the router, the key's check and its session were at work
/// all the same.
pub(crate) fn traffic(function: &str) -> &'static [Question] {
    match function {
        "api" => &[
            Question::Get("/health", ""),
            Question::Get("/openapi.json", ""),
            Question::Get(
                "/rates",
                "date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL",
            ),
        ],
        "intake" => &[Question::Probe],
        _ => &[],
    }
}

impl Question {
    /// The event.
    pub(crate) fn event(self) -> Value {
        match self {
            Question::Probe => probe::event(),
            Question::Get(path, query) => http_get(path, query),
        }
    }

    /// Whether the answer is one that a partner could have got from a sound version.
    pub(crate) fn accepts(self, answer: &Value) -> bool {
        match self {
            Question::Probe => self
                .health(answer)
                .is_ok_and(|health| health.problems.is_empty()),
            Question::Get(..) => answer["statusCode"]
                .as_u64()
                .is_some_and(|status| status < 500),
        }
    }

    /// Who answers, and what it lacks.
    pub(crate) fn health(self, answer: &Value) -> Result<Health, String> {
        let not_understood = |why: String| format!("its answer is not understood: {why}");
        match self {
            Question::Probe => {
                Health::deserialize(answer).map_err(|error| not_understood(error.to_string()))
            }
            Question::Get(..) => {
                let status = answer["statusCode"].as_u64().unwrap_or_default();
                if status != 200 {
                    return Err(format!("it answers with status {status}"));
                }
                let body = answer["body"].as_str().unwrap_or_default();
                let body: Value = serde_json::from_str(body)
                    .map_err(|error| not_understood(error.to_string()))?;
                let release = body["release"]
                    .as_str()
                    .ok_or_else(|| not_understood("it names no release".to_owned()))?;
                let mut health = Health::of(release);
                for (what, reach) in body["database"].as_object().into_iter().flatten() {
                    if reach != "reachable" {
                        health
                            .problems
                            .push(format!("the database as {what}: not reachable"));
                    }
                }
                Ok(health)
            }
        }
    }
}

/// An event as an HTTP API (payload format 2.0) makes it of a GET.
fn http_get(path: &str, query: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "release", "user-agent": "waybill-release"},
        "requestContext": {
            "accountId": "",
            "apiId": SYNTHETIC_API,
            "domainName": "release",
            "domainPrefix": "release",
            "http": {
                "method": "GET",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "waybill-release",
            },
            "requestId": "release",
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "isBase64Encoded": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_answer_says_who_answers_and_what_it_lacks() {
        let body = json!({"status": "ok", "release": "c0ffee", "database": {"ledger": "reachable", "reader": "unreachable"}});
        let answer = json!({"statusCode": 200, "body": body.to_string()});
        let health = Question::Get("/health", "")
            .health(&answer)
            .expect("understood");
        assert_eq!(health.release, "c0ffee");
        assert_eq!(health.problems, ["the database as reader: not reachable"]);
    }

    #[test]
    fn a_refusal_is_a_good_answer_and_a_fault_is_none() {
        let rates = traffic("api")[2];
        assert!(rates.accepts(&json!({"statusCode": 401})));
        assert!(!rates.accepts(&json!({"statusCode": 503})));
        assert!(!rates.accepts(&json!({"errorMessage": "exited"})));
        assert!(!Question::Probe.accepts(&json!({"release": "r", "problems": ["x"]})));
        assert!(Question::Probe.accepts(&json!({"release": "r", "problems": []})));
    }
}
