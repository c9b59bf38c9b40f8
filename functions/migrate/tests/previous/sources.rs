//! Whether a recording has every piece of SQL that the sources have.

use std::path::{Path, PathBuf};

use crate::recording::{Recording, here, plain};

/// What speaks with the database as a part of a release. Left out: migrations and roles, which a release that is being
/// replaced does not ask for, and the command line.
const SOURCES: [&str; 5] = [
    "crates/ledger/src",
    "crates/loader/src",
    "crates/platform/src",
    "functions/api/src",
    "functions/intake/src",
];
const LEFT_OUT: &str = "crates/ledger/src/migrate";

/// Words that a piece of SQL has and no message of ours.
const WORDS: [&str; 9] = [
    "SELECT",
    "INSERT INTO",
    "UPDATE ",
    "DELETE FROM",
    "COPY ",
    "LOCK TABLE",
    "CREATE TEMPORARY",
    "SET LOCAL",
    "ON CONFLICT",
];

/// The pieces that no statement of the recording has: `file: piece`.
pub(crate) fn unrecorded(recording: &Recording) -> (usize, Vec<String>) {
    let root = here().join("../..");
    let mut files = Vec::new();
    for folder in SOURCES {
        rust_files(&root.join(folder), &mut files);
    }
    let mut known = 0;
    let mut missing = Vec::new();
    for file in files {
        let name = file
            .strip_prefix(&root)
            .expect("below the root")
            .display()
            .to_string();
        if name.starts_with(LEFT_OUT) {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a source");
        // The tests of a module come last in it.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for piece in literals(text).into_iter().filter(|text| is_sql(text)) {
            let piece = plain(&piece);
            if recording.statements.iter().any(|one| has(&one.sql, &piece)) {
                known += 1;
            } else {
                missing.push(format!("{name}: {piece}"));
            }
        }
    }
    (known, missing)
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            rust_files(&entry, into);
        } else if entry.extension().is_some_and(|end| end == "rs") {
            into.push(entry);
        }
    }
}

fn is_sql(text: &str) -> bool {
    WORDS.iter().any(|word| text.contains(word))
}

/// Whether the statement has the piece, whatever stands in its `{}`.
fn has(sql: &str, piece: &str) -> bool {
    let mut rest = sql;
    for part in fixed_parts(piece) {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

fn fixed_parts(piece: &str) -> Vec<&str> {
    piece
        .split('{')
        .enumerate()
        .map(|(place, part)| match part.split_once('}') {
            Some((_, after)) if place > 0 => after,
            _ => part,
        })
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// The texts of string literals, as they are written.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, here) = rest.split_at(at);
        rest = if here.starts_with("//") {
            here.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(after) = here.strip_prefix("'\"'") {
            after
        } else if let Some(inside) = here.strip_prefix('"') {
            let (text, after) = until_end(inside, raw(before));
            found.push(text);
            after
        } else {
            &here[1..]
        };
    }
    found
}

/// How many `#` end the literal that begins after this, where it is a raw one.
fn raw(before: &str) -> Option<usize> {
    let name = before.trim_end_matches('#');
    name.ends_with('r').then(|| before.len() - name.len())
}

fn until_end(text: &str, raw: Option<usize>) -> (String, &str) {
    if let Some(hashes) = raw {
        let end = format!("\"{}", "#".repeat(hashes));
        let (inside, after) = text.split_once(&end).expect("the literal's end");
        return (inside.to_owned(), after);
    }
    let mut escaped = false;
    for (at, char) in text.char_indices() {
        match char {
            '"' if !escaped => {
                let inside = text[..at].replace("\\\n", " ").replace("\\\"", "\"");
                return (inside, &text[at + 1..]);
            }
            _ => escaped = char == '\\' && !escaped,
        }
    }
    panic!("a literal does not end");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_whatever_stands_around_them() {
        let source = r##"
            // "no"
            let a = '"'; let b = "one \"two\"";
            let c = r#"th"ree"#; let d: &'a str = r"fo\ur";
        "##;
        assert_eq!(literals(source), ["one \"two\"", "th\"ree", "fo\\ur"]);
    }

    #[test]
    fn a_piece_is_found_whatever_stands_in_its_gaps() {
        let sql = "SELECT number FROM waybill.batches b WHERE b.id = $1";
        assert!(has(
            sql,
            "SELECT {COLUMNS} FROM waybill.batches b WHERE b.id = $1"
        ));
        assert!(!has(
            sql,
            "SELECT {COLUMNS} FROM waybill.events b WHERE b.id = $1"
        ));
        assert!(!has(sql, "WHERE {} SELECT"));
    }
}
