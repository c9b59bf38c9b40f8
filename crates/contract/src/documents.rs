//! Where the records and their fields are in documents that have a shape of their own: JSON and XML.

use std::fmt;

use serde::{Serialize, Serializer};

/// Where the records are in a JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct JsonDocument {
    /// The keys that lead to the array of records, from the outside in; none where the document is that array.
    #[serde(serialize_with = "dotted")]
    pub records: Vec<String>,
}

/// Where the records are in an XML document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct XmlDocument {
    /// The names of the elements from the root to the record, that included; at least two.
    #[serde(serialize_with = "slashed")]
    pub record: Vec<String>,
}

/// Where a field is inside the element of its record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct XmlField {
    pub(crate) elements: Vec<String>,
    pub(crate) attribute: Option<String>,
}

impl XmlField {
    /// The elements inside the record that lead to the value; none for the record's own text or attribute.
    pub fn elements(&self) -> &[String] {
        &self.elements
    }

    /// The attribute of the last element that is the value; nothing where its text is.
    pub fn attribute(&self) -> Option<&str> {
        self.attribute.as_deref()
    }
}

/// As the contract writes it: `route/from`, `route/@from`, `@from`, or `.` for the record's own text.
impl fmt::Display for XmlField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.elements.join("/"))?;
        match &self.attribute {
            Some(attribute) if self.elements.is_empty() => write!(f, "@{attribute}"),
            Some(attribute) => write!(f, "/@{attribute}"),
            None if self.elements.is_empty() => f.write_str("."),
            None => Ok(()),
        }
    }
}

impl Serialize for XmlField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn dotted<S: Serializer>(path: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    if path.is_empty() {
        serializer.serialize_none()
    } else {
        serializer.serialize_str(&path.join("."))
    }
}

fn slashed<S: Serializer>(path: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.join("/"))
}
