//! Commas and line feeds, one after the other, eight bytes at a time.
//!
//! Fields are short: setting up a vector search for each costs more than the search. Here the matches of a word are
//! kept until they are used up.

/// An iterator over the places of commas and line feeds.
#[derive(Debug)]
pub(super) struct Delimiters<'b> {
    bytes: &'b [u8],
    /// Where the present word starts.
    word: usize,
    /// The high bit of each byte of the present word that is a delimiter not yet given.
    matches: u64,
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const LOW_BITS: u64 = u64::from_le_bytes([0x7F; 8]);

impl<'b> Delimiters<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        let mut delimiters = Self {
            bytes,
            word: 0,
            matches: 0,
        };
        delimiters.load();
        delimiters
    }

    /// The next delimiter, or the length of the bytes after the last.
    #[inline]
    pub(super) fn next(&mut self) -> usize {
        while self.matches == 0 {
            if self.word + 8 >= self.bytes.len() {
                return self.bytes.len();
            }
            self.word += 8;
            self.load();
        }
        let byte = self.matches.trailing_zeros() / 8;
        self.matches &= self.matches - 1;
        self.word + byte as usize
    }

    #[inline]
    fn load(&mut self) {
        let rest = &self.bytes[self.word..];
        let word = rest.first_chunk::<8>().map_or_else(
            || {
                // Zeros are no delimiters.
                let mut last = [0; 8];
                last[..rest.len()].copy_from_slice(rest);
                last
            },
            |word| *word,
        );
        let word = u64::from_le_bytes(word);
        self.matches = equal(word, b',') | equal(word, b'\n');
    }
}

/// The high bit of each byte that equals `byte`, exactly: no carry goes from one byte to the next.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let zero_where_equal = word ^ (ONES * byte as u64);
    !(((zero_where_equal & LOW_BITS) + LOW_BITS) | zero_where_equal | LOW_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_comma_and_line_feed_is_found_in_order(bytes in proptest::collection::vec(
            prop_oneof![Just(b','), Just(b'\n'), Just(b'-'), Just(0x0B), Just(0x8A), any::<u8>()], 0..100)) {
            let expected: Vec<_> = (0..bytes.len()).filter(|at| matches!(bytes[*at], b',' | b'\n')).collect();
            let mut delimiters = Delimiters::new(&bytes);
            for at in expected {
                prop_assert_eq!(delimiters.next(), at);
            }
            prop_assert_eq!(delimiters.next(), bytes.len());
            prop_assert_eq!(delimiters.next(), bytes.len());
        }
    }
}
