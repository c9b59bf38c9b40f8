//! Batches in words: the line in a list, the page of one with its timeline, a report's entries.

use std::fmt::Write as _;

use jiff::Timestamp;
use ledger::{Batch, ProgressOf, State};
use serde_json::Value;

use crate::terminal::{counted, grouped, table};

/// Batches as a table.
pub(crate) fn list(batches: &[&Batch]) -> String {
    let rows: Vec<Vec<String>> = batches.iter().map(|batch| row(batch)).collect();
    table(
        &[
            "ID", "DATASET", "STATE", "ROWS", "REJECTED", "RECEIVED", "BY",
        ],
        &rows,
    )
}

fn row(batch: &Batch) -> Vec<String> {
    vec![
        batch.id.to_string(),
        batch.dataset.clone(),
        batch.state.as_str().to_owned(),
        batch.rows.map(grouped).unwrap_or_default(),
        batch.rejected.map(grouped).unwrap_or_default(),
        time(batch.received_at),
        batch.submitted_by.clone(),
    ]
}

/// One line about a batch that changed.
pub(crate) fn change(batch: &Batch) -> String {
    format!(
        "{}  {}  {}  {}",
        time(Timestamp::now()),
        batch.id,
        batch.dataset,
        state(batch)
    )
}

/// Where a batch stands, in a few words.
pub(crate) fn state(batch: &Batch) -> String {
    let rows = counted(batch.rows.unwrap_or_default(), "row");
    match batch.state {
        State::Committed => format!("committed, {rows}"),
        State::Checked => format!("checked, {rows} would be loaded"),
        State::Rejected => format!("rejected, {}", counted(batch.report.total, "finding")),
        State::Duplicate => match batch.duplicate_of {
            Some(first) => format!("duplicate of {first}"),
            None => "duplicate".into(),
        },
        State::Loading if batch.progress.rows > 0 => loading(&batch.progress),
        other => other.as_str().to_owned(),
    }
}

/// How far a load has come, how fast it is and how long it still takes.
fn loading(progress: &ProgressOf) -> String {
    let mut text = format!("loading, {} read", counted(progress.rows, "row"));
    if let Some(total) = progress.end() {
        let percent = (progress.bytes.min(total) as f64 * 100.0 / total as f64) as u64;
        let _ = write!(text, " ({percent} %)");
    }
    if progress.copied > 0 {
        let _ = write!(text, ", {} sent", grouped(progress.copied));
    }
    if let Some(rate) = progress.rows_per_s {
        let _ = write!(text, ", {} rows/s", grouped(rate));
    }
    if let Some(left) = progress.seconds_left {
        let _ = write!(text, ", about {left} s left");
    }
    text
}

/// One batch in full.
pub(crate) fn page(batch: &Batch) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:<10} {value}");
        }
    };
    line("batch", &format!("{} (number {})", batch.id, batch.number));
    line("dataset", &batch.dataset);
    line("state", &state(batch));
    if batch.dry_run {
        line("dry run", "nothing is loaded");
    }
    line("source", &batch.source.to_string());
    line(
        "content",
        &batch
            .bytes
            .map(|bytes| counted(bytes, "byte"))
            .unwrap_or_default(),
    );
    line("sha256", batch.sha256.as_deref().unwrap_or_default());
    line("sent by", &batch.submitted_by);
    line("lane", batch.lane.as_str());
    line("release", batch.release.as_deref().unwrap_or_default());
    if let Some(problem) = &batch.error {
        line("error", &problem.title);
        line("", problem.detail.as_deref().unwrap_or_default());
    }
    text.push_str("timeline\n");
    let mut previous: Option<Timestamp> = None;
    for event in &batch.timeline {
        let since = previous
            .map(|earlier| format!("+{:.3} s", seconds(earlier, event.at)))
            .unwrap_or_default();
        let note = event.note.as_deref().unwrap_or_default();
        let entry = format!(
            "  {}  {since:>11}  {:<9}  {note}",
            precise(event.at),
            event.state.as_str()
        );
        let _ = writeln!(text, "{}", entry.trim_end());
        previous = Some(event.at);
    }
    text
}

/// One entry of a report.
pub(crate) fn finding(entry: &Value) -> String {
    let number = |name: &str| entry[name].as_u64().map(grouped).unwrap_or_default();
    let mut place = entry["column"]
        .as_str()
        .map(|column| format!(", {column}"))
        .unwrap_or_default();
    if let Some(value) = entry["value"].as_str() {
        let _ = write!(place, " `{}`", printable(value));
    }
    let file = entry["file"].as_str();
    let file = file.map_or_else(String::new, |file| format!("{}: ", printable(file)));
    let mut text = format!(
        "{file}record {}, line {}, byte {}{place}: {} ({})",
        number("record"),
        number("line"),
        number("byte"),
        entry["message"].as_str().unwrap_or_default(),
        entry["rule"].as_str().unwrap_or_default(),
    );
    let row = entry["row"].as_str().unwrap_or_default();
    if !row.is_empty() {
        let _ = write!(text, "\n    {}", printable(row));
    }
    text
}

/// A partner's text on one line of a terminal, whatever control characters it holds.
fn printable(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(200) {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(200).is_some() {
        shown.push('…');
    }
    shown
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn precise(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn batch() -> Batch {
        serde_json::from_value(json!({
            "id": "0198c0de-1234-7abc-8def-0123456789ab", "number": 7, "dataset": "prices", "state": "committed",
            "lane": "function", "attempt": 1, "rows": 56689, "rejected": 0, "bytes": 1_571_838, "sha256": "ab12",
            "source": "s3://waybill-local-incoming/prices/api/x/prices.csv?versionId=v1", "duplicate_of": null,
            "submitted_by": "local", "release": "local-1", "received_at": "2026-11-20T10:00:00Z",
            "started_at": "2026-11-20T10:00:00.1Z", "finished_at": "2026-11-20T10:00:00.5Z",
            "timeline": [
                {"at": "2026-11-20T10:00:00Z", "state": "received", "attempt": 0, "note": null},
                {"at": "2026-11-20T10:00:00.1Z", "state": "loading", "attempt": 1, "note": null},
                {"at": "2026-11-20T10:00:00.5Z", "state": "committed", "attempt": 1, "note": "56689 rows"}
            ],
            "error": null, "progress": {"bytes": 1_571_838, "rows": 56689, "total_bytes": 1_571_838},
            "dry_run": false, "report": {"total": 0, "listed": 0}
        }))
        .expect("a batch")
    }

    #[test]
    fn a_batch_is_shown_with_its_timeline() {
        insta::assert_snapshot!(page(&batch()), @r"
        batch      0198c0de-1234-7abc-8def-0123456789ab (number 7)
        dataset    prices
        state      committed, 56,689 rows
        source     s3://waybill-local-incoming/prices/api/x/prices.csv?versionId=v1
        content    1,571,838 bytes
        sha256     ab12
        sent by    local
        lane       function
        release    local-1
        timeline
          2026-11-20 10:00:00.000Z               received
          2026-11-20 10:00:00.100Z     +0.100 s  loading
          2026-11-20 10:00:00.500Z     +0.400 s  committed  56689 rows
        ");
    }

    #[test]
    fn batches_are_listed_in_columns() {
        insta::assert_snapshot!(list(&[&batch()]), @r"
        ID                                    DATASET  STATE      ROWS    REJECTED  RECEIVED              BY
        0198c0de-1234-7abc-8def-0123456789ab  prices   committed  56,689  0         2026-11-20 10:00:00Z  local
        ");
    }

    #[test]
    fn a_finding_is_one_sentence_and_the_row() {
        let entry = json!({"record": 3, "line": 4, "byte": 1062, "column": "price", "rule": "type",
            "value": "x", "message": "is no whole number", "row": "CNGGZ,EETLL,2021-01-01,x\u{1b}[31m"});
        insta::assert_snapshot!(finding(&entry), @r"
        record 3, line 4, byte 1,062, price `x`: is no whole number (type)
            CNGGZ,EETLL,2021-01-01,x\u{1b}[31m
        ");
    }
}
