//! An execution as lines for people: one for each thing that it begins, with what a judgement said.

use aws_sdk_sfn::types::HistoryEvent;

use super::machine::exited;

/// The states that a watcher wants to see, and in which words.
const STATES: [(&str, &str); 14] = [
    ("Take the lock", "taking the lock"),
    (
        "Take the lock over",
        "taking the lock from an execution that is dead",
    ),
    ("Put back what was left", "putting back what it left"),
    ("Where every alias is", "remembering where every alias is"),
    ("Publish", "publishing the new versions"),
    (
        "Smoke test",
        "asking every new version who it is and what it reaches",
    ),
    ("Migrate", "migrating the database"),
    (
        "Make traffic",
        "making requests: too few come by themselves",
    ),
    ("All of it", "everything goes to the new versions"),
    ("Remove old versions", "removing old versions"),
    ("Put every alias back", "putting every alias back"),
    (
        "Tell that it did not begin",
        "telling that it did not begin",
    ),
    (
        "Tell that it was taken back",
        "telling that it was taken back",
    ),
    (
        "Tell that aliases are stuck",
        "telling that aliases are not where they were",
    ),
];

/// Turns events into lines, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    judged: String,
}

impl Progress {
    /// The line of an event, where it has one. A judgement that says the same again has none.
    pub(crate) fn line(&mut self, event: &HistoryEvent) -> Option<String> {
        if let Some(entered) = &event.state_entered_event_details {
            let known = STATES.iter().find(|(name, _)| *name == entered.name)?;
            return Some(known.1.to_owned());
        }
        match exited(event)? {
            ("Shift", output) => {
                self.judged.clear();
                let weight = output["weight"].as_f64()?;
                Some(format!("{weight} % goes to the new versions"))
            }
            ("Judge", output) => {
                let verdict = &output["Payload"];
                let line = format!(
                    "judged: {}: {}",
                    words(verdict["verdict"].as_str()?),
                    reasons(&verdict["reasons"])
                );
                let news = line != self.judged;
                self.judged.clone_from(&line);
                news.then_some(line)
            }
            _ => None,
        }
    }
}

fn words(verdict: &str) -> &str {
    match verdict {
        "promote" => "good",
        "take_back" => "bad",
        "ask_for_traffic" => "not known",
        _ => "wait",
    }
}

fn reasons(reasons: &serde_json::Value) -> String {
    let texts = reasons.as_array().into_iter().flatten();
    texts
        .filter_map(|reason| reason.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::{HistoryEventType, StateEnteredEventDetails, StateExitedEventDetails};

    use super::*;
    use crate::release::machine::MOVED;

    fn event() -> aws_sdk_sfn::types::builders::HistoryEventBuilder {
        HistoryEvent::builder()
            .id(1)
            .timestamp(DateTime::from_secs(0))
            .r#type(HistoryEventType::TaskStateEntered)
    }

    fn entered(name: &str) -> HistoryEvent {
        let details = StateEnteredEventDetails::builder().name(name).build();
        event()
            .state_entered_event_details(details.expect("a name"))
            .build()
            .expect("an event")
    }

    fn judged(output: &str) -> HistoryEvent {
        let details = StateExitedEventDetails::builder()
            .name("Judge")
            .output(output)
            .build();
        event()
            .state_exited_event_details(details.expect("a name"))
            .build()
            .expect("an event")
    }

    #[test]
    fn a_judgement_is_told_once_until_it_changes() {
        let mut progress = Progress::default();
        let wait = judged(r#"{"Payload":{"verdict":"wait","reasons":["3 of 20 requests"]}}"#);
        let line = progress.line(&wait).expect("news");
        assert_eq!(line, "judged: wait: 3 of 20 requests");
        assert_eq!(progress.line(&wait), None);
        let good = judged(r#"{"Payload":{"verdict":"promote","reasons":["enough"]}}"#);
        assert_eq!(progress.line(&good).expect("news"), "judged: good: enough");
    }

    /// A state that was renamed in the definition would vanish from what is shown.
    #[test]
    fn every_state_that_is_told_is_one_of_the_definition() {
        let definition = include_str!("../../../../iac/modules/release/definition.asl.json");
        for name in STATES
            .iter()
            .map(|(name, _)| *name)
            .chain(["Shift", "Judge", MOVED])
        {
            assert!(definition.contains(&format!("\"{name}\": {{")), "{name}");
        }
        assert!(Progress::default().line(&entered("Publish")).is_some());
        assert!(Progress::default().line(&entered("Alias now")).is_none());
    }
}
