//! Where records end: the one definition, and faster ways to the same answer.

use memchr::{memchr, memchr_iter, memchr2, memrchr};

use crate::cut::Cut;

/// What the bytes before mean for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// At a field's first byte.
    Start,
    /// In a field that is not quoted, or after the quoted part of a malformed one: quotes mean nothing.
    Bare,
    /// Inside quotes: only a quote means something.
    Quoted,
    /// After a quote inside quotes: it was the closing one, unless another follows.
    Closing,
}

impl State {
    /// The definition. A line feed in any state but `Quoted` ends the record.
    pub(crate) const fn step(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::Closing,
            (Self::Quoted, _) | (Self::Start | Self::Closing, b'"') => Self::Quoted,
            (_, b',' | b'\n') => Self::Start,
            _ => Self::Bare,
        }
    }
}

/// Follows one record over any number of pieces, to count its fields and find its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    state: State,
    /// The field that the next byte belongs to, from 0.
    pub(crate) field: usize,
}

impl Walk {
    /// At a record's first byte.
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Start,
            field: 0,
        }
    }

    /// Whether a line feed would not end the record.
    pub(crate) fn inside_quotes(&self) -> bool {
        self.state == State::Quoted
    }

    /// Goes on to the line feed that ends the record and says where it is, or to the end of the piece.
    pub(crate) fn seek_end(&mut self, piece: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < piece.len() {
            // Jump to the next byte that means something.
            let skip = match self.state {
                State::Bare => memchr2(b',', b'\n', &piece[at..]),
                State::Quoted => memchr(b'"', &piece[at..]),
                State::Start | State::Closing => Some(0),
            };
            at += skip?;
            let ended = self.state != State::Quoted && piece[at] == b'\n';
            if self.state != State::Quoted && piece[at] == b',' {
                self.field += 1;
            }
            self.state = self.state.step(piece[at]);
            if ended {
                self.field = 0;
                return Some(at);
            }
            at += 1;
        }
        None
    }
}

/// Follows many records over any number of pieces, to find where the last whole one ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan {
    state: State,
    /// Line feeds since the last record's end.
    pending_lines: u64,
}

impl Scan {
    /// At a record's first byte.
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Start,
            pending_lines: 0,
        }
    }

    /// Goes to the end of the piece and gives the last record's end in it. Fields are not looked at: outside quotes a
    /// quote opens a field exactly if a comma, a line feed or nothing is before it.
    pub(crate) fn last_end(&mut self, piece: &[u8]) -> Option<Cut> {
        let mut end = None;
        let mut records = 0;
        let mut at = 0;
        while at < piece.len() {
            match self.state {
                State::Quoted => match memchr(b'"', &piece[at..]) {
                    Some(quote) => {
                        at += quote + 1;
                        self.state = State::Closing;
                    }
                    None => at = piece.len(),
                },
                State::Closing if piece[at] == b'"' => {
                    at += 1;
                    self.state = State::Quoted;
                }
                _ => {
                    let quote = memchr(b'"', &piece[at..]).map_or(piece.len(), |quote| at + quote);
                    let outside = &piece[at..quote];
                    if let Some((feed, feeds)) = line_feeds(outside) {
                        end = Some(at + feed + 1);
                        records += feeds;
                    }
                    if let Some(byte) = outside.last() {
                        // Outside quotes, any byte but a quote means the same in every state.
                        self.state = State::Bare.step(*byte);
                    }
                    at = quote;
                    if quote < piece.len() {
                        self.state = self.state.step(b'"');
                        at += 1;
                    }
                }
            }
        }
        // Inside quotes, a line feed is a line and no record.
        let count = |bytes: &[u8]| memchr_iter(b'\n', bytes).count() as u64;
        if let Some(end) = end {
            let lines = self.pending_lines + count(&piece[..end]);
            self.pending_lines = count(&piece[end..]);
            Some(Cut {
                end,
                records,
                lines,
            })
        } else {
            self.pending_lines += count(piece);
            None
        }
    }
}

/// Where the last line feed is, and how many there are.
fn line_feeds(bytes: &[u8]) -> Option<(usize, u64)> {
    /// Between two quoted fields there is little: looking at it is faster than calling for a search.
    const SHORT: usize = 16;
    if bytes.len() > SHORT {
        let last = memrchr(b'\n', bytes)?;
        return Some((last, memchr_iter(b'\n', &bytes[..=last]).count() as u64));
    }
    let mut found = None;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' {
            found = Some((at, found.map_or(1, |(_, before)| before + 1)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Where each record's line feed is, by the definition alone.
    fn ends(bytes: &[u8]) -> Vec<usize> {
        let mut state = State::Start;
        let mut ends = Vec::new();
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' && state != State::Quoted {
                ends.push(at);
            }
            state = state.step(*byte);
        }
        ends
    }

    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(b'"'), Just(b'"'), Just(b','), Just(b'\n'), Just(b'x')];
        proptest::collection::vec(byte, 0..60)
    }

    proptest! {
        #[test]
        fn a_walk_ends_where_the_definition_says(bytes in hostile(), piece in 1..9_usize) {
            let mut found = Vec::new();
            for (index, chunk) in bytes.chunks(piece).enumerate() {
                let mut walk = if index == 0 { Walk::new() } else { unfinished(&bytes[..index * piece]) };
                let mut from = 0;
                while let Some(end) = walk.seek_end(&chunk[from..]) {
                    found.push(index * piece + from + end);
                    from += end + 1;
                }
            }
            prop_assert_eq!(found, ends(&bytes));
        }

        #[test]
        fn a_scan_cuts_where_the_definition_says(bytes in hostile(), piece in 1..60_usize) {
            let mut scan = Scan::new();
            let mut before = 0;
            for chunk in bytes.chunks(piece) {
                let known = ends(&bytes[..before + chunk.len()]);
                let cut = scan.last_end(chunk);
                let expected = known.last().filter(|end| **end >= before).map(|end| end + 1 - before);
                prop_assert_eq!(cut.map(|cut| cut.end), expected);
                if let Some(cut) = cut {
                    let new = known.iter().filter(|end| **end >= before).count() as u64;
                    prop_assert_eq!(cut.records, new);
                    // As a splitter does: what follows a cut is scanned afresh.
                    break;
                }
                before += chunk.len();
            }
        }
    }

    /// A walk in the state that these bytes leave it in.
    fn unfinished(bytes: &[u8]) -> Walk {
        let state = bytes
            .iter()
            .fold(State::Start, |state, byte| state.step(*byte));
        Walk { state, field: 0 }
    }
}
