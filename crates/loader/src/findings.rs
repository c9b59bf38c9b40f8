//! What was wrong, gathered in file order with an exact total and a bounded listing.

use std::borrow::Cow;

use ledger::Finding;

/// The longest value that an entry shows; the entry's row has all of it.
const VALUE_CHARS: usize = 500;

/// A report in the making.
#[derive(Debug)]
pub(crate) struct Findings {
    /// The first entries, in file order.
    pub(crate) listed: Vec<Finding>,
    /// All of them.
    pub(crate) total: u64,
    rows_bytes: usize,
    cap: usize,
    bytes_cap: usize,
}

impl Findings {
    pub(crate) fn new(cap: usize, bytes_cap: usize) -> Self {
        Self {
            listed: Vec::new(),
            total: 0,
            rows_bytes: 0,
            cap,
            bytes_cap,
        }
    }

    /// Whether further entries are only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.listed.len() >= self.cap || self.rows_bytes >= self.bytes_cap
    }

    /// Adds the next entry in file order.
    pub(crate) fn push(&mut self, finding: Finding) {
        self.total += 1;
        if !self.is_full() {
            self.rows_bytes += finding.row.len();
            self.listed.push(finding);
        }
    }

    /// Counts entries that nobody kept.
    pub(crate) fn count(&mut self, entries: u64) {
        self.total += entries;
    }
}

/// A field's bytes as text that PostgreSQL and JSON can hold: invalid UTF-8 becomes U+FFFD, NUL
/// becomes U+2400, and a long value is cut.
pub(crate) fn shown(value: &[u8]) -> String {
    let start = &value[..value.len().min(VALUE_CHARS * 4)];
    let text = String::from_utf8_lossy(start);
    let text: Cow<'_, str> = if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{2400}"))
    } else {
        text
    };
    match text.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_text_that_can_be_stored_and_never_endlessly() {
        assert_eq!(shown("Måløy".as_bytes()), "Måløy");
        assert_eq!(shown(b"a\0b"), "a\u{2400}b");
        assert_eq!(shown(b"caf\xe9"), "caf\u{fffd}");
        assert_eq!(shown(&vec![b'x'; 10_000]).chars().count(), VALUE_CHARS + 1);
    }

    #[test]
    fn the_listing_is_capped_and_the_total_is_exact() {
        let mut findings = Findings::new(2, 1000);
        for record in 1..=5 {
            findings.push(Finding {
                file: None,
                record,
                line: record + 1,
                byte: 0,
                column: None,
                rule: "columns".into(),
                value: None,
                message: String::new(),
                row: Vec::new(),
            });
        }
        findings.count(10);
        assert_eq!((findings.listed.len(), findings.total), (2, 15));
    }
}
