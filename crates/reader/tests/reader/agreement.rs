//! Splitting and parsing never disagree: whatever the bytes, the block size and the pieces that content arrives in,
//! the records, positions and faults are those of a reader that takes one byte after the other.

use crate::support::{Field, Line, Outcome, Pieces, abc, read};
use proptest::collection::vec;
use proptest::prelude::*;
use reader::{Format, Limits, Position, Rule};

/// What RFC 4180 says, one byte at a time. It knows nothing of blocks.
fn model(
    bytes: &[u8],
    record_bytes: usize,
    at: Position,
) -> Vec<(Position, Result<Vec<Field>, Rule>)> {
    let mut records = Vec::new();
    let mut next = at;
    let mut from = 0;
    while from < bytes.len() {
        let start = next;
        let (mut fields, mut field) = (Vec::new(), Vec::new());
        let (mut flawed, mut quoted, mut closing, mut first, mut blank) =
            (false, false, false, true, true);
        let mut to = from;
        let mut ended = false;
        while to < bytes.len() && !ended {
            let byte = bytes[to];
            let line_end = byte == b'\n' || bytes[to..].starts_with(b"\r\n");
            blank &= line_end;
            if quoted && byte == b'"' && bytes.get(to + 1) == Some(&b'"') {
                field.push(b'"');
                to += 1;
            } else if quoted && byte == b'"' {
                (quoted, closing) = (false, true);
            } else if quoted {
                next.line += u64::from(byte == b'\n');
                field.push(byte);
            } else if byte == b'\n' {
                ended = true;
            } else if byte == b',' {
                fields.push(std::mem::take(&mut field));
                (closing, first) = (false, true);
                to += 1;
                continue;
            } else if line_end {
                // The carriage return of a line end.
            } else if byte == b'"' && first {
                quoted = true;
            } else {
                flawed |= closing || byte == b'"' || byte == b'\r';
                field.push(byte);
            }
            first = false;
            to += 1;
        }
        fields.push(field);
        let length = to - from - usize::from(ended);
        let rule = if quoted {
            Some(Rule::Quote)
        } else if length > record_bytes {
            Some(Rule::RecordSize)
        } else if flawed {
            Some(Rule::Quote)
        } else if blank || fields.len() != 3 {
            Some(Rule::Columns)
        } else {
            None
        };
        let value = |field: Vec<u8>| {
            if field.is_empty() {
                Field::Absent
            } else {
                Field::Text(field)
            }
        };
        records.push((
            start,
            rule.map_or_else(|| Ok(fields.into_iter().map(value).collect()), Err),
        ));
        next.record += 1;
        next.line += 1;
        next.byte += (to - from) as u64;
        from = to;
    }
    records
}

/// Bytes among which those that mean something are common.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => Just(b'"'),
        4 => Just(b','),
        3 => Just(b'\n'),
        2 => Just(b'\r'),
        4 => Just(b'x'),
        1 => any::<u8>(),
    ];
    vec(byte, 0..200)
}

/// Rows that are mostly right.
fn rows() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        6 => "[a-z]{0,9}",
        2 => "\"([a-z,\n\r]|\"\"){0,9}\"",
        1 => "[a-z\"\r]{0,9}",
    ];
    let row = (vec(field, 1..5), prop_oneof![Just("\n"), Just("\r\n")])
        .prop_map(|(fields, end)| fields.join(",") + end);
    let usual =
        ("[a-z]{0,40},[a-z]{0,9},\"?[a-z]{0,9}\"?", Just("\n")).prop_map(|(row, end)| row + end);
    vec(prop_oneof![row, usual], 0..30).prop_map(|rows| rows.concat().into_bytes())
}

/// Lines that are JSON objects, or nearly.
fn objects() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        3 => r#"\{"a":"([a-z]|\\\\|\\n){0,9}","b":[0-9]{1,9},"c":\{"x":\[1,2\]\}\}"#,
        1 => r#"[{}":,a-c\[\]0-9\\ ]{0,30}"#,
        1 => r#"\{"[ab]":"[a-zé]{0,9}","[abx]":(null|true|1e5)\}\r?"#,
    ];
    vec(line, 0..20).prop_map(|lines| lines.join("\n").into_bytes())
}

fn outcome(
    format: Format,
    bytes: &[u8],
    block: usize,
    piece: usize,
    record_bytes: usize,
) -> Outcome {
    let limits = Limits {
        block_bytes: block,
        record_bytes,
        depth: 2,
        ..Limits::default()
    };
    let mut outcome = read(
        format,
        &abc("reject"),
        Box::new(Pieces::new(bytes, piece)),
        &limits,
    );
    assert!(
        outcome.most_bytes <= (record_bytes + block).max(1024) + block,
        "a block holds no more than it must"
    );
    outcome.most_bytes = 0;
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_the_records_that_the_definition_says(
        bytes in prop_oneof![hostile(), rows()],
        mark in any::<bool>(),
        block in prop_oneof![1..80_usize, Just(1 << 18)],
        piece in prop_oneof![1..20_usize, Just(usize::MAX)],
        record_bytes in prop_oneof![6..40_usize, Just(1 << 20)],
    ) {
        let mut file = if mark { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
        file.extend_from_slice(b"a,b,c\n");
        let start = Position { record: 1, line: 2, byte: file.len() as u64 };
        file.extend_from_slice(&bytes);
        let expected = model(&bytes, record_bytes, start);
        let got = outcome(Format::Csv, &file, block, piece, record_bytes);
        prop_assert_eq!(&got.fault, &None);
        let told: Vec<_> = got
            .lines
            .iter()
            .map(|line| (line.at, line.what.clone().map_err(|bad| bad.rule)))
            .collect();
        prop_assert_eq!(told, expected);
        prop_assert_eq!(got.end.byte, file.len() as u64);

        // Every byte belongs to exactly one record or line end.
        let whole = |line: &&Line| line.what.is_ok();
        for line in got.lines.iter().filter(whole) {
            let from = line.at.byte as usize;
            prop_assert_eq!(&file[from..from + line.raw.len()], &line.raw[..]);
        }
    }

    #[test]
    fn nothing_depends_on_how_csv_is_cut_or_arrives(
        bytes in prop_oneof![hostile(), rows()],
        block in 1..80_usize,
        piece in 1..20_usize,
        record_bytes in prop_oneof![6..40_usize, Just(1 << 20)],
    ) {
        let file = [b"a,b,c\r\n", &bytes[..]].concat();
        let whole = outcome(Format::Csv, &file, 1 << 18, usize::MAX, record_bytes);
        prop_assert_eq!(outcome(Format::Csv, &file, block, piece, record_bytes), whole);
    }

    #[test]
    fn nothing_depends_on_how_json_lines_are_cut_or_arrive(
        bytes in prop_oneof![hostile(), objects()],
        block in 1..80_usize,
        piece in 1..20_usize,
        record_bytes in prop_oneof![6..40_usize, Just(1 << 20)],
    ) {
        let whole = outcome(Format::JsonLines, &bytes, 1 << 18, usize::MAX, record_bytes);
        prop_assert_eq!(outcome(Format::JsonLines, &bytes, block, piece, record_bytes), whole);
    }

    #[test]
    fn any_header_is_matched_or_refused(
        bytes in hostile(), block in 1..80_usize, piece in 1..20_usize,
    ) {
        let whole = outcome(Format::Csv, &bytes, 1 << 18, usize::MAX, 60);
        prop_assert_eq!(outcome(Format::Csv, &bytes, block, piece, 60), whole);
    }
}
