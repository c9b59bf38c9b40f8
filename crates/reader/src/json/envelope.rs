//! What stands around the array of records in a JSON document: strict JSON, of which only the way to the array is kept.

use contract::Rule;

use super::lexeme::{Lexeme, Next};
use crate::layout::quote;
use crate::splitter::Flaw;
use crate::utf8::Utf8;

/// What a piece of the envelope led to.
pub(super) enum Entered {
    /// The array of records; its first element is looked for at this byte.
    Array(usize),
    /// Nothing until the end of the bytes.
    Nothing,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    /// The document is over.
    Nothing,
}

/// As long as a key of the path can be written: six bytes for a character, and the quotes.
const KEY_BYTES: usize = 6 * 128 + 2;

pub(super) struct Envelope {
    path: Vec<String>,
    /// The most containers inside each other.
    most: usize,
    /// The open containers; true for an object.
    open: Vec<bool>,
    /// How many of them, from the outside, are the objects that lead to the records.
    along: usize,
    /// Whether the value that comes next is on the way.
    on_the_way: bool,
    /// Which keys of the path have been met.
    met: Vec<bool>,
    entered: bool,
    begun: bool,
    expect: Expect,
    lexeme: Lexeme,
    /// The key that is being read, with its quotes, where it may be one of the path.
    key: Vec<u8>,
    utf8: Utf8,
}

impl Envelope {
    pub(super) fn new(path: Vec<String>, most: usize) -> Self {
        Self {
            met: vec![false; path.len()],
            path,
            most,
            open: Vec::new(),
            along: 0,
            on_the_way: true,
            entered: false,
            begun: false,
            expect: Expect::Value,
            lexeme: Lexeme::None,
            key: Vec::new(),
            utf8: Utf8::default(),
        }
    }

    /// Goes on at the byte `from`.
    pub(super) fn next(&mut self, bytes: &[u8], from: usize) -> Result<Entered, (usize, Flaw)> {
        for (offset, byte) in bytes[from..].iter().enumerate() {
            let at = from + offset;
            match self.take(*byte) {
                Ok(false) => {}
                Ok(true) => return Ok(Entered::Array(at + 1)),
                Err(flaw) => return Err((at, flaw)),
            }
        }
        Ok(Entered::Nothing)
    }

    /// The array of records was closed.
    pub(super) fn leave(&mut self) {
        self.value_ends();
    }

    /// Why the document may not end here.
    pub(super) fn finish(&self) -> Option<Flaw> {
        let flaw = |rule, message: &str| Some(Flaw::new(rule, message));
        match self.expect {
            Expect::Nothing if self.entered => None,
            Expect::Nothing => {
                let path = self.path.join(".");
                let message = format!("the document has no {path}, where its records should be");
                flaw(Rule::Records, &message)
            }
            _ if !self.begun => flaw(Rule::Empty, "the file holds nothing but white space"),
            _ => flaw(
                Rule::Truncated,
                "the document ends before it is closed: send it whole",
            ),
        }
    }

    /// Takes one byte; true where it opens the array of records.
    fn take(&mut self, byte: u8) -> Result<bool, Flaw> {
        if self.lexeme != Lexeme::None {
            if self.utf8.push(&[byte]).is_err() || (byte < 0x80 && !self.utf8.is_whole()) {
                return Err(Flaw::new(Rule::Encoding, "the document is not UTF-8 here"));
            }
            if self.keeps_key() && self.key.len() <= KEY_BYTES {
                self.key.push(byte);
            }
            match self.lexeme.take(byte).map_err(syntax)? {
                Next::Goes(lexeme) => {
                    self.lexeme = lexeme;
                    return Ok(false);
                }
                Next::Ends => {
                    self.lexeme = Lexeme::None;
                    self.lexeme_ends()?;
                    return Ok(false);
                }
                // A number ends where something else begins.
                Next::EndedBefore => {
                    self.lexeme = Lexeme::None;
                    self.lexeme_ends()?;
                }
            }
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => return Ok(false),
            _ => self.begun = true,
        }
        match (self.expect, byte) {
            (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => return self.opens(byte == b'{'),
            (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => self.closes(),
            (Expect::CommaOrEnd, b'}' | b']') if self.open.last() == Some(&(byte == b'}')) => {
                self.closes();
            }
            (Expect::CommaOrEnd, b',') => {
                self.expect = match self.open.last() {
                    Some(true) => Expect::Key,
                    _ => Expect::Value,
                };
            }
            (Expect::Key | Expect::KeyOrEnd, b'"') => {
                self.expect = Expect::Key;
                self.key.clear();
                self.key.push(byte);
                self.lexeme = Lexeme::String;
            }
            (Expect::Colon, b':') => self.expect = Expect::Value,
            (Expect::Value | Expect::ValueOrEnd, _) => {
                self.expect = Expect::Value;
                self.not_on_the_way(byte)?;
                self.lexeme = Lexeme::begin(byte).map_err(syntax)?;
            }
            (Expect::Nothing, _) => {
                let message = "there is more after the document's end: a file holds one document \
                               (one document a line is JSON Lines, .jsonl)";
                return Err(Flaw::new(Rule::Syntax, message));
            }
            _ => return Err(syntax(self.wanted())),
        }
        Ok(false)
    }

    /// Whether the key that is being read may be one of the path.
    fn keeps_key(&self) -> bool {
        self.expect == Expect::Key && self.along > 0 && self.open.len() == self.along
    }

    fn opens(&mut self, object: bool) -> Result<bool, Flaw> {
        if self.on_the_way {
            self.on_the_way = false;
            if self.along == self.path.len() {
                if object {
                    return Err(self.astray("an object"));
                }
                self.entered = true;
                return Ok(true);
            }
            if !object {
                return Err(self.astray("an array"));
            }
            self.along += 1;
        }
        if self.open.len() == self.most {
            let message = format!("the document is nested more than {} levels deep", self.most);
            return Err(Flaw::new(Rule::Syntax, message));
        }
        self.open.push(object);
        self.expect = if object {
            Expect::KeyOrEnd
        } else {
            Expect::ValueOrEnd
        };
        Ok(false)
    }

    fn closes(&mut self) {
        self.open.pop();
        self.along = self.along.min(self.open.len());
        self.value_ends();
    }

    fn value_ends(&mut self) {
        self.expect = if self.open.is_empty() {
            Expect::Nothing
        } else {
            Expect::CommaOrEnd
        };
    }

    fn lexeme_ends(&mut self) -> Result<(), Flaw> {
        if self.expect != Expect::Key {
            self.value_ends();
            return Ok(());
        }
        let keeps = self.keeps_key();
        self.expect = Expect::Colon;
        if !keeps {
            return Ok(());
        }
        let wanted = &self.path[self.along - 1];
        let key = serde_json::from_slice::<String>(&self.key).ok();
        if key.as_ref() != Some(wanted) {
            return Ok(());
        }
        if std::mem::replace(&mut self.met[self.along - 1], true) {
            let path = self.path[..self.along].join(".");
            let message = format!("the document has {path} twice");
            return Err(Flaw::new(Rule::Records, message));
        }
        self.on_the_way = true;
        Ok(())
    }

    fn not_on_the_way(&mut self, byte: u8) -> Result<(), Flaw> {
        if !std::mem::replace(&mut self.on_the_way, false) {
            return Ok(());
        }
        Err(self.astray(match byte {
            b'"' => "a string",
            b't' | b'f' => "a boolean",
            b'n' => "null",
            b'-' | b'0'..=b'9' => "a number",
            _ => "no JSON",
        }))
    }

    /// The way to the records ends here.
    fn astray(&self, is: &str) -> Flaw {
        let name = match self.along {
            0 => "the document".to_owned(),
            along => quote(&self.path[..along].join(".")),
        };
        let hint = if self.path.is_empty() && is == "an object" {
            "; objects line by line are JSON Lines: let the name end in .jsonl"
        } else {
            ""
        };
        let should = if self.along == self.path.len() {
            "the array of records".to_owned()
        } else {
            format!("an object with {} in it", quote(&self.path[self.along]))
        };
        Flaw::new(
            Rule::Records,
            format!("{name} is {is} and should be {should}{hint}"),
        )
    }

    fn wanted(&self) -> &'static str {
        match self.expect {
            Expect::Value | Expect::ValueOrEnd => "a value should be",
            Expect::Key | Expect::KeyOrEnd => "a key in quotes should be",
            Expect::Colon => "a colon should be",
            Expect::CommaOrEnd => "a comma or the end of the object or array should be",
            Expect::Nothing => "the end of the document should be",
        }
    }
}

fn syntax(what: &'static str) -> Flaw {
    let message = format!("the document is not sound JSON outside its records: {what} here");
    Flaw::new(Rule::Syntax, message)
}
