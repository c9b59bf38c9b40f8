//! Where a contract's columns are in a file: what its header says, or the names that its objects may use.

use std::collections::{HashMap, HashSet};

use contract::{Contract, Format, Rule, UnknownColumns};

use crate::block::{Malformed, Oversize};
use crate::fault::{Fault, Position};
use crate::limits::Limits;

/// How the fields of a file become a contract's columns. Shared by all who parse its blocks.
#[derive(Debug)]
pub struct Layout {
    pub(crate) format: Format,
    pub(crate) limits: Limits,
    /// How many columns the contract has.
    pub(crate) columns: usize,
    /// CSV: the column of each field, nothing for one that is ignored.
    fields: Vec<Option<usize>>,
    /// JSON: the column of each key. XML: the column of each place in a record.
    keys: HashMap<String, usize>,
    /// XML: the elements of a record that hold fields in them.
    ways: HashSet<String>,
    /// JSON and XML: whether a key or place without a column is an error.
    pub(crate) reject_unknown: bool,
    /// The contract's own names, in order.
    pub(crate) names: Vec<String>,
}

impl Layout {
    /// Of a format without a header; of CSV, an empty one.
    pub(crate) fn of(format: Format, contract: &Contract, limits: Limits) -> Self {
        let mut keys = HashMap::new();
        for (index, column) in contract.columns.iter().enumerate() {
            let names = match format {
                Format::Csv => Vec::new(),
                Format::Xml => column.xml_places(),
                Format::JsonLines | Format::Json => std::iter::once(&column.name)
                    .chain(&column.aliases)
                    .cloned()
                    .collect(),
            };
            keys.extend(names.into_iter().map(|name| (name, index)));
        }
        Self {
            ways: ways(keys.keys()),
            keys,
            ..Self::empty(format, contract, limits)
        }
    }

    /// Of a CSV file with the header `names`. The fault names everything that is wrong with it.
    pub(crate) fn by_header(
        names: &[&str],
        contract: &Contract,
        limits: Limits,
        at: Position,
    ) -> Result<Self, Fault> {
        let columns: Vec<_> = names.iter().map(|name| contract.column_for(name)).collect();
        let problems = problems(names, &columns, contract);
        if !problems.is_empty() {
            let mut message = format!("the header {}", problems.join("; it "));
            if let Some(hint) = hint(names) {
                message.push_str(hint);
            }
            return Err(Fault::data(at, Rule::Header, message));
        }
        Ok(Self {
            fields: columns,
            ..Self::empty(Format::Csv, contract, limits)
        })
    }

    fn empty(format: Format, contract: &Contract, limits: Limits) -> Self {
        Self {
            format,
            limits,
            columns: contract.columns.len(),
            fields: Vec::new(),
            keys: HashMap::new(),
            ways: HashSet::new(),
            reject_unknown: contract.unknown_columns == UnknownColumns::Reject,
            names: contract
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect(),
        }
    }

    /// How many fields a CSV record has.
    pub fn width(&self) -> usize {
        self.fields.len()
    }

    /// The contract's column that a CSV field holds.
    pub fn column_at(&self, field: usize) -> Option<usize> {
        self.fields.get(field).copied().flatten()
    }

    /// The error for a record of a document that is too long, if it is.
    pub(crate) fn too_long<'b>(&self, at: Position, raw: &'b [u8]) -> Option<Malformed<'b>> {
        let oversize = Oversize {
            field: None,
            bytes: raw.len() as u64,
            unclosed: false,
        };
        (raw.len() > self.limits.record_bytes).then(|| oversize.explain(at, raw, self))
    }

    /// Whether an element of a record in XML holds fields in it.
    pub(crate) fn leads_on(&self, place: &str) -> bool {
        self.ways.contains(place)
    }

    /// The contract's column that a JSON key names, or that is at a place in XML.
    pub(crate) fn column_of(&self, key: &str) -> Option<usize> {
        self.keys.get(key).copied()
    }

    /// The column of each CSV field.
    pub(crate) fn fields(&self) -> &[Option<usize>] {
        &self.fields
    }
}

/// The elements on the way to places in a record, those places not included: `a` and `a/b` of `a/b/@c`.
fn ways<'k>(places: impl Iterator<Item = &'k String>) -> HashSet<String> {
    places
        .flat_map(|place| {
            place
                .match_indices('/')
                .map(|(at, _)| place[..at].to_owned())
        })
        .collect()
}

/// Everything that is wrong with a header, each as the rest of a sentence that begins with "the header".
fn problems(names: &[&str], columns: &[Option<usize>], contract: &Contract) -> Vec<String> {
    let mut problems = Vec::new();

    let missing: Vec<_> = contract
        .columns
        .iter()
        .enumerate()
        .filter(|(index, column)| {
            column.required && column.default.is_none() && !columns.contains(&Some(*index))
        })
        .map(|(_, column)| column.name.as_str())
        .collect();
    if !missing.is_empty() {
        problems.push(format!("lacks the required {}", list(&missing)));
    }

    if contract.unknown_columns == UnknownColumns::Reject {
        let unknown: Vec<_> = names
            .iter()
            .zip(columns)
            .filter(|(_, column)| column.is_none())
            .map(|(name, _)| *name)
            .collect();
        if !unknown.is_empty() {
            let known: Vec<_> = contract.columns.iter().map(|c| c.name.as_str()).collect();
            let (unknown, known) = (list(&unknown), list(&known));
            problems.push(format!(
                "names {unknown}, which the dataset does not have: it has {known}"
            ));
        }
    }

    let mut first = HashMap::new();
    for (field, (name, column)) in names.iter().zip(columns).enumerate() {
        // Two names of one column are as ambiguous as one name twice.
        let what = column.map_or(*name, |index| contract.columns[index].name.as_str());
        if let Some(before) = first.insert(what, field) {
            let (one, two) = (before + 1, field + 1);
            problems.push(format!(
                "has {} twice, in fields {one} and {two}",
                quote(what)
            ));
        }
    }
    problems
}

/// What a header of one name that contains another delimiter should have been.
fn hint(names: &[&str]) -> Option<&'static str> {
    let [name] = names else { return None };
    if name.contains(';') {
        Some(". The fields seem to be separated by semicolons: use commas")
    } else if name.contains('\t') {
        Some(". The fields seem to be separated by tabs: use commas")
    } else if name.contains('|') {
        Some(". The fields seem to be separated by bars: use commas")
    } else {
        None
    }
}

/// Names for a sentence, the first few of them.
fn list(names: &[&str]) -> String {
    const MOST: usize = 20;
    let text = names
        .iter()
        .take(MOST)
        .map(|name| quote(name))
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(MOST) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// A name for a sentence: visible however odd, and not too long.
pub(crate) fn quote(name: &str) -> String {
    const MOST: usize = 60;
    if name.chars().count() > MOST {
        format!("{:?}…", name.chars().take(MOST).collect::<String>())
    } else {
        format!("{name:?}")
    }
}
