//! JSON Lines records: what is taken as it is, and what is refused, where.

use reader::{Format, Limits, Rule};

use crate::support::{Field, Line, Pieces, abc, at, jsonl, read, text};

fn one(line: &str) -> Line {
    let mut outcome = jsonl(&abc("reject"), line);
    assert_eq!(outcome.lines.len(), 1, "{line}");
    outcome.lines.remove(0)
}

fn rule(line: &str) -> (Rule, Option<usize>) {
    let line = one(line);
    (line.bad().rule, line.bad().column)
}

#[test]
fn a_line_is_an_object_with_its_values_as_they_are_written() {
    let line = one(r#"{ "c": {"x": [1, "]"]}, "bee": 1.50e2, "a": "t\u00e9\n" }"#);
    let fields = [
        text("té\n"),
        Field::Number("1.50e2".into()),
        Field::Compound(r#"{"x": [1, "]"]}"#.into()),
    ];
    assert_eq!(line.fields(), fields);
    assert_eq!(
        one(r#"{"a":"","b":null,"c":true}"#).fields(),
        [text(""), Field::Absent, Field::Bool(true)]
    );
    assert_eq!(
        one("{}").fields(),
        [Field::Absent, Field::Absent, Field::Absent]
    );
}

#[test]
fn a_value_of_one_line_is_not_left_over_for_the_next() {
    let outcome = jsonl(&abc("reject"), "{\"a\":\"1\",\"b\":2}\n{\"a\":\"3\"}\n");
    assert_eq!(
        outcome.lines[1].fields(),
        [text("3"), Field::Absent, Field::Absent]
    );
}

#[test]
fn numbers_keep_every_digit() {
    let digits = "123456789012345678901234567890.123456789012345678901234567890";
    assert_eq!(
        one(&format!("{{\"a\":{digits}}}")).fields()[0],
        Field::Number(digits.into())
    );
    assert_eq!(
        one(r#"{"a":1e999}"#).fields()[0],
        Field::Number("1e999".into())
    );
}

#[test]
fn positions_hold_with_a_mark_mixed_line_ends_and_none_at_the_end() {
    let outcome = jsonl(&abc("reject"), "\u{FEFF}{\"a\":1}\r\n{\"a\":2}\n{\"a\":3}");
    let places: Vec<_> = outcome.lines.iter().map(|line| line.at).collect();
    assert_eq!(places, [at(1, 1, 3), at(2, 2, 12), at(3, 3, 20)]);
    assert_eq!(outcome.lines[0].raw, b"{\"a\":1}");
    assert_eq!(outcome.end, at(4, 4, 27));
}

#[test]
fn a_broken_line_is_an_error_of_that_line_only() {
    let outcome = jsonl(&abc("reject"), "{\"a\":1\n{\"a\":2}\n{\"a\":tru}\n{\"a\":3");
    let bad: Vec<_> = outcome
        .lines
        .iter()
        .map(|line| line.what.as_ref().err().map(|bad| bad.rule))
        .collect();
    assert_eq!(
        bad,
        [
            Some(Rule::Syntax),
            None,
            Some(Rule::Syntax),
            Some(Rule::Syntax)
        ]
    );
    assert_eq!(outcome.lines[3].at, at(4, 4, 25));
    assert_eq!(outcome.lines[3].raw, b"{\"a\":3");
}

#[test]
fn a_line_that_is_no_object_is_an_error() {
    for line in [
        "[1]",
        "1",
        "\"a\"",
        "null",
        "{\"a\":1} {\"a\":2}",
        "{\"a\":1},",
        "  \n",
        "\n",
        "{\"a\":01}",
        "{'a':1}",
    ] {
        assert_eq!(rule(line).0, Rule::Syntax, "{line:?}");
    }
}

#[test]
fn a_key_twice_is_an_error_of_its_column() {
    assert_eq!(
        rule(r#"{"a":"1","b":2,"a":"1"}"#),
        (Rule::DuplicateColumn, Some(0))
    );
    assert_eq!(
        rule(r#"{"a":"1","b":2,"bee":2}"#),
        (Rule::DuplicateColumn, Some(1))
    );
    assert_eq!(
        rule(r#"{"a":"1","\u0061":"2"}"#),
        (Rule::DuplicateColumn, Some(0))
    );
    assert_eq!(
        rule(r#"{"a":null,"a":1}"#),
        (Rule::DuplicateColumn, Some(0))
    );
}

#[test]
fn an_unknown_key_is_an_error_unless_ignored() {
    let line = one(r#"{"a":"1","x":2}"#);
    assert_eq!(
        (line.bad().rule, line.bad().column),
        (Rule::UnknownColumn, None)
    );
    assert_eq!(
        line.bad().message,
        "the dataset has no column \"x\": it has a, b, c"
    );
    let outcome = jsonl(&abc("ignore"), r#"{"x":[[[[]]]],"a":"1","x":3}"#);
    assert_eq!(outcome.lines[0].fields()[0], text("1"));
}

#[test]
fn nesting_has_a_limit_and_takes_no_stack() {
    let nested = |depth: usize| format!("{{\"c\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(one(&nested(64)).what.is_ok());
    assert_eq!(rule(&nested(65)), (Rule::Syntax, Some(2)));
    assert_eq!(rule(&nested(400_000)), (Rule::Syntax, Some(2)));
    assert_eq!(rule(&"[".repeat(900_000)).0, Rule::Syntax);
    assert_eq!(rule(&"{\"c\":".repeat(150_000)).0, Rule::Syntax);
    assert!(
        one(r#"{"c":["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[["]}"#)
            .what
            .is_ok()
    );
}

#[test]
fn escapes_must_mean_something() {
    assert_eq!(rule(r#"{"a":"\ud800"}"#), (Rule::Syntax, Some(0)));
    assert_eq!(rule(r#"{"a":"\x"}"#).0, Rule::Syntax);
    assert_eq!(one(r#"{"a":"\ud83d\ude00"}"#).fields()[0], text("😀"));
    assert_eq!(one(r#"{"a":"\u0000"}"#).fields()[0], text("\0"));
    assert_eq!(rule("{\"a\":\"tab\there\"}").0, Rule::Syntax);
}

#[test]
fn latin_1_is_an_error_of_its_column() {
    let outcome = jsonl(
        &abc("reject"),
        b"{\"a\":\"1\",\"b\":\"K\xF6ln\"}\n{\"a\":\"2\"}\n{\"K\xF6\":1}\n",
    );
    let bad = outcome.lines[0].bad();
    assert_eq!((bad.rule, bad.column), (Rule::Encoding, Some(1)));
    assert!(outcome.lines[1].what.is_ok());
    assert_eq!(
        (outcome.lines[2].bad().rule, outcome.lines[2].bad().column),
        (Rule::Encoding, None)
    );
}

#[test]
fn a_line_that_is_too_long_is_an_error_and_is_read_over() {
    let limits = Limits {
        record_bytes: 50,
        block_bytes: 16,
        ..Limits::default()
    };
    let bytes = format!(
        "{{\"a\":1}}\n{{\"a\":\"{}\"}}\n{{\"a\":2}}\n",
        "x".repeat(10_000)
    );
    let content = Pieces::new(bytes.as_bytes(), 9);
    let outcome = read(
        Format::JsonLines,
        &abc("reject"),
        Box::new(content),
        &limits,
    );
    assert_eq!(outcome.lines[1].bad().rule, Rule::RecordSize);
    assert_eq!(outcome.lines[1].raw.len(), 50);
    assert_eq!(outcome.lines[2].at, at(3, 3, 10_017));
    assert!(outcome.lines[2].what.is_ok());
}
