//! Messages of our own on the queue of loads. The HTTP API, the command line and the intake function
//! write them, the intake function reads them.
//!
//! They carry ids only: what a batch is, the ledger knows.

use ledger::BatchId;
use serde::{Deserialize, Serialize};

/// `{"waybill":"next"}`, `{"waybill":"load","batch":"…"}`, `{"waybill":"undo","batch":"…","by":"…"}`,
/// `{"waybill":"sweep"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "waybill", rename_all = "snake_case", deny_unknown_fields)]
pub enum Control {
    /// Somebody waits. Who is next, the ledger says.
    Next,
    /// From time to time: look after whoever was forgotten.
    Sweep,
    /// Load a batch that the ledger knows: a replay.
    Load {
        /// Which.
        batch: BatchId,
    },
    /// Take a committed batch back.
    Undo {
        /// Which.
        batch: BatchId,
        /// Who asked, for the timeline.
        by: String,
    },
}

impl Control {
    /// The field whose presence tells a message of ours from an event.
    pub const MARK: &'static str = "waybill";

    /// The message's body.
    pub fn to_body(&self) -> String {
        // Two strings in an object: there is no way for this to fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f4e3e-7b5c-7cc0-8000-000000000001";

    #[test]
    fn messages_read_as_they_were_written() {
        let batch: BatchId = ID.parse().expect("an id");
        for message in [
            Control::Next,
            Control::Sweep,
            Control::Load { batch },
            Control::Undo {
                batch,
                by: "key \"ops\"".to_owned(),
            },
        ] {
            let body = message.to_body();
            assert_eq!(
                serde_json::from_str::<Control>(&body).expect("reads"),
                message
            );
        }
    }

    #[test]
    fn the_wire_form_is_fixed() {
        let batch: BatchId = ID.parse().expect("an id");
        assert_eq!(
            Control::Load { batch }.to_body(),
            format!(r#"{{"waybill":"load","batch":"{ID}"}}"#)
        );
        assert_eq!(Control::Next.to_body(), r#"{"waybill":"next"}"#);
        assert_eq!(Control::Sweep.to_body(), r#"{"waybill":"sweep"}"#);
        assert_eq!(
            Control::Undo {
                batch,
                by: "ops".to_owned()
            }
            .to_body(),
            format!(r#"{{"waybill":"undo","batch":"{ID}","by":"ops"}}"#)
        );
    }
}
