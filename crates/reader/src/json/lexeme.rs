//! Strings, numbers and words of JSON, byte by byte.

/// A lexeme that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lexeme {
    None,
    String,
    /// After a backslash in a string.
    Escape,
    /// So many hexadecimal digits of a string's escape are missing.
    Hex(u8),
    Number(Number),
    /// What is missing of `true`, `false` or `null`.
    Word(&'static [u8]),
}

/// How far a number has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

/// What a byte does to a lexeme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Goes(Lexeme),
    /// With this byte.
    Ends,
    /// The byte belongs to what follows.
    EndedBefore,
}

impl Lexeme {
    /// The lexeme of a value that begins with this byte.
    pub(super) fn begin(byte: u8) -> Result<Self, &'static str> {
        Ok(match byte {
            b'"' => Self::String,
            b'-' => Self::Number(Number::Minus),
            b'0' => Self::Number(Number::Zero),
            b'1'..=b'9' => Self::Number(Number::Whole),
            b't' => Self::Word(b"rue"),
            b'f' => Self::Word(b"alse"),
            b'n' => Self::Word(b"ull"),
            _ => return Err("a value should be"),
        })
    }

    pub(super) fn take(self, byte: u8) -> Result<Next, &'static str> {
        Ok(match (self, byte) {
            (Self::String, b'"') => Next::Ends,
            (Self::String, b'\\') => Next::Goes(Self::Escape),
            (Self::String, 0..=0x1F) => return Err("a control character is in a string"),
            (Self::String, _) => Next::Goes(Self::String),
            (Self::Escape, b'u') => Next::Goes(Self::Hex(4)),
            (Self::Escape, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                Next::Goes(Self::String)
            }
            (Self::Hex(1), _) if byte.is_ascii_hexdigit() => Next::Goes(Self::String),
            (Self::Hex(left), _) if byte.is_ascii_hexdigit() => Next::Goes(Self::Hex(left - 1)),
            (Self::Escape | Self::Hex(_), _) => return Err("a backslash means nothing"),
            (Self::Word([last]), _) if byte == *last => Next::Ends,
            (Self::Word([next, rest @ ..]), _) if byte == *next => Next::Goes(Self::Word(rest)),
            (Self::Word(_), _) => return Err("a value should be"),
            (Self::Number(number), _) => match number.take(byte) {
                Some(number) => Next::Goes(Self::Number(number)),
                None if number.is_whole() => Next::EndedBefore,
                None => return Err("a number is cut off"),
            },
            (Self::None, _) => Next::EndedBefore,
        })
    }
}

impl Number {
    const fn take(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Whole, b'0'..=b'9') => Self::Whole,
            (Self::Zero | Self::Whole, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Self::E,
            (Self::E, b'+' | b'-') => Self::Sign,
            (Self::E | Self::Sign | Self::Exponent, b'0'..=b'9') => Self::Exponent,
            _ => return None,
        })
    }

    /// Whether the number may end here.
    const fn is_whole(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Whole | Self::Fraction | Self::Exponent
        )
    }
}
