//! Where the records of an XML document begin and end.

use contract::{Contract, Rule};
use memchr::{memchr, memchr2, memmem};

use super::head::{self, Head};
use super::names::Names;
use crate::layout::quote;
use crate::limits::Limits;
use crate::splitter::{Flaw, Scanner, Seen};
use crate::utf8::Utf8;

/// What the bytes before mean for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside markup.
    Text,
    /// In a start tag, perhaps in a value that this quote ends, perhaps after a slash.
    Tag {
        quote: Option<u8>,
        slash: bool,
    },
    Comment,
    Cdata,
    Instruction,
}

/// Goes through the document tag by tag.
pub(crate) struct DocumentScanner {
    path: Vec<String>,
    /// The most elements inside each other around the records, and the most bytes of names inside one.
    depth: usize,
    names_bytes: usize,
    place: Place,
    names: Names,
    /// How many of the open elements, from the root, lead to records.
    along: usize,
    /// The most that `along` has been.
    furthest: usize,
    /// How many elements are open around the record that is open.
    record: Option<usize>,
    /// Whether anything has been seen, and whether the root has been closed.
    begun: bool,
    over: bool,
    /// Of what is in no record.
    utf8: Utf8,
}

/// A flaw and its byte.
type Broken = (usize, Flaw);

impl DocumentScanner {
    pub(crate) fn new(contract: &Contract, limits: &Limits) -> Self {
        let path = contract.xml.as_ref().map(|xml| xml.record.clone());
        Self {
            path: path.unwrap_or_default(),
            depth: limits.depth,
            names_bytes: limits.record_bytes,
            place: Place::Text,
            names: Names::default(),
            along: 0,
            furthest: 0,
            record: None,
            begun: false,
            over: false,
            utf8: Utf8::default(),
        }
    }

    fn step(&mut self, bytes: &[u8], from: usize) -> Result<Seen, Broken> {
        let mut at = from;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match self.place {
                Place::Text => {
                    let text = memchr(b'<', rest).unwrap_or(rest.len());
                    self.text(&rest[..text], at)?;
                    at += text;
                    if at == bytes.len() {
                        break;
                    }
                    let Some(head) = Head::read(&bytes[at..]).map_err(|flaw| (at, flaw))? else {
                        return Ok(Seen::More { from: at });
                    };
                    match self.begin(head, bytes, at)? {
                        Begun::Record(taken) => {
                            let next = at + taken;
                            return Ok(Seen::Start { at, next });
                        }
                        Begun::Markup(taken) => at += taken,
                        Begun::Closed(taken) => {
                            at += taken;
                            if self.record_ends() {
                                return Ok(Seen::End { end: at, next: at });
                            }
                        }
                    }
                }
                Place::Tag { quote, slash } => {
                    let Some(found) = self.tag(rest, quote, at)? else {
                        break;
                    };
                    at += found + 1;
                    if self.place == Place::Text && self.closes_itself(quote, slash, &rest[..found])
                    {
                        self.close();
                        if self.record_ends() {
                            return Ok(Seen::End { end: at, next: at });
                        }
                    }
                }
                Place::Comment => match memmem::find(rest, b"--") {
                    Some(found) if found + 2 == rest.len() => {
                        return self.goes_on(bytes, at, 2);
                    }
                    Some(found) if rest[found + 2] == b'>' => {
                        at = self.ends(rest, found + 3, at)?;
                    }
                    Some(found) => {
                        self.utf8(&rest[..found], at)?;
                        let message =
                            "the document is not sound XML: a comment has two hyphens in it";
                        return Err((at + found, Flaw::new(Rule::Syntax, message)));
                    }
                    None => return self.goes_on(bytes, at, 1),
                },
                Place::Cdata => match memmem::find(rest, b"]]>") {
                    Some(found) => at = self.ends(rest, found + 3, at)?,
                    None => return self.goes_on(bytes, at, 2),
                },
                Place::Instruction => match memmem::find(rest, b"?>") {
                    Some(found) => at = self.ends(rest, found + 2, at)?,
                    None => return self.goes_on(bytes, at, 1),
                },
            }
        }
        Ok(Seen::More { from: bytes.len() })
    }

    /// Text outside markup: inside records and what is read past, anything; else white space.
    fn text(&mut self, text: &[u8], at: usize) -> Result<(), Broken> {
        self.begun |= !text.is_empty();
        if self.record.is_some() {
            return Ok(());
        }
        if self.names.depth() > self.along {
            return self.utf8(text, at);
        }
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match text.iter().position(|byte| !blank(byte)) {
            None => Ok(()),
            Some(found) => Err((at + found, self.stray_text())),
        }
    }

    fn stray_text(&self) -> Flaw {
        let message = if self.over {
            "there is more after the document's end: a file holds one document".to_owned()
        } else if self.names.depth() == 0 {
            "the document is no XML: it must begin with < and its root's name".to_owned()
        } else {
            let record = self.path.last().map_or("", String::as_str);
            format!("there is text between the records: only elements {record} should be here")
        };
        Flaw::new(Rule::Syntax, message)
    }

    /// Holds what is in no record to its encoding.
    fn utf8(&mut self, piece: &[u8], at: usize) -> Result<(), Broken> {
        if self.record.is_some() {
            return Ok(());
        }
        self.utf8.push(piece).map_err(|bad| (at + bad, not_utf8()))
    }

    fn begin(&mut self, head: Head<'_>, bytes: &[u8], at: usize) -> Result<Begun, Broken> {
        if !self.utf8.is_whole() {
            return Err((at, not_utf8()));
        }
        let first = !std::mem::replace(&mut self.begun, true);
        let outside = self.record.is_none() && self.names.depth() == self.along;
        Ok(match head {
            Head::Start { name } => {
                let record = self.open(name).map_err(|flaw| (at, flaw))?;
                self.place = Place::Tag {
                    quote: None,
                    slash: false,
                };
                let taken = 1 + name.len();
                if record {
                    return Ok(Begun::Record(taken));
                }
                self.utf8(name, at + 1)?;
                Begun::Markup(taken)
            }
            Head::End { name, bytes } => {
                if self.names.last() != Some(name) {
                    return Err((at, self.not_closed(name)));
                }
                self.close();
                Begun::Closed(bytes)
            }
            Head::Comment => self.goes_into(Place::Comment, 4),
            Head::Cdata if outside => return Err((at, self.stray_text())),
            Head::Cdata => self.goes_into(Place::Cdata, 9),
            Head::Instruction => self.goes_into(Place::Instruction, 2),
            Head::Declaration { bytes: length } if first => {
                if let Some(flaw) = head::refused(&bytes[at..at + length]) {
                    return Err((at, flaw));
                }
                Begun::Markup(length)
            }
            Head::Declaration { .. } => {
                let message = "the XML declaration is not the first thing in the document";
                return Err((at, Flaw::new(Rule::Syntax, message)));
            }
        })
    }

    fn goes_into(&mut self, place: Place, taken: usize) -> Begun {
        self.place = place;
        Begun::Markup(taken)
    }

    /// The end of a comment, of CDATA or of an instruction.
    fn ends(&mut self, rest: &[u8], taken: usize, at: usize) -> Result<usize, Broken> {
        self.place = Place::Text;
        self.utf8(&rest[..taken], at)?;
        Ok(at + taken)
    }

    /// No end yet; of the last bytes, `kept` may be its beginning.
    fn goes_on(&mut self, bytes: &[u8], at: usize, kept: usize) -> Result<Seen, Broken> {
        let from = at.max(bytes.len().saturating_sub(kept));
        self.utf8(&bytes[at..from], at)?;
        Ok(Seen::More { from })
    }

    /// Opens an element; true where it is a record.
    fn open(&mut self, name: &[u8]) -> Result<bool, Flaw> {
        let depth = self.names.depth();
        let mut record = false;
        if self.record.is_some() {
            if self.names.bytes() + name.len() > self.names_bytes + self.depth * 1024 {
                let message = "the record has elements inside each other without end";
                return Err(Flaw::new(Rule::Syntax, message));
            }
        } else if self.over {
            return Err(self.stray_text());
        } else if depth == self.depth {
            let message = format!("the document is nested more than {depth} levels deep");
            return Err(Flaw::new(Rule::Syntax, message));
        } else if depth == self.along {
            if self
                .path
                .get(depth)
                .is_some_and(|part| part.as_bytes() == name)
            {
                record = depth + 1 == self.path.len();
                if record {
                    self.record = Some(depth);
                } else {
                    self.along += 1;
                    self.furthest = self.furthest.max(self.along);
                }
            } else if depth == 0 {
                let (root, path) = (String::from_utf8_lossy(name), self.path.join("/"));
                let message = format!(
                    "the document's root is {} and its records should be {path}",
                    quote(&root)
                );
                return Err(Flaw::new(Rule::Records, message));
            }
        }
        self.names.push(name);
        Ok(record)
    }

    fn close(&mut self) {
        self.names.pop();
        self.along = self.along.min(self.names.depth());
        self.over = self.names.depth() == 0;
    }

    /// Whether the element that was closed is the record.
    fn record_ends(&mut self) -> bool {
        let ends = self.record == Some(self.names.depth());
        if ends {
            self.record = None;
        }
        ends
    }

    fn not_closed(&self, name: &[u8]) -> Flaw {
        let name = quote(&String::from_utf8_lossy(name));
        let message = match self.names.last() {
            Some(open) => {
                let open = quote(&String::from_utf8_lossy(open));
                format!("the document is not sound XML: the element {open} is closed as {name}")
            }
            None => format!("the document is not sound XML: {name} is closed and was never opened"),
        };
        Flaw::new(Rule::Syntax, message)
    }

    /// Goes on in a start tag, to a quote or to its end; nothing where neither is there.
    fn tag(&mut self, rest: &[u8], quote: Option<u8>, at: usize) -> Result<Option<usize>, Broken> {
        let found = match quote {
            Some(quote) => memchr2(quote, b'<', rest),
            None => rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\'' | b'>' | b'<')),
        };
        self.utf8(&rest[..found.unwrap_or(rest.len())], at)?;
        self.place = match (quote, found.map(|found| rest[found])) {
            (_, Some(b'<')) => {
                let message = "the document is not sound XML: a tag is not closed, or an attribute's quote is missing";
                let flaw = Flaw::new(Rule::Syntax, message);
                return Err((at + found.unwrap_or(0), flaw));
            }
            (None, Some(b'>')) => Place::Text,
            (None, Some(opening)) => Place::Tag {
                quote: Some(opening),
                slash: false,
            },
            (Some(_), Some(_)) => Place::Tag {
                quote: None,
                slash: false,
            },
            (_, None) => Place::Tag {
                quote,
                slash: quote.is_none() && rest.last() == Some(&b'/'),
            },
        };
        Ok(found)
    }

    /// Whether a tag that has ended is `<name/>`.
    fn closes_itself(&self, quote: Option<u8>, slash: bool, before: &[u8]) -> bool {
        quote.is_none() && before.last().map_or(slash, |last| *last == b'/')
    }
}

fn not_utf8() -> Flaw {
    Flaw::new(Rule::Encoding, "the document is not UTF-8 before this byte")
}

/// What a head did.
enum Begun {
    Record(usize),
    Markup(usize),
    Closed(usize),
}

impl Scanner for DocumentScanner {
    fn next(&mut self, bytes: &[u8], from: usize) -> Seen {
        match self.step(bytes, from) {
            Ok(seen) => seen,
            Err((at, flaw)) => Seen::Flaw { at, flaw },
        }
    }

    fn finish(&mut self, rest: &[u8]) -> Option<Flaw> {
        if let Some(open) = self.names.last() {
            let open = quote(&String::from_utf8_lossy(open));
            let message = format!("the document ends inside the element {open}: send it whole");
            return Some(Flaw::new(Rule::Truncated, message));
        }
        if self.place != Place::Text || !rest.is_empty() {
            let message =
                "the document ends inside a tag, a comment or an instruction: send it whole";
            return Some(Flaw::new(Rule::Truncated, message));
        }
        if !self.over {
            let message = "the document has no element";
            return Some(Flaw::new(Rule::Empty, message));
        }
        if self.furthest + 1 < self.path.len() {
            let missing = self.path[..=self.furthest].join("/");
            let message = format!("the document has no {missing}, where its records should be");
            return Some(Flaw::new(Rule::Records, message));
        }
        None
    }
}
