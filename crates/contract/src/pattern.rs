//! Regular expressions for whole texts, with a shortcut for the plain ones that codes usually have.
//!
//! A general engine spends longer on its set-up than on the five bytes of a port's code. Where a pattern is a row of
//! ASCII classes, each repeated so often, and never has a choice, the bytes are walked directly; the engine is the
//! fallback and the arbiter.

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use serde::{Serialize, Serializer};

/// A regular expression that a whole text must match.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    whole: Regex,
    steps: Option<Vec<Step>>,
}

impl Pattern {
    /// Compiles a pattern; `^` at its beginning and `$` at its end are allowed and mean nothing more.
    pub(crate) fn new(source: &str) -> Result<Self, regex::Error> {
        // Compiled by itself first: a pattern such as `a)(b` must not pass because of the group put around it.
        Regex::new(source)?;
        let whole = Regex::new(&format!("^(?:{source})$"))?;
        let steps = regex_syntax::parse(source).ok().and_then(|hir| steps(&hir));
        Ok(Self {
            source: source.to_owned(),
            whole,
            steps,
        })
    }

    /// The pattern as the contract has it.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether the whole text matches.
    #[inline]
    pub fn matches(&self, text: &str) -> bool {
        match &self.steps {
            Some(steps) => walk(steps, text.as_bytes()),
            None => self.whole.is_match(text),
        }
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

/// Bytes of one class, `min` to `max` of them.
#[derive(Debug, Clone)]
struct Step {
    /// One bit for each ASCII character.
    class: u128,
    min: usize,
    max: usize,
}

fn walk(steps: &[Step], mut rest: &[u8]) -> bool {
    for step in steps {
        let mut count = 0;
        while let [byte, after @ ..] = rest
            && count < step.max
            && byte.is_ascii()
            && step.class & (1 << byte) != 0
        {
            rest = after;
            count += 1;
        }
        if count < step.min {
            return false;
        }
    }
    rest.is_empty()
}

/// The pattern as steps, where taking as many bytes as possible at each is the only way that can succeed.
fn steps(hir: &Hir) -> Option<Vec<Step>> {
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    let mut steps = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        match part.kind() {
            HirKind::Empty => {}
            HirKind::Look(Look::Start) if index == 0 => {}
            HirKind::Look(Look::End) if index + 1 == parts.len() => {}
            HirKind::Literal(literal) => {
                for byte in &literal.0 {
                    steps.push(Step {
                        class: byte.is_ascii().then(|| 1 << byte)?,
                        min: 1,
                        max: 1,
                    });
                }
            }
            HirKind::Class(_) => steps.push(Step {
                class: class(part)?,
                min: 1,
                max: 1,
            }),
            HirKind::Repetition(repetition) => steps.push(Step {
                class: class(&repetition.sub)?,
                min: usize::try_from(repetition.min).ok()?,
                max: repetition
                    .max
                    .map_or(Some(usize::MAX), |max| usize::try_from(max).ok())?,
            }),
            _ => return None,
        }
    }
    never_has_a_choice(&steps).then_some(steps)
}

/// Whether no step of variable length could leave bytes that a later step could have taken instead.
fn never_has_a_choice(steps: &[Step]) -> bool {
    steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.min != step.max)
        .all(|(index, step)| {
            let after = &steps[index + 1..];
            let reach = after
                .iter()
                .position(|later| later.min > 0)
                .map_or(after.len(), |certain| certain + 1);
            after[..reach]
                .iter()
                .all(|later| later.class & step.class == 0)
        })
}

/// The ASCII characters of a class or of a literal of one; nothing where there are others.
fn class(hir: &Hir) -> Option<u128> {
    let mut bits = 0;
    let mut add = |first: u32, last: u32| {
        if last > 0x7f {
            return None;
        }
        bits |= (first..=last).fold(0, |bits, byte| bits | 1_u128 << byte);
        Some(())
    };
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            for range in class.ranges() {
                add(range.start().into(), range.end().into())?;
            }
        }
        HirKind::Class(Class::Bytes(class)) => {
            for range in class.ranges() {
                add(range.start().into(), range.end().into())?;
            }
        }
        HirKind::Literal(literal) => match *literal.0 {
            [byte] => add(byte.into(), byte.into())?,
            _ => return None,
        },
        _ => return None,
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pattern;

    #[test]
    fn patterns_of_codes_need_no_engine() {
        for source in [
            "[A-Z]{2}[A-Z0-9]{3}",
            "^[A-Z]{2}[A-Z0-9]{3}$",
            "[a-z][a-z0-9_]*",
            "[0-9]{3,5}-[A-Z]?",
            "x+y",
        ] {
            assert!(
                Pattern::new(source).unwrap().steps.is_some(),
                "{source} has no shortcut"
            );
        }
    }

    #[test]
    fn patterns_with_a_choice_are_left_to_the_engine() {
        for source in [
            "a*a", "a?b?a", "(ab)+", "ab|c", r"\bfoo", ".", r"\d+", "é", "(?i)k",
        ] {
            assert!(
                Pattern::new(source).unwrap().steps.is_none(),
                "{source} must not have a shortcut"
            );
        }
    }

    proptest! {
        #[test]
        fn the_shortcut_and_the_engine_agree(
            source in r"\^?(([abc]|\[ab\]|\[b-c\]|\[a-c\])(\*|\+|\?|\{2\}|\{1,2\}|\{0,3\}|\*\?)?){0,4}\$?",
            texts in proptest::collection::vec("[abcdé]{0,6}", 20),
        ) {
            let pattern = Pattern::new(&source).unwrap();
            for text in texts {
                prop_assert_eq!(pattern.matches(&text), pattern.whole.is_match(&text), "{} on {:?}", source, text);
            }
        }
    }
}
