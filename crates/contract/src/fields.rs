//! Takes the entries of a TOML table one by one, noting what is wrong with them and what is left over.

use toml::{Table, Value};

use crate::error::Problem;

/// What is wrong so far, and where in the contract we are.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    pub(crate) dataset: Option<String>,
    pub(crate) column: Option<String>,
    pub(crate) found: Vec<Problem>,
}

impl Problems {
    pub(crate) fn add(&mut self, message: impl Into<String>) {
        self.found.push(Problem {
            dataset: self.dataset.clone(),
            column: self.column.clone(),
            message: message.into(),
        });
    }
}

/// A TOML table from which known keys are taken; `finish` complains of the others.
pub(crate) struct Fields {
    table: Table,
    known: Vec<&'static str>,
}

impl Fields {
    pub(crate) fn new(table: Table) -> Self {
        Self {
            table,
            known: Vec::new(),
        }
    }

    fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(crate) fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    pub(crate) fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            other => {
                problems.add(format!(
                    "{key} is {}: write a string in quotes",
                    kind(&other)
                ));
                None
            }
        }
    }

    /// A string that must be there; `example` is what to write after the key.
    pub(crate) fn needed(
        &mut self,
        key: &'static str,
        example: &str,
        problems: &mut Problems,
    ) -> Option<String> {
        if !self.has(key) {
            problems.add(format!("has no {key}: add {key} = {example}"));
        }
        self.text(key, problems)
    }

    /// False where it is missing or wrong.
    pub(crate) fn flag(&mut self, key: &'static str, problems: &mut Problems) -> bool {
        match self.take(key) {
            None => false,
            Some(Value::Boolean(value)) => value,
            Some(other) => {
                problems.add(format!(
                    "{key} is {}: write true or false without quotes",
                    kind(&other)
                ));
                false
            }
        }
    }

    pub(crate) fn table(&mut self, key: &'static str, problems: &mut Problems) -> Option<Self> {
        match self.take(key)? {
            Value::Table(table) => Some(Self::new(table)),
            other => {
                problems.add(format!(
                    "{key} is {}: write [{key}] with its own lines",
                    kind(&other)
                ));
                None
            }
        }
    }

    pub(crate) fn list(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<Vec<Value>> {
        match self.take(key)? {
            Value::Array(values) => Some(values),
            other => {
                problems.add(format!(
                    "{key} is {}: write a list in brackets",
                    kind(&other)
                ));
                None
            }
        }
    }

    pub(crate) fn texts(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        for value in self.list(key, problems)? {
            match value {
                Value::String(text) => texts.push(text),
                other => problems.add(format!(
                    "{key} has {} in it: write strings in quotes",
                    kind(&other)
                )),
            }
        }
        Some(texts)
    }

    /// Complains of every key that nobody took.
    pub(crate) fn finish(self, problems: &mut Problems) {
        for key in self.table.keys() {
            let mut known = self.known.clone();
            known.sort_unstable();
            problems.add(format!(
                "{key} is no key that is known here: remove it, or write one of {}",
                known.join(", ")
            ));
        }
    }
}

/// What a TOML value is, with its article.
pub(crate) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a float",
        Value::Boolean(_) => "a boolean",
        Value::Datetime(_) => "a date or time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}
