//! CSV records: what is taken as it is, and what is refused, where.

use reader::Rule;

use crate::support::{Field, abc, at, csv, text};

#[test]
fn a_file_is_its_records() {
    let outcome = csv(&abc("reject"), "a,b,c\n1,2,3\n4,,6\n");
    assert_eq!(outcome.header.as_deref(), Some(&b"a,b,c"[..]));
    assert_eq!(outcome.fault, None);
    assert_eq!(outcome.lines.len(), 2);
    assert_eq!(outcome.lines[0].at, at(1, 2, 6));
    assert_eq!(outcome.lines[0].raw, b"1,2,3");
    assert_eq!(outcome.lines[0].fields(), [text("1"), text("2"), text("3")]);
    assert_eq!(outcome.lines[1].at, at(2, 3, 12));
    assert_eq!(
        outcome.lines[1].fields(),
        [text("4"), Field::Absent, text("6")]
    );
    assert_eq!(outcome.end, at(3, 4, 17));
}

#[test]
fn a_byte_order_mark_counts_but_is_not_part_of_the_header() {
    let outcome = csv(&abc("reject"), "\u{FEFF}a,b,c\n1,2,3\n");
    assert_eq!(outcome.header.as_deref(), Some(&b"a,b,c"[..]));
    assert_eq!(outcome.lines[0].at, at(1, 2, 9));
}

#[test]
fn line_ends_may_be_mixed() {
    let outcome = csv(&abc("reject"), "a,b,c\r\n1,2,3\r\n4,5,\n7,8,\r\n");
    assert_eq!(outcome.header.as_deref(), Some(&b"a,b,c"[..]));
    assert_eq!(outcome.lines[0].raw, b"1,2,3");
    assert_eq!(outcome.lines[1].at, at(2, 3, 14));
    assert_eq!(outcome.lines[2].at, at(3, 4, 19));
    assert_eq!(
        outcome.lines[2].fields(),
        [text("7"), text("8"), Field::Absent]
    );
}

#[test]
fn the_last_line_end_may_be_missing() {
    let outcome = csv(&abc("reject"), "a,b,c\n1,2,3\n4,5,6");
    assert_eq!(outcome.lines[1].fields(), [text("4"), text("5"), text("6")]);
    assert_eq!(outcome.end, at(3, 4, 17));
}

#[test]
fn quoted_fields_hold_commas_quotes_and_newlines() {
    let outcome = csv(
        &abc("reject"),
        "a,b,c\n\"1,\"\"x\"\"\",\"two\r\nlines\n\",\"\"\r\n4,5,6\n",
    );
    assert_eq!(
        outcome.lines[0].raw,
        b"\"1,\"\"x\"\"\",\"two\r\nlines\n\",\"\""
    );
    assert_eq!(
        outcome.lines[0].fields(),
        [text("1,\"x\""), text("two\r\nlines\n"), Field::Absent]
    );
    assert_eq!(outcome.lines[1].at, at(2, 5, 34));
    assert_eq!(outcome.lines[1].fields(), [text("4"), text("5"), text("6")]);
}

#[test]
fn a_field_of_doubled_quotes_only_is_those_quotes() {
    let outcome = csv(&abc("reject"), "a,b,c\n\"\"\"\",\"\"\"\"\"\",x\n");
    assert_eq!(
        outcome.lines[0].fields(),
        [text("\""), text("\"\""), text("x")]
    );
}

#[test]
fn fields_are_given_in_the_order_of_the_contract() {
    let outcome = csv(&abc("reject"), "c,a,bee\n3,1,2\n");
    assert_eq!(outcome.lines[0].fields(), [text("1"), text("2"), text("3")]);
}

#[test]
fn a_column_that_is_not_required_may_be_missing_from_the_file() {
    let outcome = csv(&abc("reject"), "a\n1\n2\n");
    assert_eq!(
        outcome.lines[1].fields(),
        [text("2"), Field::Absent, Field::Absent]
    );
}

#[test]
fn unknown_columns_are_passed_over_where_the_contract_ignores_them() {
    let outcome = csv(&abc("ignore"), "x,a,y,b\nx,1,\"y,\",2\n");
    assert_eq!(
        outcome.lines[0].fields(),
        [text("1"), text("2"), Field::Absent]
    );
}

#[test]
fn short_and_long_records_are_errors_and_hide_no_others() {
    let outcome = csv(&abc("reject"), "a,b,c\n1,2\n1,2,3,4\n1,2,3\n,\n");
    let rules: Vec<_> = outcome
        .lines
        .iter()
        .map(|line| line.what.as_ref().err().map(|bad| bad.rule))
        .collect();
    assert_eq!(
        rules,
        [
            Some(Rule::Columns),
            Some(Rule::Columns),
            None,
            Some(Rule::Columns)
        ]
    );
    assert_eq!(
        outcome.lines[0].bad().message,
        "the record has 2 fields; the header has 3"
    );
    assert_eq!(outcome.lines[0].bad().column, None);
    assert_eq!(outcome.lines[1].raw, b"1,2,3,4");
    assert_eq!(outcome.lines[3].at, at(4, 5, 24));
}

#[test]
fn a_blank_line_is_an_error_even_where_one_column_is_expected() {
    for file in ["a\n1\n\n2\n", "a\r\n1\r\n\r\n2\r\n"] {
        let outcome = csv(&abc("reject"), file);
        assert_eq!(outcome.lines.len(), 3, "{file:?}");
        assert_eq!(outcome.lines[1].bad().rule, Rule::Columns);
        assert_eq!(outcome.lines[1].at.line, 3);
    }
}

#[test]
fn a_bare_quote_is_an_error_of_its_column_and_hides_no_others() {
    let outcome = csv(&abc("reject"), "a,b,c\n1,2\"\",3\n1,\"2\"x,3\n1,2,3\n");
    let (bare, after) = (outcome.lines[0].bad(), outcome.lines[1].bad());
    assert_eq!(
        (bare.rule, bare.column, bare.value.as_deref()),
        (Rule::Quote, Some(1), Some(&b"2\"\""[..]))
    );
    assert_eq!(
        (after.rule, after.column, after.value.as_deref()),
        (Rule::Quote, Some(1), Some(&b"\"2\"x"[..]))
    );
    assert_eq!(outcome.lines[2].fields(), [text("1"), text("2"), text("3")]);
    assert_eq!(outcome.lines[2].at, at(3, 4, 23));
}

#[test]
fn a_quote_that_never_closes_is_told_at_the_record_that_opened_it() {
    let outcome = csv(&abc("reject"), "a,b,c\n1,2,3\n4,\"5,6\n7,8,9\n");
    assert_eq!(outcome.lines.len(), 2);
    let bad = outcome.lines[1].bad();
    assert_eq!((bad.rule, bad.column), (Rule::Quote, Some(1)));
    assert!(bad.message.contains("never closed"), "{}", bad.message);
    assert_eq!(outcome.lines[1].at, at(2, 3, 12));
    assert_eq!(outcome.end, at(3, 5, 25));
}

#[test]
fn a_file_cut_inside_its_last_quoted_field_is_an_error() {
    let outcome = csv(&abc("reject"), "a,b,c\n1,2,3\n4,5,\"six");
    assert_eq!(outcome.lines[1].bad().rule, Rule::Quote);
    assert_eq!(outcome.lines[1].bad().column, Some(2));
}

#[test]
fn an_unbalanced_quote_swallows_no_row_without_an_error() {
    let outcome = csv(&abc("reject"), "a,b,c\n1,2,\"3\n4,5,6\n7,8,\"9\"\n");
    assert!(outcome.lines.iter().any(|line| line.what.is_err()));
    assert_eq!(outcome.lines[0].at, at(1, 2, 6));
}

#[test]
fn a_carriage_return_alone_is_an_error_outside_quotes_only() {
    let outcome = csv(&abc("reject"), "a,b,c\n1,\r2,3\n1,2,3\r\r\n1,2,3\r");
    let columns: Vec<_> = outcome
        .lines
        .iter()
        .map(|line| (line.bad().rule, line.bad().column))
        .collect();
    assert_eq!(
        columns,
        [
            (Rule::Quote, Some(1)),
            (Rule::Quote, Some(2)),
            (Rule::Quote, Some(2))
        ]
    );
    let outcome = csv(&abc("reject"), "a,b,c\n1,\"\r2\",3\n");
    assert_eq!(outcome.lines[0].fields()[1], text("\r2"));
}

#[test]
fn bytes_are_handed_over_as_they_are_for_the_column_to_judge() {
    let contract = abc("reject");
    let outcome = csv(&contract, b"a,b,c\nK\xF6ln,N\0L,3\n");
    assert_eq!(
        outcome.lines[0].fields()[0],
        Field::Text(b"K\xF6ln".to_vec())
    );
    let check = |column: usize, bytes| {
        contract.columns[column]
            .check(reader::Raw::Text(bytes))
            .map_err(|v| v.rule)
    };
    assert_eq!(check(0, b"K\xF6ln"), Err(Rule::Encoding));
    assert_eq!(check(1, b"N\0L"), Err(Rule::Nul));
}

#[test]
fn five_hundred_bad_rows_of_many_kinds_are_all_told_in_order() {
    let kinds = [
        "1,2",
        "1,2,3,4",
        "1,2\"x,3",
        "\"1\"x,2,3",
        "1,\r2,3",
        "",
        "\"1\n\",2",
        "1,,,",
        "1,\"2\"\"\"3,",
        "x",
    ];
    let mut file = b"a,b,c\r\n".to_vec();
    let mut expected = Vec::new();
    for row in 0..2_000_u64 {
        if row % 4 == 1 {
            let kind = kinds[(row / 4 % 10) as usize];
            let line = file.split(|byte| *byte == b'\n').count() as u64;
            expected.push((
                at(row + 1, line, file.len() as u64),
                kind.as_bytes().to_vec(),
            ));
            file.extend_from_slice(kind.as_bytes());
        } else {
            file.extend_from_slice(b"1,\"two\n2\",3");
        }
        file.extend_from_slice(if row % 3 == 0 { b"\n" } else { b"\r\n" });
    }
    let outcome = csv(&abc("reject"), file);
    assert_eq!(outcome.lines.len(), 2_000);
    let bad: Vec<_> = outcome
        .lines
        .into_iter()
        .filter(|line| line.what.is_err())
        .map(|line| (line.at, line.raw))
        .collect();
    assert_eq!(bad.len(), 500);
    assert_eq!(bad, expected);
}
