//! Where the elements of an array begin and end.
//!
//! Elements are what stands between the commas of the array itself. Only strings and nesting are understood, which is
//! all that decides where an element ends.

use contract::Rule;
use memchr::memchr2;

use crate::splitter::Flaw;

/// What comes next in the array.
pub(super) enum Step {
    /// An element begins at this byte.
    Start(usize),
    /// It ends before the byte `end`, and the array with it if it is the last one.
    End {
        end: usize,
        next: usize,
        last: bool,
    },
    /// The array has no elements and ended before this byte.
    Closed(usize),
    /// Nothing until the end of the bytes.
    More,
    Flaw {
        at: usize,
        flaw: Flaw,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before an element; the first one may be missing.
    Before { first: bool },
    /// In an element, outside strings.
    Inside,
    /// In a string of an element.
    Quoted,
    /// After a backslash in a string.
    Escaped,
}

/// The elements of one array.
#[derive(Debug)]
pub(super) struct Array {
    place: Place,
    nesting: Nesting,
}

impl Array {
    /// After the array's bracket.
    pub(super) fn new() -> Self {
        Self {
            place: Place::Before { first: true },
            nesting: Nesting::default(),
        }
    }

    pub(super) fn next(&mut self, bytes: &[u8], from: usize) -> Step {
        let mut at = from;
        while at < bytes.len() {
            match self.place {
                Place::Before { first } => match bytes[at] {
                    b' ' | b'\t' | b'\n' | b'\r' => at += 1,
                    b']' if first => return Step::Closed(at + 1),
                    _ => {
                        self.place = Place::Inside;
                        return Step::Start(at);
                    }
                },
                Place::Escaped => {
                    self.place = Place::Quoted;
                    at += 1;
                }
                Place::Quoted => match memchr2(b'"', b'\\', &bytes[at..]) {
                    Some(found) => {
                        at += found;
                        self.place = if bytes[at] == b'"' {
                            Place::Inside
                        } else {
                            Place::Escaped
                        };
                        at += 1;
                    }
                    None => return Step::More,
                },
                Place::Inside => {
                    let byte = bytes[at];
                    match byte {
                        b'"' => self.place = Place::Quoted,
                        b',' | b']' if self.nesting.depth == 0 => {
                            self.place = Place::Before { first: false };
                            return Step::End {
                                end: at,
                                next: at + 1,
                                last: byte == b']',
                            };
                        }
                        b'{' | b'[' => {
                            if let Err(flaw) = self.nesting.open(byte == b'{') {
                                return Step::Flaw { at, flaw };
                            }
                        }
                        b'}' | b']' => {
                            if let Err(flaw) = self.nesting.close(byte == b'}') {
                                return Step::Flaw { at, flaw };
                            }
                        }
                        _ => {}
                    }
                    at += 1;
                }
            }
        }
        Step::More
    }
}

/// Which brackets are open, a bit each.
#[derive(Debug, Default)]
struct Nesting {
    braces: Vec<u64>,
    depth: usize,
}

/// Deeper than any record that is kept could be: what is nested so deep is no data.
const DEEPEST: usize = 1 << 20;

impl Nesting {
    fn open(&mut self, brace: bool) -> Result<(), Flaw> {
        if self.depth == DEEPEST {
            let message = format!("the record is nested more than {DEEPEST} levels deep");
            return Err(Flaw::new(Rule::Syntax, message));
        }
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.braces.len() {
            self.braces.push(0);
        }
        self.braces[word] = self.braces[word] & !(1 << bit) | (u64::from(brace) << bit);
        self.depth += 1;
        Ok(())
    }

    fn close(&mut self, brace: bool) -> Result<(), Flaw> {
        let closed = if brace { '}' } else { ']' };
        let Some(depth) = self.depth.checked_sub(1) else {
            let message = format!("the record has a {closed} that closes nothing");
            return Err(Flaw::new(Rule::Syntax, message));
        };
        let opened = self.braces[depth / 64] >> (depth % 64) & 1 == 1;
        if opened != brace {
            let open = if opened { '{' } else { '[' };
            let message = format!("the record has a {open} that is closed by {closed}");
            return Err(Flaw::new(Rule::Syntax, message));
        }
        self.depth = depth;
        Ok(())
    }
}
