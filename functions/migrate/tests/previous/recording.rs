//! What a release asks of the database, and the file that it is kept in.
//!
//! `recorded/V<n>/` is of the last release whose newest migration was the nth: `statements.json`, every statement with
//! the role that sends it, and `replay.jsonl`, a run of them from a first batch to an undone one, with values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A statement, as a role sends it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Statement {
    /// `owner`, `loader`, `reader` or `api`.
    pub(crate) role: String,
    /// With single spaces.
    pub(crate) sql: String,
    /// The types of its parameters, as the server names them.
    pub(crate) types: Vec<String>,
    /// Whether the sender says those types; else the server does.
    pub(crate) typed: bool,
    /// What it answers: `name type`.
    pub(crate) columns: Vec<String>,
    /// Whether it is sent without parameters and may be several at once.
    pub(crate) simple: bool,
}

/// A statement that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) session: usize,
    /// Its place among the statements.
    pub(crate) statement: usize,
    /// In binary form, written in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<Option<String>>,
    /// What was copied, the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) copied: Option<Copied>,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Copied {
    pub(crate) data: String,
    /// Whether the sender came to an end; else it gave up.
    pub(crate) whole: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// How many rows each command had to do with.
    Rows(Vec<u64>),
    /// The server's code.
    Error(String),
}

/// Statements and a run of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recording {
    pub(crate) statements: Vec<Statement>,
    pub(crate) runs: Vec<Run>,
}

impl Statement {
    /// Enough of it to find it in the sources.
    pub(crate) fn name(&self) -> String {
        let short: String = self.sql.chars().take(160).collect();
        let dots = if short.len() < self.sql.len() {
            "…"
        } else {
            ""
        };
        format!("{}: {short}{dots}", self.role)
    }
}

impl Recording {
    /// Of what was overheard, in order.
    pub(crate) fn of(overheard: &[(Statement, Run)]) -> Self {
        let all: BTreeSet<Statement> = overheard.iter().map(|(one, _)| one.clone()).collect();
        let places: BTreeMap<&Statement, usize> = all
            .iter()
            .enumerate()
            .map(|(place, one)| (one, place))
            .collect();
        let runs = overheard
            .iter()
            .map(|(statement, run)| Run {
                statement: places[statement],
                ..run.clone()
            })
            .collect();
        Self {
            runs,
            statements: all.into_iter().collect(),
        }
    }

    pub(crate) fn read(version: i64) -> Option<Self> {
        let folder = folder().join(format!("V{version}"));
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).ok();
        let runs = text("replay.jsonl")?
            .lines()
            .map(|line| serde_json::from_str(line).expect("a run"))
            .collect();
        Some(Self {
            statements: serde_json::from_str(&text("statements.json")?).expect("statements"),
            runs,
        })
    }

    pub(crate) fn write(&self, version: i64) {
        let folder = folder().join(format!("V{version}"));
        std::fs::create_dir_all(&folder).expect("the folder");
        let statements = serde_json::to_string_pretty(&self.statements).expect("JSON");
        let runs: Vec<String> = self
            .runs
            .iter()
            .map(|run| serde_json::to_string(run).expect("JSON") + "\n")
            .collect();
        std::fs::write(folder.join("statements.json"), statements + "\n").expect("written");
        std::fs::write(folder.join("replay.jsonl"), runs.concat()).expect("written");
    }
}

/// The versions that there are recordings of.
pub(crate) fn versions() -> Vec<i64> {
    let mut versions: Vec<i64> = std::fs::read_dir(folder())
        .expect("the recordings")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| {
            let name = name.to_string_lossy();
            let version = name
                .strip_prefix('V')
                .and_then(|number| number.parse().ok());
            version
                .unwrap_or_else(|| panic!("recorded/{name} is no recording: they are called V<n>"))
        })
        .collect();
    versions.sort_unstable();
    versions
}

fn folder() -> PathBuf {
    here().join("tests/previous/recorded")
}

/// This crate, in the checkout that is tested and not in the one that the test was built in.
pub(crate) fn here() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .expect("cargo runs the tests")
        .into()
}

/// SQL with single spaces and without lines of comment: how it is broken into lines is no difference.
pub(crate) fn plain(sql: &str) -> String {
    sql.lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    ledger::hex(bytes)
}

pub(crate) fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("two digits"))
        .collect()
}
