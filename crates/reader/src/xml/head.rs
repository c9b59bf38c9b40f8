//! What a `<` begins.

use contract::Rule;

use crate::splitter::Flaw;

/// The beginning of some markup, as far as it must be known to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head<'b> {
    /// `<name`; the rest of the tag follows.
    Start { name: &'b [u8] },
    /// `</name>`, so many bytes of it.
    End { name: &'b [u8], bytes: usize },
    /// `<!--`
    Comment,
    /// `<![CDATA[`
    Cdata,
    /// `<?target`
    Instruction,
    /// `<?xml … ?>`, so many bytes of it.
    Declaration { bytes: usize },
}

/// The longest head: a name and what belongs to it.
const MOST: usize = 1024;

impl<'b> Head<'b> {
    /// Reads the head that these bytes begin with; nothing where they are too few to tell.
    pub(super) fn read(bytes: &'b [u8]) -> Result<Option<Self>, Flaw> {
        let whole = bytes.len();
        // A head that is longer is refused however much of it is there.
        let bytes = &bytes[..whole.min(MOST)];
        let head = match bytes {
            [_, b'!', ..] => Self::special(bytes)?,
            [_, b'?', ..] => Self::instruction(bytes)?,
            [_, b'/', rest @ ..] => match end(rest) {
                Some(end) => Some(Self::End {
                    name: checked(rest[..end].trim_ascii_end())?,
                    bytes: 2 + end + 1,
                }),
                None => None,
            },
            [_, rest @ ..] => match rest.iter().position(|byte| ends_name(*byte)) {
                Some(end) => Some(Self::Start {
                    name: checked(&rest[..end])?,
                }),
                None => None,
            },
            [] => None,
        };
        if head.is_none() && whole >= MOST {
            return Err(broken(format!(
                "a name or a declaration is longer than {MOST} bytes"
            )));
        }
        Ok(head)
    }

    fn special(bytes: &'b [u8]) -> Result<Option<Self>, Flaw> {
        const COMMENT: &[u8] = b"<!--";
        const CDATA: &[u8] = b"<![CDATA[";
        const DOCTYPE: &[u8] = b"<!DOCTYPE";
        if bytes.starts_with(COMMENT) {
            return Ok(Some(Self::Comment));
        }
        if bytes.starts_with(CDATA) {
            return Ok(Some(Self::Cdata));
        }
        if bytes.starts_with(DOCTYPE) {
            let message = "document type declarations are refused, and with them entities of one's own: take it out";
            return Err(Flaw::new(Rule::Syntax, message));
        }
        if [COMMENT, CDATA, DOCTYPE]
            .iter()
            .any(|whole| whole.starts_with(bytes))
        {
            return Ok(None);
        }
        Err(broken("a <! begins neither a comment nor CDATA"))
    }

    fn instruction(bytes: &'b [u8]) -> Result<Option<Self>, Flaw> {
        let Some(end) = bytes[2..]
            .iter()
            .position(|byte| ends_name(*byte) || *byte == b'?')
        else {
            return Ok(None);
        };
        let target = checked(&bytes[2..2 + end])?;
        if !target.eq_ignore_ascii_case(b"xml") {
            return Ok(Some(Self::Instruction));
        }
        let whole = bytes.windows(2).skip(2).position(|pair| pair == b"?>");
        Ok(whole.map(|at| Self::Declaration { bytes: at + 4 }))
    }
}

fn end(rest: &[u8]) -> Option<usize> {
    memchr::memchr(b'>', rest)
}

const fn ends_name(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'/' | b'>')
}

/// A name, if it is one. Beyond ASCII every letter is taken for one.
fn checked(name: &[u8]) -> Result<&[u8], Flaw> {
    let start =
        |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80;
    let sound = name.first().is_some_and(|first| start(*first))
        && name
            .iter()
            .all(|byte| start(*byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    if sound {
        Ok(name)
    } else {
        Err(broken(
            "a < is not followed by a name: write &lt; where it is part of a text",
        ))
    }
}

fn broken(what: impl Into<String>) -> Flaw {
    Flaw::new(
        Rule::Syntax,
        format!("the document is not sound XML: {}", what.into()),
    )
}

/// Why a declaration, given whole, is not taken.
pub(super) fn refused(declaration: &[u8]) -> Option<Flaw> {
    let text = String::from_utf8_lossy(declaration);
    let value = |name: &str| {
        let (_, rest) = text.split_once(name)?;
        let rest = rest
            .trim_ascii_start()
            .strip_prefix('=')?
            .trim_ascii_start();
        let quote = rest
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''))?;
        rest[1..].split(quote).next()
    };
    if value("version") != Some("1.0") {
        let message = "the XML declaration has no version=\"1.0\", the only one that is read";
        return Some(Flaw::new(Rule::Syntax, message));
    }
    match value("encoding") {
        None if text.contains("encoding") => {
            Some(broken("the declaration's encoding has no value in quotes"))
        }
        Some(encoding) if !encoding.eq_ignore_ascii_case("UTF-8") => Some(Flaw::new(
            Rule::Encoding,
            format!(
                "the XML declaration says encoding={}: send the document as UTF-8, and let it say so",
                crate::layout::quote(encoding)
            ),
        )),
        _ => None,
    }
}
