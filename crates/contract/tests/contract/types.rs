//! What a value of each type may be.

use contract::{Decimal, Raw, Rule, Value};

use crate::{column, csv, message};

#[test]
fn an_integer_is_digits_and_nothing_else() {
    let column = column("type = \"integer\"");
    assert_eq!(csv(&column, "1250"), Ok(Value::Int(1250)));
    assert_eq!(csv(&column, "-7"), Ok(Value::Int(-7)));
    assert_eq!(csv(&column, "-0"), Ok(Value::Int(0)));
    assert_eq!(csv(&column, "007"), Ok(Value::Int(7)));
    assert_eq!(
        csv(&column, "00000000000000000000000000000007"),
        Ok(Value::Int(7))
    );
    for wrong in [
        "1e5", "1.0", "+1", " 1", "1 ", "1_000", "1,000", "-", "--1", "0x1f", "١", "1\n", "NaN",
    ] {
        assert_eq!(csv(&column, wrong), Err(Rule::Type), "{wrong:?}");
    }
}

#[test]
fn whole_numbers_end_where_their_type_ends() {
    let integer = column("type = \"integer\"");
    assert_eq!(csv(&integer, "2147483647"), Ok(Value::Int(i32::MAX)));
    assert_eq!(csv(&integer, "-2147483648"), Ok(Value::Int(i32::MIN)));
    assert_eq!(csv(&integer, "2147483648"), Err(Rule::Type));
    assert_eq!(csv(&integer, "99999999999999999999999"), Err(Rule::Type));
    assert!(message(&integer, Raw::Text(b"-2147483649")).contains("outside the range of integer"));
    assert!(
        message(&integer, Raw::Text(b"99999999999999999999"))
            .contains("outside the range of integer")
    );
    let bigint = column("type = \"bigint\"");
    assert_eq!(
        csv(&bigint, "9223372036854775807"),
        Ok(Value::BigInt(i64::MAX))
    );
    assert_eq!(
        csv(&bigint, "-9223372036854775808"),
        Ok(Value::BigInt(i64::MIN))
    );
    assert_eq!(csv(&bigint, "9223372036854775808"), Err(Rule::Type));
    assert_eq!(csv(&bigint, "-9223372036854775809"), Err(Rule::Type));
}

#[test]
fn a_decimal_has_the_scale_of_its_column() {
    let column = column("type = \"decimal(5,2)\"");
    let decimal = |negative, digits| {
        Ok(Value::Decimal(Decimal {
            negative,
            digits,
            scale: 2,
        }))
    };
    let scale = |value: Result<Value<'_>, Rule>| match value {
        Ok(Value::Decimal(value)) => (value.digits, value.scale),
        other => panic!("{other:?}"),
    };
    assert_eq!(csv(&column, "1.5"), decimal(false, 150));
    assert_eq!(scale(csv(&column, "1.5")), (150, 2));
    assert_eq!(scale(csv(&column, "12")), (1200, 2));
    assert_eq!(csv(&column, "-999.99"), decimal(true, 99999));
    assert_eq!(csv(&column, "000999.99"), decimal(false, 99999));
    assert_eq!(csv(&column, "-0.00"), decimal(false, 0));
    for wrong in [
        "1000", "1.234", "1.500", ".5", "5.", "1e2", "+1", "1,5", "", "-", ".", "1.2.3", "1.-2",
    ] {
        if !wrong.is_empty() {
            assert_eq!(csv(&column, wrong), Err(Rule::Type), "{wrong:?}");
        }
    }
    assert!(message(&column, Raw::Text(b"1000")).contains("more than 3 digits before the point"));
    assert!(message(&column, Raw::Text(b"0.001")).contains("more than 2 digits after the point"));
}

#[test]
fn the_largest_decimal_fits() {
    let column = column("type = \"decimal(38,0)\"");
    let nines = "9".repeat(38);
    assert_eq!(csv(&column, &nines).unwrap().to_string(), nines);
    assert_eq!(csv(&column, &"9".repeat(39)), Err(Rule::Type));
}

#[test]
fn a_double_is_finite_and_not_rounded_to_zero() {
    let column = column("type = \"double\"");
    assert_eq!(csv(&column, "1250.75"), Ok(Value::Double(1250.75)));
    assert_eq!(csv(&column, "-1.25e3"), Ok(Value::Double(-1250.0)));
    assert_eq!(csv(&column, "1E+2"), Ok(Value::Double(100.0)));
    assert_eq!(csv(&column, "0e999"), Ok(Value::Double(0.0)));
    for wrong in [
        "inf", "NaN", "Infinity", "1e999", "1e-999", ".5", "5.", "1e", "e5", "+1", "1e5.5", "0x10",
    ] {
        assert_eq!(csv(&column, wrong), Err(Rule::Type), "{wrong:?}");
    }
}

#[test]
fn a_boolean_is_one_of_six_words() {
    let column = column("type = \"boolean\"");
    for word in ["true", "t", "1"] {
        assert_eq!(csv(&column, word), Ok(Value::Bool(true)));
    }
    for word in ["false", "f", "0"] {
        assert_eq!(csv(&column, word), Ok(Value::Bool(false)));
    }
    for wrong in ["TRUE", "yes", "no", "on", "2", "wahr"] {
        assert_eq!(csv(&column, wrong), Err(Rule::Type), "{wrong:?}");
    }
}

#[test]
fn a_date_is_a_day_that_exists() {
    let column = column("type = \"date\"");
    assert_eq!(csv(&column, "1970-01-01"), Ok(Value::Date(0)));
    assert_eq!(csv(&column, "2024-02-29"), Ok(Value::Date(19_782)));
    assert_eq!(
        csv(&column, "2000-02-29").unwrap().to_string(),
        "2000-02-29"
    );
    for wrong in [
        "2023-02-29",
        "1900-02-29",
        "2021-04-31",
        "2021-13-01",
        "2021-00-01",
        "2021-01-00",
        "0000-01-01",
    ] {
        assert_eq!(csv(&column, wrong), Err(Rule::Type), "{wrong:?}");
        assert_eq!(
            message(&column, Raw::Text(wrong.as_bytes())),
            "names a day that does not exist"
        );
    }
    for wrong in [
        "2021-1-1",
        "20210101",
        "01.01.2021",
        "2021/01/01",
        "2021-01-01T00:00:00Z",
        "today",
        "-001-01-01",
    ] {
        assert_eq!(csv(&column, wrong), Err(Rule::Type), "{wrong:?}");
        assert!(
            message(&column, Raw::Text(wrong.as_bytes())).contains("write year, month and day")
        );
    }
}

#[test]
fn a_date_in_a_format_of_its_own_is_written_exactly_so() {
    let german = column("type = \"date\"\nformat = \"%d.%m.%Y\"");
    assert_eq!(
        csv(&german, "31.01.2021").unwrap().to_string(),
        "2021-01-31"
    );
    for wrong in [
        "2021-01-31",
        "31.1.2021",
        "31.02.2021",
        "31.01.21",
        " 31.01.2021",
        "31.01.2021 ",
        "+31.01.2021",
        "01.01.-2021",
    ] {
        assert_eq!(csv(&german, wrong), Err(Rule::Type), "{wrong:?}");
    }
    assert!(message(&german, Raw::Text(b"x")).contains("such as 31.01.2021"));
    let named = column("type = \"date\"\nformat = \"%-d %b %Y\"");
    assert_eq!(csv(&named, "4 Feb 2021").unwrap().to_string(), "2021-02-04");
    assert_eq!(csv(&named, "04 Feb 2021"), Err(Rule::Type));
    assert_eq!(csv(&named, "4  Feb 2021"), Err(Rule::Type));
}

#[test]
fn a_timestamp_has_an_offset_and_at_most_microseconds() {
    let column = column("type = \"timestamp\"");
    assert_eq!(
        csv(&column, "1970-01-01T00:00:00Z"),
        Ok(Value::Timestamp(0))
    );
    assert_eq!(
        csv(&column, "1970-01-01T02:00:00.5+02:00"),
        Ok(Value::Timestamp(500_000))
    );
    assert_eq!(
        csv(&column, "1969-12-31t23:59:59.999999z"),
        Ok(Value::Timestamp(-1))
    );
    assert_eq!(
        csv(&column, "2021-01-31T10:00:00.25-03:30")
            .unwrap()
            .to_string(),
        "2021-01-31T13:30:00.25Z"
    );
    for wrong in [
        "2021-01-31T10:00:00",
        "2021-01-31 10:00:00Z",
        "2021-01-31T10:00Z",
        "2021-01-31T24:00:00Z",
        "2021-01-31T23:59:60Z",
        "2021-01-31T10:60:00Z",
        "2021-02-30T10:00:00Z",
        "2021-01-31T10:00:00.Z",
        "2021-01-31T10:00:00.1234567Z",
        "2021-01-31T10:00:00+0200",
        "2021-01-31T10:00:00+24:00",
        "2021-01-31T10:00:00Zulu",
        "2021-01-31",
    ] {
        assert_eq!(csv(&column, wrong), Err(Rule::Type), "{wrong:?}");
    }
    assert!(message(&column, Raw::Text(b"2021-01-31T10:00:00")).contains("no offset from UTC"));
}

#[test]
fn a_uuid_has_hyphens() {
    let column = column("type = \"uuid\"");
    let text = "67e55044-10B1-426f-9247-bb680e5fe0c8";
    assert_eq!(csv(&column, text).unwrap().to_string(), text.to_lowercase());
    for wrong in [
        "67e5504410b1426f9247bb680e5fe0c8",
        "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
        "67e55044-10b1-426f-9247-bb680e5fe0cg",
    ] {
        assert_eq!(csv(&column, wrong), Err(Rule::Type), "{wrong:?}");
    }
}

#[test]
fn json_is_what_the_database_takes() {
    let column = column("type = \"json\"");
    for good in [
        r#"{"a":[1,-2.5e3,true,null,"\ud83d\ude00\n"]}"#,
        "[]",
        " { } ",
        r#"{"a":{}}"#,
        "[0.5,0]",
    ] {
        assert_eq!(csv(&column, good), Ok(Value::Json(good)));
        assert_eq!(column.check(Raw::Compound(good)), Ok(Value::Json(good)));
    }
    for wrong in [
        "{",
        "[1,]",
        "{\"a\"}",
        "{a:1}",
        "[01]",
        "[.5]",
        "[1.]",
        "[+1]",
        "[1e]",
        "['a']",
        "[\"\u{1}\"]",
        "[]]",
        "[tru]",
        "\"a\"",
        "1",
        "null",
        r#"["\x"]"#,
        "[1e200000]",
        "[1e-20000]",
        "[1e99999999999999999999]",
    ] {
        assert_eq!(csv(&column, wrong), Err(Rule::Type), "{wrong:?}");
    }
    assert_eq!(csv(&column, r#"["\u0000"]"#), Err(Rule::Nul));
    assert_eq!(csv(&column, r#"["\ud83d"]"#), Err(Rule::Encoding));
    assert_eq!(csv(&column, r#"["\ude00"]"#), Err(Rule::Encoding));
    assert!(csv(&column, &format!("{}{}", "[".repeat(64), "]".repeat(64))).is_ok());
    assert_eq!(csv(&column, &"[".repeat(65)), Err(Rule::Type));
    assert_eq!(csv(&column, &"[".repeat(1_000_000)), Err(Rule::Type));
}

#[test]
fn text_is_utf_8_without_nul() {
    let column = column("type = \"text\"");
    assert_eq!(
        csv(&column, "Tallinn, Ülemiste"),
        Ok(Value::Text("Tallinn, Ülemiste"))
    );
    assert_eq!(csv(&column, "  "), Ok(Value::Text("  ")));
    assert_eq!(csv(&column, "a\0b"), Err(Rule::Nul));
    assert_eq!(
        column.check(Raw::String("a\0b")).unwrap_err().rule,
        Rule::Nul
    );
    assert_eq!(
        column.check(Raw::Text(b"M\xfcnchen")).unwrap_err().rule,
        Rule::Encoding
    );
}

#[test]
fn bytes_that_are_no_text_are_told_as_such_in_every_column() {
    for ty in [
        "text",
        "integer",
        "bigint",
        "decimal(5,2)",
        "double",
        "boolean",
        "date",
        "timestamp",
        "uuid",
        "json",
    ] {
        let column = column(&format!("type = \"{ty}\""));
        assert_eq!(
            column.check(Raw::Text(b"12\xff")).unwrap_err().rule,
            Rule::Encoding,
            "{ty}"
        );
        assert_eq!(
            column.check(Raw::Text(b"12\0")).unwrap_err().rule,
            Rule::Nul,
            "{ty}"
        );
    }
}
