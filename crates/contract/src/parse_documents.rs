//! From `[json]`, `[xml]` and a column's `xml` to paths, refusing those that no document could have.

use std::collections::HashMap;

use crate::choices::Format;
use crate::column::Column;
use crate::dataset::Contract;
use crate::documents::{JsonDocument, XmlDocument, XmlField};
use crate::fields::{Fields, Problems};

/// The most parts of a path, and the most bytes of one.
const PARTS: usize = 16;
const PART_BYTES: usize = 128;

/// What is left out is a document that is the array.
pub(crate) fn json(
    fields: Option<Fields>,
    formats: &[Format],
    problems: &mut Problems,
) -> Option<JsonDocument> {
    let accepted = formats.contains(&Format::Json);
    let Some(mut fields) = fields else {
        return accepted.then(JsonDocument::default);
    };
    let records = fields.text("records", problems);
    fields.finish(problems);
    needs_format(Format::Json, accepted, problems);
    let records = match records {
        Some(path) => parts("[json] records", &path, '.', problems),
        None => Vec::new(),
    };
    Some(JsonDocument { records })
}

/// What is left out is `<dataset>/record`.
pub(crate) fn xml(
    fields: Option<Fields>,
    dataset: Option<&str>,
    formats: &[Format],
    problems: &mut Problems,
) -> Option<XmlDocument> {
    let accepted = formats.contains(&Format::Xml);
    let usual = || XmlDocument {
        record: vec![dataset.unwrap_or_default().to_owned(), "record".to_owned()],
    };
    let Some(mut fields) = fields else {
        return accepted.then(usual);
    };
    let record = fields.text("record", problems);
    fields.finish(problems);
    needs_format(Format::Xml, accepted, problems);
    let Some(path) = record else {
        return Some(usual());
    };
    let record = parts("[xml] record", &path, '/', problems);
    if record.len() == 1 {
        problems.add(format!(
            "[xml] record is {path:?}, and a document has only one root: name the root and the record in it, \
             \"prices/price\""
        ));
    }
    for name in &record {
        xml_name("[xml] record", name, problems);
    }
    Some(XmlDocument { record })
}

/// A column's place in a record.
pub(crate) fn field(path: Option<String>, problems: &mut Problems) -> Option<XmlField> {
    let path = path?;
    if path == "." {
        return Some(XmlField {
            elements: Vec::new(),
            attribute: None,
        });
    }
    let mut elements = parts("xml", &path, '/', problems);
    let attribute = elements
        .pop_if(|last| last.starts_with('@'))
        .map(|last| last[1..].to_owned());
    for name in elements.iter().chain(&attribute) {
        xml_name("xml", name, problems);
    }
    Some(XmlField {
        elements,
        attribute,
    })
}

/// No two columns may be in one place, and none inside the text of another.
pub(crate) fn fields_make_sense(contract: &Contract, problems: &mut Problems) {
    if contract.xml.is_none() {
        for column in &contract.columns {
            if column.xml.is_some() {
                problems.column = Some(column.name.clone());
                problems
                    .add("has xml, and formats leaves xml out: remove the one or add the other");
            }
        }
        problems.column = None;
        return;
    }
    let mut taken: HashMap<String, &Column> = HashMap::new();
    for column in &contract.columns {
        for place in column.xml_places() {
            // Two names that are one in every format have been told of.
            let placed = |other: &&&Column| column.xml.is_some() || other.xml.is_some();
            if let Some(other) = taken.get(&place).filter(placed) {
                problems.column = Some(column.name.clone());
                problems.add(format!(
                    "is at {place:?} in XML, and so is column {}: give one of them another place",
                    other.name
                ));
            }
            taken.insert(place, column);
        }
    }
    for column in &contract.columns {
        let Some(field) = &column.xml else { continue };
        // An attribute may stand beside the text of its own element; nothing may stand inside a text.
        let outer = (0..field.elements.len()).find_map(|depth| match depth {
            0 => taken.get("."),
            _ => taken.get(&field.elements[..depth].join("/")),
        });
        if let Some(other) = outer {
            problems.column = Some(column.name.clone());
            problems.add(format!(
                "is in XML inside the text of column {}, and a text has no elements in it: give one of them another \
                 place",
                other.name
            ));
        }
    }
    problems.column = None;
}

fn needs_format(format: Format, accepted: bool, problems: &mut Problems) {
    if !accepted {
        problems.add(format!(
            "has [{format}], and formats leaves {format} out: remove the one or add the other"
        ));
    }
}

fn parts(what: &str, path: &str, between: char, problems: &mut Problems) -> Vec<String> {
    let parts: Vec<String> = path.split(between).map(str::to_owned).collect();
    if parts.iter().any(String::is_empty) {
        problems.add(format!(
            "{what} is {path:?}: write names with one {between} between them"
        ));
        return Vec::new();
    }
    if parts.len() > PARTS || parts.iter().any(|part| part.len() > PART_BYTES) {
        problems.add(format!(
            "{what} is too long: {PARTS} names of {PART_BYTES} bytes are the most"
        ));
        return Vec::new();
    }
    parts
}

/// What XML allows in a name, the rare ranges beyond ASCII taken as one.
fn xml_name(what: &str, name: &str, problems: &mut Problems) {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    let rest = |c: char| start(c) || c.is_ascii_digit() || matches!(c, '-' | '.' | ':');
    if !name.starts_with(start) || !name.chars().all(rest) {
        problems.add(format!(
            "{what} has {name:?} in it, which is no name in XML: begin with a letter and go on with letters, digits, \
             _, -, . and :, or write @name for an attribute at the end"
        ));
    }
}
