//! One block of records checked and encoded: what each worker thread does.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contract::{Contract, Rule, Value, Violation};
use ledger::Finding;
use reader::{Block, Layout, Malformed, Raw, Record};

use crate::encode::{Extra, FieldStarts, RowPlan};
use crate::file::place;
use crate::findings::shown;
use crate::references::KnownKeys;
use crate::runs::{RowRef, Rows};

/// What all workers of one load share.
pub(crate) struct Checker<'a> {
    pub(crate) contract: &'static Contract,
    /// What the files are called, where they have names.
    pub(crate) names: &'a [Option<String>],
    pub(crate) plan: &'a RowPlan,
    /// For each of the contract's columns the keys it may refer to, where they are held in memory.
    pub(crate) known: &'a [Option<Arc<KnownKeys>>],
    /// What only the database could find, by the record's place in the batch.
    pub(crate) later: &'a Later,
    /// Whether rows are still wanted; off after the first bad one, or when nothing is loaded.
    pub(crate) encode: AtomicBool,
    /// Whether entries are still listed; off when the report is full.
    pub(crate) list: AtomicBool,
}

/// Findings about whole batches (a key that occurs twice, a reference that nothing answers), which
/// the database made from staged rows and which a second reading puts into their places.
#[derive(Debug, Default)]
pub(crate) struct Later {
    pub(crate) by_byte: HashMap<u64, Vec<LaterFinding>>,
    /// Records whose line must be known because another one's message names it.
    pub(crate) named: HashSet<u64>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct LaterFinding {
    pub(crate) column: usize,
    pub(crate) rule: Rule,
    pub(crate) message: String,
    /// The record that the message must name: its line is appended once it is known.
    pub(crate) first: Option<u64>,
}

/// A finding, and the record whose line its message must still name.
pub(crate) struct Found {
    pub(crate) finding: Finding,
    pub(crate) first: Option<u64>,
}

/// A block after its check.
pub(crate) struct Checked {
    pub(crate) number: u64,
    pub(crate) rows: Rows,
    /// Records that broke no rule.
    pub(crate) good: u64,
    /// Records that broke a rule.
    pub(crate) bad: u64,
    pub(crate) found: Vec<Found>,
    /// Findings that were not kept because the report is full.
    pub(crate) uncounted: u64,
    /// Where records are that others' messages name, by their place in the batch: `line 3`.
    pub(crate) named: Vec<(u64, String)>,
}

impl Checker<'_> {
    /// Whether rows are staged, bad ones too, instead of loaded straight into the target.
    pub(crate) fn stages(&self) -> bool {
        self.plan.extra == Extra::Staged
    }

    /// Checks every record of the block.
    pub(crate) fn check(
        &self,
        number: u64,
        file: usize,
        block: &Block,
        layout: &Layout,
    ) -> Checked {
        let encode = self.encode.load(Ordering::Relaxed);
        let mut work = Work {
            checker: self,
            file,
            encode,
            list: self.list.load(Ordering::Relaxed),
            starts: FieldStarts::new(),
            checked: Checked {
                number,
                rows: if encode {
                    Rows::for_block(block.bytes.len())
                } else {
                    Rows::default()
                },
                good: 0,
                bad: 0,
                found: Vec::new(),
                uncounted: 0,
                named: Vec::new(),
            },
        };
        let mut records = block.records(layout);
        while let Some(record) = records.next() {
            match record {
                Ok(record) => work.record(&record),
                Err(malformed) => work.malformed(&malformed),
            }
        }
        work.checked
    }
}

/// A worker in the middle of a block.
struct Work<'a> {
    checker: &'a Checker<'a>,
    file: usize,
    encode: bool,
    list: bool,
    starts: FieldStarts,
    checked: Checked,
}

impl Work<'_> {
    #[inline]
    fn record(&mut self, record: &Record<'_>) {
        let Checker {
            contract,
            plan,
            known,
            later,
            ..
        } = *self.checker;
        let row_at = self.checked.rows.bytes.len();
        let mut bad = false;
        if self.encode {
            plan.begin(&mut self.checked.rows.bytes, &mut self.starts);
        }
        for (place, (column, raw)) in contract.columns.iter().zip(record.fields).enumerate() {
            let value = match column.check(*raw) {
                Ok(value) => match &known[place] {
                    Some(keys) if !keys.contains(&value) => Err(unknown_reference(keys)),
                    _ => Ok(value),
                },
                Err(violation) => Err(violation),
            };
            let value = value.unwrap_or_else(|violation| {
                bad = true;
                self.violation(record, place, *raw, violation);
                Value::Null
            });
            if self.encode {
                plan.field(&mut self.checked.rows.bytes, &mut self.starts, &value);
            }
        }
        if !later.by_byte.is_empty() {
            bad |= self.later(record);
        }
        if bad {
            self.checked.bad += 1;
        } else {
            self.checked.good += 1;
        }
        if self.encode {
            self.finish_row(row_at, place(self.file, record.at.byte), bad);
        }
    }

    fn finish_row(&mut self, row_at: usize, byte: u64, bad: bool) {
        let plan = self.checker.plan;
        let rows = &mut self.checked.rows;
        if bad && plan.extra != Extra::Staged {
            rows.bytes.truncate(row_at);
            return;
        }
        plan.end(&mut rows.bytes, byte, bad);
        let key = if plan.sorts() {
            plan.sort_key(&rows.bytes, &self.starts)
        } else {
            [0, 0]
        };
        rows.refs.push(RowRef {
            key,
            at: row_at as u32,
            len: (rows.bytes.len() - row_at) as u32,
        });
    }

    #[cold]
    fn violation(&mut self, record: &Record<'_>, place: usize, raw: Raw<'_>, violation: Violation) {
        if !self.list {
            self.checked.uncounted += 1;
            return;
        }
        let value = raw.as_bytes().map(shown);
        self.push(
            record,
            Some(place),
            violation.rule,
            violation.message,
            value,
            None,
        );
    }

    #[cold]
    fn later(&mut self, record: &Record<'_>) -> bool {
        let later = self.checker.later;
        let here = place(self.file, record.at.byte);
        if later.named.contains(&here) {
            let line = record.at.line;
            let told = match self.name() {
                Some(name) => format!("line {line} of {name}"),
                None => format!("line {line}"),
            };
            self.checked.named.push((here, told));
        }
        let Some(findings) = later.by_byte.get(&here) else {
            return false;
        };
        for LaterFinding {
            column,
            rule,
            message,
            first,
        } in findings.iter().cloned()
        {
            let value = record.fields[column].as_bytes().map(shown);
            self.push(record, Some(column), rule, message, value, first);
        }
        true
    }

    /// What the file is called.
    fn name(&self) -> Option<String> {
        self.checker.names.get(self.file).cloned().flatten()
    }

    fn push(
        &mut self,
        record: &Record<'_>,
        column: Option<usize>,
        rule: Rule,
        message: String,
        value: Option<String>,
        first: Option<u64>,
    ) {
        let finding = Finding {
            file: self.name(),
            record: record.at.record,
            line: record.at.line,
            byte: record.at.byte,
            column: column.map(|place| self.checker.contract.columns[place].name.clone()),
            rule: rule.as_str().to_owned(),
            value,
            message,
            row: record.raw.to_vec(),
        };
        self.checked.found.push(Found { finding, first });
    }

    #[cold]
    fn malformed(&mut self, malformed: &Malformed<'_>) {
        self.checked.bad += 1;
        if !self.list {
            self.checked.uncounted += 1;
            return;
        }
        let finding = Finding {
            file: self.name(),
            record: malformed.at.record,
            line: malformed.at.line,
            byte: malformed.at.byte,
            column: malformed
                .column
                .map(|place| self.checker.contract.columns[place].name.clone()),
            rule: malformed.rule.as_str().to_owned(),
            value: malformed.value.as_deref().map(shown),
            message: malformed.message.clone(),
            row: malformed.raw.to_vec(),
        };
        self.checked.found.push(Found {
            finding,
            first: None,
        });
    }
}

fn unknown_reference(keys: &KnownKeys) -> Violation {
    Violation {
        rule: Rule::References,
        message: unknown_reference_message(&keys.reference),
    }
}

/// The same sentence, whoever found the missing key.
pub(crate) fn unknown_reference_message(reference: &contract::Reference) -> String {
    format!(
        "no {} has this {}; deliver it to the dataset {} first, or correct the value",
        reference.dataset, reference.column, reference.dataset
    )
}
