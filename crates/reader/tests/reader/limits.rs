//! Records that are too long: told with their place and size, read over, and never held.

use contract::Contract;
use reader::{Format, Limits, Rule};

use crate::support::{Pieces, abc, at, csv, read, text};

fn small() -> Limits {
    Limits {
        record_bytes: 40,
        block_bytes: 32,
        ..Limits::default()
    }
}

fn small_csv(contract: &Contract, bytes: &str) -> crate::support::Outcome {
    read(
        Format::Csv,
        contract,
        Box::new(Pieces::new(bytes.as_bytes(), 11)),
        &small(),
    )
}

#[test]
fn a_field_of_ten_megabytes_is_an_error_of_its_column_and_the_rest_is_read() {
    let bytes = format!("a,b,c\n1,2,3\n4,{},6\n7,8,9\n", "x".repeat(10 << 20));
    let outcome = csv(&abc("reject"), &bytes);
    assert_eq!(outcome.lines.len(), 3);
    let bad = outcome.lines[1].bad();
    assert_eq!((bad.rule, bad.column), (Rule::RecordSize, Some(1)));
    assert_eq!(
        bad.message,
        "the record has 10485764 bytes; the most is 1048576, in all its fields together"
    );
    assert_eq!(outcome.lines[1].at, at(2, 3, 12));
    assert_eq!(outcome.lines[1].raw.len(), 1024);
    assert_eq!(outcome.lines[2].at, at(3, 4, bytes.len() as u64 - 6));
    assert_eq!(outcome.lines[2].fields(), [text("7"), text("8"), text("9")]);
    assert!(outcome.most_bytes <= 1 << 18, "{}", outcome.most_bytes);
}

#[test]
fn a_record_may_be_as_long_as_the_limit_says() {
    let row = |bytes: usize| format!("1,2,{}", "x".repeat(bytes - 4));
    let outcome = small_csv(
        &abc("reject"),
        &format!("a,b,c\n{}\n{}\n", row(40), row(41)),
    );
    assert!(outcome.lines[0].what.is_ok());
    assert_eq!(outcome.lines[1].bad().rule, Rule::RecordSize);
    assert_eq!(outcome.lines[1].bad().column, Some(2));
}

#[test]
fn lines_inside_a_long_quoted_field_count() {
    let long = "x\n".repeat(500);
    let outcome = small_csv(&abc("reject"), &format!("a,b,c\n1,\"{long}\",3\n4,5,6\n"));
    assert_eq!(outcome.lines[0].bad().rule, Rule::RecordSize);
    assert_eq!(outcome.lines[1].at, at(2, 503, 1_013));
    assert_eq!(outcome.lines[1].fields(), [text("4"), text("5"), text("6")]);
}

#[test]
fn a_quote_that_takes_the_rest_of_a_long_file_with_it_is_told_as_such() {
    let outcome = small_csv(
        &abc("reject"),
        &format!("a,b,c\n1,2,3\n4,\"5,6\n{}", "7,8,9\n".repeat(1_000)),
    );
    assert_eq!(outcome.lines.len(), 2);
    let bad = outcome.lines[1].bad();
    assert_eq!((bad.rule, bad.column), (Rule::Quote, Some(1)));
    assert_eq!(outcome.lines[1].at, at(2, 3, 12));
    assert_eq!(outcome.end, at(3, 1_004, 6_019));
}
