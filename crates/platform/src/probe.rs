//! What a release asks of a new version before anybody else calls it: who it is, and whether it reaches what it needs.
//!
//! A function that speaks HTTP answers `GET /health` instead. A probe changes nothing and counts in no metric.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// The event of a probe.
pub fn event() -> Value {
    json!({"probe": true})
}

/// An invocation of a function: its work, or a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<Work> {
    /// `{"probe":true}`.
    Probe,
    /// Everything else.
    Work(Work),
}

impl<'de, Work: DeserializeOwned> Deserialize<'de> for Event<Work> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value == event() {
            return Ok(Event::Probe);
        }
        serde_json::from_value(value)
            .map(Event::Work)
            .map_err(D::Error::custom)
    }
}

/// A function's answer to a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The release that answers.
    pub release: String,
    /// What it needs and does not reach, each in a sentence; empty if all is well.
    pub problems: Vec<String>,
}

impl Health {
    /// Of a release that needs nothing but itself.
    pub fn of(release: &str) -> Self {
        Health {
            release: release.to_owned(),
            problems: Vec::new(),
        }
    }

    /// With what came of trying one of the things that it needs.
    #[must_use]
    pub fn with<T, E: std::error::Error + 'static>(
        mut self,
        needed: &str,
        tried: Result<T, E>,
    ) -> Self {
        if let Err(error) = tried {
            self.problems
                .push(format!("{needed}: {}", ledger::chain(&error)));
        }
        self
    }
}

/// What a function answers: to a probe its health, to anything else its work's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer<Done> {
    /// To a probe.
    Health(Health),
    /// To its work.
    Done(Done),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(tag = "action", rename_all = "snake_case")]
    enum Work {
        Stop,
    }

    #[test]
    fn a_probe_is_told_from_work_and_a_wrong_event_in_the_words_of_the_work() {
        let read = |text: &str| serde_json::from_str::<Event<Work>>(text);
        assert_eq!(read(&event().to_string()).expect("a probe"), Event::Probe);
        assert_eq!(
            read(r#"{"action":"stop"}"#).expect("work"),
            Event::Work(Work::Stop)
        );
        let error = read(r#"{"action":"fly"}"#).expect_err("no such work");
        assert!(
            error.to_string().contains("unknown variant `fly`"),
            "{error}"
        );
    }
}
