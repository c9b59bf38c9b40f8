//! The ETag of an answer: a hash of the question and of the data's version.

use std::fmt::Write;

use axum::http::HeaderValue;
use sha2::{Digest, Sha256};

use super::question::{Places, Question};

/// Raised when the same data is answered in another form, so that caches let go of the old one.
const FORM: &str = "1";

/// The tag, quotes included. Each part ends in a byte that it cannot contain, so that no two questions look alike.
pub(super) fn of(question: &Question, version: &str) -> String {
    let places = match question.places {
        Places::Ports => "ports",
        Places::PortsAndRegions => "places",
    };
    let mut hash = Sha256::new();
    for part in [
        FORM,
        places,
        &question.from.to_string(),
        &question.to.to_string(),
        &question.origin,
        &question.destination,
        version,
    ] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut tag = String::from("\"");
    for byte in hash.finalize().iter().take(16) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// Whether `If-None-Match` names the tag (RFC 9110: weak comparison, a list, or `*`).
pub(super) fn matches(known: &HeaderValue, current: &str) -> bool {
    let Ok(known) = known.to_str() else {
        return false;
    };
    known
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == current)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(origin: &str, destination: &str) -> Question {
        Question {
            places: Places::Ports,
            from: jiff::civil::date(2021, 1, 1),
            to: jiff::civil::date(2021, 1, 31),
            origin: origin.to_owned(),
            destination: destination.to_owned(),
            after_batch: None,
        }
    }

    #[test]
    fn a_tag_changes_with_the_question_and_with_the_data() {
        let tag = of(&question("CNGGZ", "EETLL"), "7");
        assert_eq!(tag, of(&question("CNGGZ", "EETLL"), "7"));
        assert_ne!(tag, of(&question("CNGGZ", "EETLL"), "8"));
        assert_ne!(tag, of(&question("CNGGZE", "ETLL"), "7"));
        assert_ne!(
            tag,
            of(
                &Question {
                    places: Places::PortsAndRegions,
                    ..question("CNGGZ", "EETLL")
                },
                "7"
            )
        );
    }

    #[test]
    fn if_none_match_is_a_list_of_weak_or_strong_tags_or_a_star() {
        let is = |known: &'static str| matches(&HeaderValue::from_static(known), "\"a\"");
        assert!(is("\"a\"") && is("W/\"a\"") && is("\"b\", \"a\"") && is("*"));
        assert!(!is("\"b\"") && !is("a"));
    }
}
