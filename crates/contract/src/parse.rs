//! From a contract file's text to a [`Contract`], refusing what makes no sense in one contract by itself.
//!
//! The TOML is walked by hand, so that every message can name the column and say what to do, and so that all that is
//! wrong is told at once. What needs the other contracts is looked at in [`validate_all`](crate::validate_all).

use std::collections::HashMap;

use toml::{Table, Value};

use crate::choices::{Format, Mode, SparkInto, UnknownColumns};
use crate::column::{Column, Reference};
use crate::dataset::Contract;
use crate::error::ContractError;
use crate::fields::{Fields, Problems, kind};
use crate::{parse_column, parse_documents};

/// As long as PostgreSQL lets a name be.
const NAME_BYTES: usize = 63;

pub(crate) fn contract(text: &str) -> Result<Contract, ContractError> {
    let mut problems = Problems::default();
    let contract = text
        .parse::<Table>()
        .map(|table| read(Fields::new(table), &mut problems))
        .map_err(|error| problems.add(format!("is no TOML: {}", error.to_string().trim_end())));
    match contract {
        Ok(contract) if problems.found.is_empty() => Ok(contract),
        _ => Err(ContractError::new(problems.found)),
    }
}

/// What is wrong is in `problems`, and has a stand-in in the contract, so that the rest can be looked at.
fn read(mut fields: Fields, problems: &mut Problems) -> Contract {
    let name = fields.needed("name", "\"…\"", problems);
    problems.dataset.clone_from(&name);
    let name = plain_name("name", name, problems);
    let table = plain_name("table", fields.needed("table", "\"…\"", problems), problems);
    let description = fields.text("description", problems).unwrap_or_default();
    let mode = fields.needed("mode", "\"append\", \"upsert\" or \"snapshot\"", problems);
    let mode = choice("mode", mode, Mode::ALL, Mode::as_str, problems);
    let key = fields.texts("key", problems).unwrap_or_default();
    let unknown_columns = fields.text("unknown_columns", problems);
    let unknown_columns = choice(
        "unknown_columns",
        unknown_columns,
        UnknownColumns::ALL,
        UnknownColumns::as_str,
        problems,
    );
    let formats = formats(fields.texts("formats", problems), problems);
    let json = parse_documents::json(fields.table("json", problems), &formats, problems);
    let xml = fields.table("xml", problems);
    let xml = parse_documents::xml(xml, name.as_deref(), &formats, problems);
    let spark_into = spark_into(fields.table("spark", problems), problems);
    let columns = columns(fields.list("columns", problems), problems);
    fields.finish(problems);

    let contract = Contract {
        name: name.unwrap_or_default(),
        description,
        table: table.unwrap_or_default(),
        // The mode that forbids least.
        mode: mode.unwrap_or(Mode::Snapshot),
        key,
        formats,
        json,
        xml,
        unknown_columns: unknown_columns.unwrap_or_default(),
        spark_into,
        headers: headers(&columns, problems),
        columns,
    };
    key_makes_sense(&contract, problems);
    append_makes_sense(&contract, problems);
    parse_documents::fields_make_sense(&contract, problems);
    contract
}

/// The choice that a word stands for; a wrong word is a problem, none is not.
fn choice<T: Copy>(
    key: &str,
    word: Option<String>,
    all: &[T],
    as_str: fn(T) -> &'static str,
    problems: &mut Problems,
) -> Option<T> {
    let word = word?;
    let found = all.iter().copied().find(|choice| as_str(*choice) == word);
    if found.is_none() {
        let words: Vec<&str> = all.iter().map(|choice| as_str(*choice)).collect();
        problems.add(format!(
            "{key} is {word:?}: write one of {}",
            words.join(", ")
        ));
    }
    found
}

/// Complains of a name that is none; it is handed on, so that the rest can be looked at.
pub(crate) fn plain_name(
    key: &str,
    name: Option<String>,
    problems: &mut Problems,
) -> Option<String> {
    let name = name?;
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(letters) {
        problems.add(format!(
            "{key} is {name:?}: begin with a letter a to z and go on with letters, digits and _"
        ));
    } else if name.len() > NAME_BYTES {
        problems.add(format!(
            "{key} has {} characters: PostgreSQL keeps only {NAME_BYTES}, shorten it",
            name.len()
        ));
    }
    Some(name)
}

fn formats(words: Option<Vec<String>>, problems: &mut Problems) -> Vec<Format> {
    let Some(words) = words else {
        return Format::ALL.to_vec();
    };
    if words.is_empty() {
        problems.add("formats is empty: name at least one, or leave it out to accept all");
    }
    let mut formats = Vec::new();
    for word in words {
        if let Some(format) = choice("formats", Some(word), Format::ALL, Format::as_str, problems) {
            if formats.contains(&format) {
                problems.add(format!("formats has {format} twice: remove one"));
            }
            formats.push(format);
        }
    }
    formats
}

fn spark_into(fields: Option<Fields>, problems: &mut Problems) -> SparkInto {
    let Some(mut fields) = fields else {
        return SparkInto::default();
    };
    let word = fields.needed("into", "\"lake\"", problems);
    fields.finish(problems);
    choice(
        "[spark] into",
        word,
        SparkInto::ALL,
        SparkInto::as_str,
        problems,
    )
    .unwrap_or_default()
}

fn columns(values: Option<Vec<Value>>, problems: &mut Problems) -> Vec<Column> {
    let values = values.unwrap_or_default();
    if values.is_empty() {
        problems.add("has no columns: add at least one [[columns]]");
    }
    let mut columns = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        problems.column = Some(format!("#{}", index + 1));
        match value {
            Value::Table(table) => {
                columns.push(parse_column::column(Fields::new(table), problems));
            }
            other => problems.add(format!(
                "is {}: write [[columns]] with its own lines",
                kind(&other)
            )),
        }
        problems.column = None;
    }
    columns
}

/// Names and aliases to columns; none may stand for two.
fn headers(columns: &[Column], problems: &mut Problems) -> HashMap<String, usize> {
    let mut headers: HashMap<String, usize> = HashMap::new();
    // Names first, so that an alias is told to give way to a name and not the other way round.
    let named = || {
        columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !column.name.is_empty())
    };
    for (index, column) in named() {
        if headers.insert(column.name.clone(), index).is_some() {
            problems.add(format!(
                "has two columns named {}: rename or remove one",
                column.name
            ));
        }
    }
    for (index, column) in named() {
        problems.column = Some(column.name.clone());
        for alias in &column.aliases {
            match headers.insert(alias.clone(), index) {
                None => {}
                Some(other) if other == index => problems.add(format!("alias {alias:?} says nothing new: remove it")),
                Some(other) => problems.add(format!(
                    "alias {alias:?} already stands for column {}: a header can mean one column only, remove one",
                    columns[other].name
                )),
            }
        }
    }
    problems.column = None;
    headers
}

fn key_makes_sense(contract: &Contract, problems: &mut Problems) {
    match contract.mode {
        Mode::Upsert if contract.key.is_empty() => {
            problems.add("has mode upsert and no key: add key = [\"…\"] with the columns that tell rows apart");
        }
        Mode::Append if !contract.key.is_empty() => {
            problems.add("has mode append and a key: append never replaces a row, so remove the key or use upsert");
        }
        _ => {}
    }
    for (index, name) in contract.key.iter().enumerate() {
        if contract.key[..index].contains(name) {
            problems.add(format!("key names {name} twice: remove one"));
        }
        let Some(column) = contract
            .index_of(name)
            .map(|index| &contract.columns[index])
        else {
            problems.add(format!(
                "key names {name}, which is no column: add the column or correct the key"
            ));
            continue;
        };
        problems.column = Some(name.clone());
        if !column.required {
            problems.add("is part of the key and not required: add required = true");
        }
        if !column.ty.is_identifying() {
            problems.add(format!(
                "is part of the key, but a {} cannot tell rows apart: choose another",
                column.ty
            ));
        }
        problems.column = None;
    }
}

fn append_makes_sense(contract: &Contract, problems: &mut Problems) {
    if contract.mode != Mode::Append {
        return;
    }
    for column in &contract.columns {
        problems.column = Some(column.name.clone());
        if column
            .references
            .as_ref()
            .is_some_and(|Reference { dataset, .. }| *dataset == contract.name)
        {
            problems.add("refers to its own dataset, whose rows have no key in mode append: use upsert or remove it");
        }
        if column.name == "batch" {
            problems.add(
                "has the name of the column in which append keeps the batch number: rename it",
            );
        }
    }
    problems.column = None;
}
