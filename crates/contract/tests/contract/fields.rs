//! What a field may be whatever its type: its rules, an empty one, white space, JSON's kinds.

use contract::{Raw, Rule, Value};

use crate::{column, csv, message};

#[test]
fn a_length_counts_characters() {
    let column = column("type = \"text\"\nmax_length = 3");
    assert_eq!(csv(&column, "äöü"), Ok(Value::Text("äöü")));
    assert_eq!(csv(&column, "äöüß"), Err(Rule::MaxLength));
    assert_eq!(
        message(&column, Raw::Text(b"abcde")),
        "has 5 characters, 2 more than the 3 allowed"
    );
}

#[test]
fn a_pattern_must_match_the_whole_text() {
    let column = column("type = \"text\"\npattern = \"[A-Z]{2}|x\"");
    assert_eq!(csv(&column, "AB"), Ok(Value::Text("AB")));
    for wrong in ["ABC", "AB\n", "zAB", "xx"] {
        assert_eq!(csv(&column, wrong), Err(Rule::Pattern), "{wrong:?}");
    }
}

#[test]
fn bounds_are_inclusive_and_typed() {
    let integer = column("type = \"integer\"\nmin = 1\nmax = 10");
    assert_eq!(csv(&integer, "1"), Ok(Value::Int(1)));
    assert_eq!(csv(&integer, "10"), Ok(Value::Int(10)));
    assert_eq!(csv(&integer, "0"), Err(Rule::Min));
    assert_eq!(csv(&integer, "11"), Err(Rule::Max));
    assert_eq!(
        message(&integer, Raw::Text(b"0")),
        "is below 1, the smallest value allowed"
    );
    let decimal = column("type = \"decimal(6,2)\"\nmin = \"0.05\"");
    assert!(csv(&decimal, "0.05").is_ok());
    assert_eq!(csv(&decimal, "0.04"), Err(Rule::Min));
    assert_eq!(csv(&decimal, "-1"), Err(Rule::Min));
    let date =
        column("type = \"date\"\nmin = 2021-01-01\nmax = \"2021-12-31\"\nformat = \"%d.%m.%Y\"");
    assert!(csv(&date, "01.01.2021").is_ok());
    assert_eq!(csv(&date, "31.12.2020"), Err(Rule::Min));
    assert_eq!(csv(&date, "01.01.2022"), Err(Rule::Max));
    let double = column("type = \"double\"\nmax = 1.5");
    assert_eq!(csv(&double, "1.51"), Err(Rule::Max));
    let timestamp = column("type = \"timestamp\"\nmin = 2021-01-01T00:00:00Z");
    assert_eq!(csv(&timestamp, "2021-01-01T00:00:00+00:01"), Err(Rule::Min));
}

#[test]
fn one_of_compares_values_and_not_their_spelling() {
    let text = column("type = \"text\"\none_of = [\"sea\", \"air\", \"rail\"]");
    assert_eq!(csv(&text, "air"), Ok(Value::Text("air")));
    assert_eq!(csv(&text, "Air"), Err(Rule::OneOf));
    assert_eq!(
        message(&text, Raw::Text(b"road")),
        "is none of the values allowed: sea, air, rail"
    );
    let decimal = column("type = \"decimal(4,2)\"\none_of = [\"7.5\", 19]");
    assert!(csv(&decimal, "7.50").is_ok());
    assert!(csv(&decimal, "019.00").is_ok());
    assert_eq!(csv(&decimal, "19.01"), Err(Rule::OneOf));
}

#[test]
fn an_empty_csv_field_is_absent() {
    assert_eq!(csv(&column("type = \"text\""), ""), Ok(Value::Null));
    assert_eq!(
        column("type = \"text\"").check(Raw::Absent),
        Ok(Value::Null)
    );
    assert_eq!(
        csv(&column("type = \"text\"\nrequired = true"), ""),
        Err(Rule::Required)
    );
    assert_eq!(
        csv(&column("type = \"integer\"\ndefault = 3"), ""),
        Ok(Value::Int(3))
    );
}

#[test]
fn an_empty_json_string_is_an_empty_text_and_no_date() {
    let text = column("type = \"text\"\nrequired = true");
    assert_eq!(text.check(Raw::String("")), Ok(Value::Text("")));
    assert_eq!(
        message(&column("type = \"date\""), Raw::String("")),
        "is empty, which is no date: write year, month and day, such as 2021-01-31"
    );
}

#[test]
fn trim_takes_white_space_off_before_anything_is_checked() {
    let column = column("type = \"integer\"\ntrim = true\nrequired = true");
    assert_eq!(csv(&column, " \t7\r\n"), Ok(Value::Int(7)));
    assert_eq!(csv(&column, "   "), Err(Rule::Required));
    assert_eq!(csv(&column, "7 7"), Err(Rule::Type));
}

#[test]
fn white_space_that_nobody_sees_is_pointed_out() {
    assert!(
        message(&column("type = \"integer\""), Raw::Text(b"7 ")).contains("white space around it")
    );
    assert!(
        message(
            &column("type = \"text\"\npattern = \"a\""),
            Raw::Text(b" a")
        )
        .contains("white space around it")
    );
}

#[test]
fn json_values_are_taken_only_where_their_kind_fits() {
    let fits = [
        ("text", "S"),
        ("integer", "N"),
        ("bigint", "N"),
        ("decimal(5,2)", "NS"),
        ("double", "N"),
        ("boolean", "B"),
        ("date", "S"),
        ("timestamp", "S"),
        ("uuid", "S"),
        ("json", "C"),
    ];
    for (ty, kinds) in fits {
        let column = column(&format!("type = \"{ty}\""));
        let refused = |raw| {
            column
                .check(raw)
                .is_err_and(|violation| violation.message.contains(", but type "))
        };
        assert_eq!(
            refused(Raw::Number("1")),
            !kinds.contains('N'),
            "{ty} number"
        );
        assert_eq!(
            refused(Raw::String("1")),
            !kinds.contains('S'),
            "{ty} string"
        );
        assert_eq!(
            refused(Raw::Bool(true)),
            !kinds.contains('B'),
            "{ty} boolean"
        );
        assert_eq!(
            refused(Raw::Compound("[]")),
            !kinds.contains('C'),
            "{ty} compound"
        );
    }
}

#[test]
fn json_numbers_are_as_strict_as_csv() {
    let integer = column("type = \"integer\"");
    assert_eq!(integer.check(Raw::Number("7")), Ok(Value::Int(7)));
    assert_eq!(
        integer.check(Raw::Number("7.0")).unwrap_err().rule,
        Rule::Type
    );
    assert_eq!(
        integer.check(Raw::Number("1e5")).unwrap_err().rule,
        Rule::Type
    );
}

#[test]
fn no_message_repeats_the_value() {
    for lines in [
        "type = \"text\"\nmax_length = 2",
        "type = \"text\"\npattern = \"x\"",
        "type = \"text\"\none_of = [\"x\"]",
        "type = \"integer\"",
        "type = \"decimal(5,2)\"",
        "type = \"double\"",
        "type = \"boolean\"",
        "type = \"date\"",
        "type = \"timestamp\"",
        "type = \"uuid\"",
        "type = \"json\"",
    ] {
        let told = message(&column(lines), Raw::Text(b"secret-value"));
        assert!(!told.contains("secret"), "{lines}: {told}");
    }
}
