//! A contract as a whole.

use std::collections::HashMap;

use serde::Serialize;

use crate::choices::{Format, Mode, SparkInto, UnknownColumns};
use crate::column::{Column, Reference};
use crate::documents::{JsonDocument, XmlDocument};
use crate::error::ContractError;

/// What a dataset promises. Serialised, it is what a partner needs to know of it.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Contract {
    /// The dataset's name: the first part of an object's key.
    pub name: String,
    /// What the dataset is, for people.
    pub description: String,
    /// The target table, unqualified; it lies in the schema `public`.
    #[serde(skip)]
    pub table: String,
    /// How a batch changes the table.
    pub mode: Mode,
    /// The columns that tell one row from another; empty for `append`.
    pub key: Vec<String>,
    /// The formats that are accepted, each plain, gzip or zstd.
    pub formats: Vec<Format>,
    /// Where the records are in a JSON document; nothing where those are not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonDocument>,
    /// Where the records are in an XML document; nothing where those are not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xml: Option<XmlDocument>,
    /// What happens to columns that are not named here.
    pub unknown_columns: UnknownColumns,
    /// Where rows go that are too many for one machine.
    #[serde(skip)]
    pub spark_into: SparkInto,
    /// The columns, in the contract's order.
    pub columns: Vec<Column>,
    /// Column names and aliases to column indexes.
    #[serde(skip)]
    pub(crate) headers: HashMap<String, usize>,
}

impl Contract {
    /// Reads a contract file's text. The error lists everything that is wrong with it.
    pub fn parse(toml: &str) -> Result<Self, ContractError> {
        crate::parse::contract(toml)
    }

    /// The column that a file calls `header`: its name or one of its aliases, exactly.
    pub fn column_for(&self, header: &str) -> Option<usize> {
        self.headers.get(header).copied()
    }

    /// The column named `column`; aliases do not count.
    pub fn index_of(&self, column: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|candidate| candidate.name == column)
    }

    /// The columns that refer to a dataset, with their indexes.
    pub fn references(&self) -> impl Iterator<Item = (usize, &Reference)> {
        self.columns
            .iter()
            .enumerate()
            .filter_map(|(index, column)| Some((index, column.references.as_ref()?)))
    }

    /// The indexes of the key columns, in the key's order.
    pub fn key_indexes(&self) -> Vec<usize> {
        self.key
            .iter()
            .filter_map(|column| self.index_of(column))
            .collect()
    }

    /// Whether files of this format are accepted.
    pub fn accepts(&self, format: Format) -> bool {
        self.formats.contains(&format)
    }
}
