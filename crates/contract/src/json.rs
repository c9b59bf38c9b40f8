//! Whether a text is a JSON object or array that PostgreSQL's `jsonb` takes, without building anything from it.
//!
//! A grammar check alone would let through what the server refuses, and one such value would fail the whole batch
//! without naming its row: `\u0000`, unpaired surrogates, numbers beyond `numeric`, and nesting without end.

/// How deep objects and arrays may lie in one another, the same as for records.
pub(crate) const MAX_DEPTH: usize = 64;
/// Digits that `numeric` holds before and after the point.
const NUMERIC_BEFORE: i64 = 131_072;
const NUMERIC_AFTER: i64 = 16_383;

/// Why a text is no such JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonFault {
    /// It is not well-formed.
    Malformed,
    /// It is a string, a number, a boolean or null by itself.
    NotCompound,
    /// It is nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A string holds `\u0000`.
    Nul,
    /// A string holds half of a surrogate pair.
    Surrogate,
    /// A number has more digits than the database keeps.
    Number,
}

/// Checks the text of one value, white space around it allowed.
pub(crate) fn check(text: &str) -> Result<(), JsonFault> {
    let mut scanner = Scanner {
        rest: text.as_bytes(),
    };
    scanner.space();
    let compound = matches!(scanner.rest.first(), Some(b'{' | b'['));
    scanner.value(0)?;
    scanner.space();
    if !scanner.rest.is_empty() {
        return Err(JsonFault::Malformed);
    }
    if compound {
        Ok(())
    } else {
        Err(JsonFault::NotCompound)
    }
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.rest.first() == Some(&byte);
        if taken {
            self.rest = &self.rest[1..];
        }
        taken
    }

    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonFault> {
        self.rest = self.rest.strip_prefix(word).ok_or(JsonFault::Malformed)?;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<(), JsonFault> {
        match self.rest.first() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => Err(JsonFault::TooDeep),
            Some(b'{') => self.members(b'}', |scanner| {
                scanner.string()?;
                scanner.space();
                if !scanner.take(b':') {
                    return Err(JsonFault::Malformed);
                }
                scanner.space();
                scanner.value(depth + 1)
            }),
            Some(b'[') => self.members(b']', |scanner| scanner.value(depth + 1)),
            Some(b'"') => self.string(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(JsonFault::Malformed),
        }
    }

    /// An opening bracket, members separated by commas, and the closing one.
    fn members(
        &mut self,
        close: u8,
        mut member: impl FnMut(&mut Self) -> Result<(), JsonFault>,
    ) -> Result<(), JsonFault> {
        self.next();
        self.space();
        if self.take(close) {
            return Ok(());
        }
        loop {
            self.space();
            member(self)?;
            self.space();
            if self.take(close) {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(JsonFault::Malformed);
            }
        }
    }

    fn string(&mut self) -> Result<(), JsonFault> {
        if !self.take(b'"') {
            return Err(JsonFault::Malformed);
        }
        loop {
            match self.next() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) | None => return Err(JsonFault::Malformed),
                Some(_) => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonFault> {
        match self.next() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => match self.hex()? {
                0 => Err(JsonFault::Nul),
                0xd800..=0xdbff => {
                    let low = if self.take(b'\\') && self.take(b'u') {
                        self.hex()?
                    } else {
                        0
                    };
                    if (0xdc00..=0xdfff).contains(&low) {
                        Ok(())
                    } else {
                        Err(JsonFault::Surrogate)
                    }
                }
                0xdc00..=0xdfff => Err(JsonFault::Surrogate),
                _ => Ok(()),
            },
            _ => Err(JsonFault::Malformed),
        }
    }

    fn hex(&mut self) -> Result<u32, JsonFault> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self
                .next()
                .and_then(|byte| char::from(byte).to_digit(16))
                .ok_or(JsonFault::Malformed)?;
            value = value * 16 + digit;
        }
        Ok(value)
    }

    fn digits(&mut self) -> Result<i64, JsonFault> {
        let count = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.rest = &self.rest[count..];
        if count == 0 {
            Err(JsonFault::Malformed)
        } else {
            Ok(count as i64)
        }
    }

    fn number(&mut self) -> Result<(), JsonFault> {
        self.take(b'-');
        let zero = self.rest.first() == Some(&b'0');
        let before = self.digits()?;
        if zero && before > 1 {
            return Err(JsonFault::Malformed);
        }
        let after = if self.take(b'.') { self.digits()? } else { 0 };
        let exponent = self.exponent()?;
        if before + exponent > NUMERIC_BEFORE || after - exponent > NUMERIC_AFTER {
            return Err(JsonFault::Number);
        }
        Ok(())
    }

    fn exponent(&mut self) -> Result<i64, JsonFault> {
        if !self.take(b'e') && !self.take(b'E') {
            return Ok(0);
        }
        let negative = self.take(b'-');
        if !negative {
            self.take(b'+');
        }
        let text = self.rest;
        let count = self.digits()? as usize;
        // More than any limit is enough to know.
        let value = text[..count].iter().fold(0_i64, |value, byte| {
            (value * 10 + i64::from(byte - b'0')).min(1 << 32)
        });
        Ok(if negative { -value } else { value })
    }
}
