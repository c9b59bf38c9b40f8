//! From what a reading found to the batch's end: committed, checked, duplicate or rejected with an
//! exact reason.

use std::sync::atomic::Ordering;

use contract::{Contract, Mode, Rule};
use ledger::{Committed, Finding, Outcome as End, Problem, Repeats, Summary};
use sha2::{Digest, Sha256};
use tokio_postgres::Transaction;

use crate::error::{LoadError, LoadErrorKind};
use crate::load::{Load, Step, database};
use crate::meter::Meter;
use crate::pipeline::Outcome;
use crate::source::{SourceError, SourceErrorKind};

/// What is found of a batch.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Rows and ledger entry are committed.
    Committed(Summary),
    /// It is not committed, for the reason that the ledger is to keep.
    Not(End),
    /// Another attempt has the batch.
    Superseded,
}

/// The reason to reject the content, if there is one.
pub(crate) fn wrong_with(load: &Load<'_>, outcome: &Outcome) -> Option<Verdict> {
    let gathered = &outcome.gathered;
    let mut findings = gathered.findings.listed.clone();
    let mut total = gathered.findings.total;
    let mut detail = Vec::new();
    let mut add = |detail: &mut Vec<String>, finding: Finding| {
        total += 1;
        detail.push(match &finding.file {
            Some(file) => format!("{file}: {}", finding.message),
            None => finding.message.clone(),
        });
        if findings.len() < load.settings.report_cap.max(1) {
            findings.push(finding);
        }
    };
    for (file, fault) in &outcome.faults {
        let value = fault.value.as_deref().map(crate::findings::shown);
        let at = (fault.at.record, fault.at.line, fault.at.byte);
        let finding = whole(fault.rule, at, value, fault.message.clone());
        add(&mut detail, of_file(load, *file, finding));
    }
    if outcome.faults.is_empty() {
        for finding in undeclared(load, outcome) {
            add(&mut detail, finding);
        }
    }
    if gathered.bad > 0 {
        detail.insert(
            0,
            match gathered.bad + gathered.good {
                1 => "its only row is wrong".to_owned(),
                all => format!(
                    "{} of {all} rows {} wrong",
                    gathered.bad,
                    if gathered.bad == 1 { "is" } else { "are" }
                ),
            },
        );
    }
    if total == 0 {
        return None;
    }
    let problem = Problem::new("rejected", "The batch was rejected")
        .with_status(422)
        .with_detail(format!(
            "{}; nothing was loaded{}",
            detail.join("; "),
            match gathered.bad {
                0 => "",
                _ => ". The report has every one.",
            }
        ));
    Some(Verdict::Not(End::Rejected {
        problem,
        summary: Some(summary(outcome)),
        rejected: gathered.bad,
        total,
        findings,
    }))
}

/// Whether there is such a reason.
pub(crate) fn is_wrong(load: &Load<'_>, outcome: &Outcome) -> bool {
    !outcome.faults.is_empty()
        || outcome.gathered.findings.total > 0
        || !undeclared(load, outcome).is_empty()
}

/// What does not agree with what the sender declared, and content without any record.
fn undeclared(load: &Load<'_>, outcome: &Outcome) -> Vec<Finding> {
    let records = outcome.gathered.good + outcome.gathered.bad;
    let options = &load.held.options;
    let mut findings = Vec::new();
    if records == 0 {
        let message = "the file has no records: a batch without records is never loaded".to_owned();
        findings.push(whole(Rule::Empty, (0, 1, 0), None, message));
    }
    if let Some(expected) = options.expect_rows
        && expected != records
    {
        let message = format!(
            "{expected} rows were declared and {records} arrived; send the file again, whole"
        );
        findings.push(whole(
            Rule::Rows,
            (0, 1, 0),
            Some(records.to_string()),
            message,
        ));
    }
    if let Some(expected) = options.expect_sha256
        && expected != sha256(outcome)
    {
        findings.push(whole(
            Rule::Checksum,
            (0, 1, 0),
            None,
            OTHER_CONTENT.to_owned(),
        ));
    }
    for (index, (file, read)) in load.files.iter().zip(&outcome.files).enumerate() {
        if let Some(expected) = file.rows
            && expected != read.records
        {
            let records = read.records;
            let message = format!(
                "the manifest says {expected} rows and {records} arrived; send the file again, whole"
            );
            let finding = whole(Rule::Rows, (0, 1, 0), Some(records.to_string()), message);
            findings.push(of_file(load, index, finding));
        }
        if let Some(expected) = file.sha256
            && expected != read.sha256
        {
            let finding = whole(Rule::Checksum, (0, 1, 0), None, OTHER_CONTENT.to_owned());
            findings.push(of_file(load, index, finding));
        }
    }
    findings
}

const OTHER_CONTENT: &str =
    "the content's SHA-256 is not the declared one; send the file again, whole";

/// The finding, with the name of its file where that has one.
fn of_file(load: &Load<'_>, file: usize, finding: Finding) -> Finding {
    Finding {
        file: load.files[file].name.map(str::to_owned),
        ..finding
    }
}

/// An entry about the file and not about one of its rows.
fn whole(rule: Rule, at: (u64, u64, u64), value: Option<String>, message: String) -> Finding {
    let (record, line, byte) = at;
    Finding {
        file: None,
        record,
        line,
        byte,
        column: None,
        rule: rule.as_str().to_owned(),
        value,
        message,
        row: Vec::new(),
    }
}

/// The object went away before or while it was read.
pub(crate) fn lost(error: &SourceError) -> Verdict {
    let message = match error.kind {
        SourceErrorKind::Changed => format!("{error}; the later object is a batch of its own"),
        _ => format!("{error}; deliver it again"),
    };
    about_the_file(Rule::Source, message, None)
}

/// A snapshot leaves out rows that other tables refer to.
pub(crate) fn still_referenced(outcome: &Outcome) -> Verdict {
    let message = "the snapshot leaves out rows that other datasets still refer to; include them, or remove those first";
    about_the_file(Rule::References, message.to_owned(), Some(summary(outcome)))
}

/// A later snapshot of the dataset is in the table already.
pub(crate) fn outdated(outcome: &Outcome) -> Verdict {
    let message = "a snapshot that arrived later is loaded already; deliver this one again if it is to replace that";
    about_the_file(Rule::Source, message.to_owned(), Some(summary(outcome)))
}

fn about_the_file(rule: Rule, message: String, summary: Option<Summary>) -> Verdict {
    let problem = Problem::new("rejected", "The batch was rejected")
        .with_status(422)
        .with_detail(message.clone());
    Verdict::Not(End::Rejected {
        problem,
        summary,
        rejected: 0,
        total: 1,
        findings: vec![whole(rule, (0, 1, 0), None, message)],
    })
}

/// A row is for a partition that its table does not have: the data may be right, so it is an operator's, and another try
/// would end as this one. `None` where the error is another.
pub(crate) fn unplaced(error: &ledger::Error) -> Option<Verdict> {
    let fault = error.fault()?;
    let (key, table) = (fault.unplaced.as_ref()?, fault.table.as_ref()?);
    tracing::error!(table, "the table has no partition for a row of the batch");
    let problem = Problem::new("no-partition", "The table has no partition for a row")
        .with_status(500)
        .with_detail(format!(
            "no partition of {table} takes a row with {}; nothing was loaded. An operator has to add the partition and to \
             ask for a replay",
            match key.expose() {
                "" => "its partition key",
                key => key,
            }
        ));
    Some(Verdict::Not(End::Failed { problem }))
}

/// Every good row must have reached the server, or something is wrong with us.
pub(crate) fn all_arrived(checked: u64, copied: u64) -> Result<(), LoadError> {
    if checked == copied {
        return Ok(());
    }
    let detail = format!(
        "{checked} rows were checked and {copied} reached the table; nothing was committed"
    );
    Err(LoadError::new(LoadErrorKind::Failed, detail))
}

/// Writes the ledger's entry beside the rows and commits both, or neither.
pub(crate) async fn commit(
    load: &Load<'_>,
    transaction: Transaction<'_>,
    outcome: &Outcome,
    meter: &Meter,
) -> Result<Step, LoadError> {
    meter.committing.store(true, Ordering::Relaxed);
    let summary = summary(outcome);
    let verdict = match ledger::commit(&transaction, load.held, &summary, repeats(load.contract))
        .await
        .map_err(database)?
    {
        Committed::Superseded => Verdict::Superseded,
        Committed::Duplicate(of) => Verdict::Not(End::Duplicate {
            of,
            summary: Some(summary),
        }),
        Committed::Done if load.held.options.dry_run => Verdict::Not(End::Checked { summary }),
        Committed::Done => {
            transaction.commit().await.map_err(database)?;
            return Ok(Step::Verdict(Verdict::Committed(summary)));
        }
    };
    transaction.rollback().await.map_err(database)?;
    Ok(Step::Verdict(verdict))
}

/// Which earlier content makes the same content a duplicate of the dataset.
pub(crate) fn repeats(contract: &Contract) -> Repeats {
    match contract.mode {
        Mode::Append => Repeats::Any,
        Mode::Upsert | Mode::Snapshot => Repeats::Last,
    }
}

fn summary(outcome: &Outcome) -> Summary {
    Summary {
        rows: outcome.gathered.good,
        content_bytes: outcome.files.iter().map(|file| file.bytes).sum(),
        sha256: sha256(outcome),
        header: match &outcome.files[..] {
            [file] => file.header.clone(),
            _ => None,
        },
    }
}

/// What tells the content from other content. Of one file it is its hash, whether a manifest lists it or not; of
/// several the hash of theirs, in an order of their own: the same files are the same delivery.
pub(crate) fn sha256(outcome: &Outcome) -> [u8; 32] {
    let mut hashes: Vec<[u8; 32]> = outcome.files.iter().map(|file| file.sha256).collect();
    if let [only] = hashes[..] {
        return only;
    }
    hashes.sort_unstable();
    Sha256::digest(hashes.concat()).into()
}
