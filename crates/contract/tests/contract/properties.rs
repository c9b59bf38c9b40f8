//! What holds for any input. Proptest prints the seed of what fails.

use contract::{Column, Contract, Decimal, Raw, Rule, Value};
use jiff::civil;
use proptest::prelude::*;

use crate::column;

const TYPES: &[&str] = &[
    "text",
    "integer",
    "bigint",
    "decimal(12,2)",
    "decimal(38,38)",
    "decimal(38,0)",
    "double",
    "boolean",
    "date",
    "timestamp",
    "uuid",
    "json",
];

/// A column of every type, plain and with every rule that the type can have.
fn columns() -> Vec<Column> {
    let mut columns: Vec<Column> = TYPES
        .iter()
        .map(|ty| column(&format!("type = \"{ty}\"")))
        .collect();
    columns.push(column("type = \"text\"\nmax_length = 3\npattern = \"[a-z]+(é|ü)?\"\none_of = [\"a\", \"bé\"]\ntrim = true"));
    columns.push(column(
        "type = \"integer\"\nmin = -3\nmax = 3\none_of = [-3, 2]\ntrim = true\nrequired = true",
    ));
    columns.push(column(
        "type = \"date\"\nformat = \"%-d %b %Y\"\nmin = 2000-01-01",
    ));
    columns.push(column(
        "type = \"decimal(5,2)\"\nmin = \"-1.5\"\nmax = 2\ndefault = \"0.5\"",
    ));
    columns
}

/// Bytes that look like values: random ones hardly ever get far.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        r"[-+0-9.eETZ: /]{0,40}".prop_map(String::into_bytes),
        r#"[\[\]{}",:\\u0-9d8c a-f.e+-]{0,40}"#.prop_map(String::into_bytes),
        r"\PC{0,20}".prop_map(String::into_bytes),
    ]
}

fn microseconds(timestamp: jiff::Timestamp) -> i64 {
    timestamp.as_microsecond()
}

proptest! {
    #[test]
    fn no_bytes_make_a_check_panic(bytes in likely()) {
        for column in &columns() {
            let _ = column.check(Raw::Text(&bytes));
            if let Ok(text) = std::str::from_utf8(&bytes) {
                for raw in [Raw::Number(text), Raw::String(text), Raw::Compound(text)] {
                    let _ = column.check(raw);
                }
            }
        }
    }

    #[test]
    fn what_is_taken_is_text_without_nul(bytes in likely()) {
        for column in &columns() {
            if column.check(Raw::Text(&bytes)).is_ok_and(|value| !value.is_null()) && !bytes.is_empty() {
                prop_assert!(std::str::from_utf8(&bytes).is_ok());
                prop_assert!(!bytes.contains(&0));
            }
        }
    }

    #[test]
    fn no_text_makes_the_parser_of_contracts_panic(text in r#"(name|type|mode|key|columns|min|pattern|format|\[\[|\]\]|=|"|[0-9a-z%.\n -]){0,60}"#) {
        let _ = Contract::parse(&text);
    }

    #[test]
    fn no_column_makes_the_parser_of_contracts_panic(
        ty in proptest::sample::select(TYPES),
        key in proptest::sample::select(&["min", "max", "max_length", "pattern", "one_of", "default", "format", "references"]),
        value in r#"([0-9]{1,20}|-?[0-9]\.[0-9]|"[a-z0-9%.:()-]{0,12}"|\["?[a-z0-9]{0,3}"?\]|true|2021-01-0[1-9])"#,
    ) {
        let _ = crate::parse_column(&format!("type = \"{ty}\"\n{key} = {value}"));
    }

    #[test]
    fn whole_numbers_are_read_as_the_standard_library_reads_them(number in any::<i64>(), zeros in 0_usize..30) {
        let text = number.to_string();
        let typed = column("type = \"bigint\"");
        prop_assert_eq!(typed.check(Raw::Text(text.as_bytes())), Ok(Value::BigInt(number)));
        let padded = format!("{}{}{}", if number < 0 { "-" } else { "" }, "0".repeat(zeros), number.unsigned_abs());
        prop_assert_eq!(typed.check(Raw::Text(padded.as_bytes())), Ok(Value::BigInt(number)));
        let integer = column("type = \"integer\"");
        let read = integer.check(Raw::Text(text.as_bytes())).ok();
        prop_assert_eq!(read, i32::try_from(number).ok().map(Value::Int));
    }

    #[test]
    fn only_digits_are_whole_numbers(text in r"[-+0-9 .e]{1,22}") {
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let expected = if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) { text.parse::<i64>().ok() } else { None };
        let typed = column("type = \"bigint\"");
        prop_assert_eq!(typed.check(Raw::Text(text.as_bytes())).ok(), expected.map(Value::BigInt));
    }

    #[test]
    fn decimals_are_written_back_as_they_were_read(negative: bool, digits in 0_u128..10_u128.pow(12), scale in 0_u8..=12) {
        let decimal = Decimal { negative: negative && digits != 0, digits, scale };
        let column = column(&format!("type = \"decimal(12,{scale})\""));
        let text = decimal.to_string();
        prop_assert_eq!(column.check(Raw::Text(text.as_bytes())).map(|value| value.to_string()), Ok(text.clone()));
        prop_assert_eq!(column.check(Raw::Text(text.as_bytes())), Ok(Value::Decimal(decimal)));
    }

    #[test]
    fn decimals_compare_as_numbers(a in -10_000_i64..10_000, b in -10_000_i64..10_000, more in 0_u32..30) {
        let decimal = |value: i64, more: u32| Decimal {
            negative: value < 0,
            digits: u128::from(value.unsigned_abs()) * 10_u128.pow(more),
            scale: 2 + more as u8,
        };
        prop_assert_eq!(decimal(a, 0).cmp(&decimal(b, more)), a.cmp(&b));
        prop_assert_eq!(decimal(a, 0) == decimal(b, more), a == b);
    }

    #[test]
    fn doubles_are_written_back_as_they_were_read(number in any::<f64>()) {
        prop_assume!(number.is_finite());
        for text in [format!("{number}"), format!("{number:e}")] {
            let typed = column("type = \"double\"");
            prop_assert_eq!(typed.check(Raw::Text(text.as_bytes())), Ok(Value::Double(number)));
        }
    }

    #[test]
    fn days_are_counted_as_jiff_counts_them(year in 1_i16..=9999, month in 1_i8..=12, day in 1_i8..=31) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        let expected = civil::Date::new(year, month, day).ok().map(|date| {
            (date - civil::date(1970, 1, 1)).get_days()
        });
        let column = column("type = \"date\"");
        let read = column.check(Raw::Text(text.as_bytes()));
        prop_assert_eq!(read.clone().ok(), expected.map(Value::Date));
        if let Ok(value) = read {
            prop_assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn a_format_of_its_own_reads_what_it_writes(days in -700_000_i32..2_900_000) {
        let iso = Value::Date(days).to_string();
        let date: civil::Date = iso.parse().unwrap();
        for format in ["%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%-d %B %Y", "%Y-%j"] {
            let column = column(&format!("type = \"date\"\nformat = \"{format}\""));
            let text = date.strftime(format).to_string();
            prop_assert_eq!(column.check(Raw::Text(text.as_bytes())), Ok(Value::Date(days)), "{} {}", format, text);
        }
    }

    #[test]
    fn timestamps_are_read_as_jiff_reads_them(
        seconds in -62_000_000_000_i64..253_000_000_000,
        micros in 0_i32..1_000_000,
        offset in -1439_i32..=1439,
    ) {
        let instant = jiff::Timestamp::new(seconds, micros * 1000).unwrap();
        let zone = jiff::tz::Offset::from_seconds(offset * 60).unwrap();
        let local = zone.to_datetime(instant);
        prop_assume!((1..=9999).contains(&local.year()));
        let sign = if offset < 0 { '-' } else { '+' };
        let text = format!(
            "{}.{micros:06}{sign}{:02}:{:02}", local.strftime("%Y-%m-%dT%H:%M:%S"), offset.abs() / 60, offset.abs() % 60,
        );
        let column = column("type = \"timestamp\"");
        let value = column.check(Raw::Text(text.as_bytes()));
        prop_assert_eq!(&value, &Ok(Value::Timestamp(microseconds(instant))), "{}", text);
        prop_assert_eq!(value.unwrap().to_string(), instant.to_string());
    }

    #[test]
    fn uuids_are_read_as_they_are_written(bytes: [u8; 16]) {
        let text = uuid::Uuid::from_bytes(bytes).to_string();
        let typed = column("type = \"uuid\"");
        prop_assert_eq!(typed.check(Raw::Text(text.as_bytes())), Ok(Value::Uuid(bytes)));
    }

    #[test]
    fn json_is_never_more_lenient_than_a_parser(text in r#"[\[\]{}",:\\u0-9d8c abtruefalsn.e+-]{0,24}"#) {
        if column("type = \"json\"").check(Raw::Text(text.as_bytes())).is_ok_and(|value| !value.is_null()) {
            let parsed = serde_json::from_str::<&serde_json::value::RawValue>(&text);
            prop_assert!(parsed.is_ok(), "{}", text);
        }
    }

    #[test]
    fn json_that_a_parser_writes_is_taken(keys in proptest::collection::vec(r"\PC{0,6}", 0..5), number in any::<i64>(), float in -1e9..1e9_f64) {
        let object: serde_json::Map<String, serde_json::Value> = keys.into_iter().map(|key| (key.clone(), serde_json::json!([number, float, key, null]))).collect();
        let text = serde_json::Value::Object(object).to_string();
        let typed = column("type = \"json\"");
        prop_assert_eq!(typed.check(Raw::Compound(&text)), Ok(Value::Json(&text)));
    }

    #[test]
    fn listed_values_are_found_and_no_others(listed in proptest::collection::hash_set("[a-z]{1,4}", 1..40), other in "[a-z]{1,4}") {
        let values: Vec<String> = listed.iter().map(|text| format!("{text:?}")).collect();
        let column = column(&format!("type = \"text\"\none_of = [{}]", values.join(", ")));
        for text in &listed {
            prop_assert!(column.check(Raw::Text(text.as_bytes())).is_ok());
        }
        let rule = column.check(Raw::Text(other.as_bytes())).err().map(|violation| violation.rule);
        prop_assert_eq!(rule, (!listed.contains(&other)).then_some(Rule::OneOf));
    }
}
