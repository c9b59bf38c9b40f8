//! Texts and attributes as they are meant: entities resolved, line ends as XML has them.

use bumpalo::Bump;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::BytesRef;
use quick_xml::events::attributes::Attribute;

/// The character or text that a reference stands for, or why it stands for none.
pub(super) fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    if reference.is_char_ref() {
        return match reference.resolve_char_ref() {
            Ok(Some(letter)) if is_letter(letter) => Ok(letter.to_string()),
            _ => Err(format!(
                "the reference {} stands for no character that XML allows",
                crate::layout::quote(&format!("&{};", &**reference))
            )),
        };
    }
    resolve_predefined_entity(reference)
        .map(str::to_owned)
        .ok_or_else(|| unknown(reference))
}

fn unknown(name: &str) -> String {
    format!(
        "the entity {} is not known: only &amp; &lt; &gt; &apos; and &quot; are, and characters by number",
        crate::layout::quote(&format!("&{name};"))
    )
}

/// An attribute's value; `raw` is its text in the record.
pub(super) fn attribute<'b>(
    attribute: &Attribute<'_>,
    raw: &'b str,
    arena: &'b Bump,
) -> Result<&'b str, String> {
    if !raw
        .bytes()
        .any(|byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r'))
    {
        return Ok(raw);
    }
    match attribute.normalized_value(XmlVersion::Explicit1_0) {
        Ok(value) if value.chars().all(is_letter) => Ok(arena.alloc_str(&value)),
        Ok(_) => Err("a reference stands for no character that XML allows".to_owned()),
        Err(error) => Err(format!("the attribute cannot be read: {error}")),
    }
}

/// Whether XML allows the character. NUL is left to the rule of its own.
pub(super) const fn is_letter(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
