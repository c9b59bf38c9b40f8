//! JSON documents: which records are in them, where, and what is refused.

use contract::Contract;
use reader::{Format, Limits, Rule};

use crate::support::{Field, Outcome, Pieces, Told, abc, at, document, read, text};

fn json(bytes: impl AsRef<[u8]>) -> Outcome {
    document(Format::Json, &abc("reject"), bytes)
}

/// The same columns, the records under a path.
fn under(path: &str) -> Contract {
    let columns = ["a", "b", "c"].map(|name| {
        format!("[[columns]]\nname = \"{name}\"\ntype = \"text\"\ndescription = \"one\"\n")
    });
    let head = "name = \"abc\"\ntable = \"abc\"\nmode = \"append\"\n";
    let json = format!("[json]\nrecords = \"{path}\"\n");
    Contract::parse(&format!("{head}{json}{}", columns.concat())).expect("the contract is right")
}

fn records(outcome: &Outcome) -> Vec<Vec<u8>> {
    outcome.lines.iter().map(|line| line.raw.clone()).collect()
}

fn fault(outcome: &Outcome) -> &Told {
    outcome.fault.as_ref().expect("the document is refused")
}

fn whole(document: &str) {
    let outcome = json(document);
    assert_eq!(outcome.fault, None, "{document}");
    assert!(
        outcome.lines.iter().all(|line| line.what.is_ok()),
        "{document}"
    );
}

#[test]
fn the_elements_of_an_array_are_the_records_with_their_places() {
    let outcome = json(
        "\u{FEFF}[\n  {\"a\": \"x\", \"b\": 1.50},\n  {\n    \"c\": [\"]\", {}]\n  } , {}]\r\n",
    );
    assert_eq!(outcome.fault, None);
    let places: Vec<_> = outcome.lines.iter().map(|line| line.at).collect();
    assert_eq!(places, [at(1, 2, 7), at(2, 3, 32), at(3, 5, 59)]);
    assert_eq!(
        records(&outcome),
        [
            &b"{\"a\": \"x\", \"b\": 1.50}"[..],
            b"{\n    \"c\": [\"]\", {}]\n  }",
            b"{}"
        ]
    );
    assert_eq!(
        outcome.lines[0].fields(),
        [text("x"), Field::Number("1.50".into()), Field::Absent]
    );
    assert_eq!(
        outcome.lines[1].fields()[2],
        Field::Compound("[\"]\", {}]".into())
    );
    assert_eq!(outcome.end, at(4, 6, 64));
}

#[test]
fn an_array_may_be_empty() {
    for document in ["[]", " [ ]\n"] {
        whole(document);
        assert!(json(document).lines.is_empty());
    }
}

#[test]
fn records_are_found_under_the_contracts_path_among_other_things() {
    let document_of = r#"{"made": {"data": [1, {"prices": []}], "at": "2021\"}"}, "n": -0.5e+3, "o": [[], {}, null, true],
      "d\u0061ta": {"prices": [{"a": "1"},
        {"a": "2"}], "rest": "\u00e9\\"}, "prices": [{"a": "no"}]}"#;
    let outcome = document(Format::Json, &under("data.prices"), document_of);
    assert_eq!(outcome.fault, None);
    assert_eq!(
        outcome
            .lines
            .iter()
            .map(|line| line.fields()[0].clone())
            .collect::<Vec<_>>(),
        [text("1"), text("2")]
    );
    assert_eq!(outcome.lines[1].at.line, 3);
    assert_eq!(outcome.end.byte, document_of.len() as u64);
}

#[test]
fn a_document_without_its_array_is_refused_with_what_is_there_instead() {
    let refused = |path: &str, document_of: &str, message: &str| {
        let contract = if path.is_empty() {
            abc("reject")
        } else {
            under(path)
        };
        let outcome = document(Format::Json, &contract, document_of);
        assert_eq!(
            (outcome.lines.len(), fault(&outcome).rule),
            (0, Rule::Records),
            "{document_of}"
        );
        assert!(
            fault(&outcome).message.contains(message),
            "{}",
            fault(&outcome).message
        );
        assert_eq!(fault(&outcome).at.record, 0);
    };
    refused(
        "",
        "{\"a\":1}\n{\"a\":2}\n",
        "the document is an object and should be the array of records; objects line by line are JSON Lines",
    );
    refused("", "\"a\"", "the document is a string");
    refused("", "<prices/>", "the document is no JSON");
    refused(
        "data.prices",
        "[{\"a\":1}]",
        "the document is an array and should be an object with \"data\" in it",
    );
    refused(
        "data.prices",
        "{\"data\":[]}",
        "\"data\" is an array and should be an object with \"prices\" in it",
    );
    refused(
        "data.prices",
        "{\"data\":{\"prices\":{}}}",
        "\"data.prices\" is an object and should be the array of records",
    );
    refused(
        "data.prices",
        "{\"data\":{\"prices\":null}}",
        "\"data.prices\" is null",
    );
    refused(
        "data.prices",
        "{\"data\":{\"price\":[]}}",
        "the document has no data.prices",
    );
    refused("data.prices", "{}", "the document has no data.prices");
}

#[test]
fn a_path_that_is_there_twice_is_refused() {
    let outcome = document(
        Format::Json,
        &under("data.prices"),
        r#"{"data":{"prices":[{"a":"1"}]},"data":{"prices":[{"a":"2"}]}}"#,
    );
    assert_eq!(
        (outcome.lines.len(), fault(&outcome).rule),
        (1, Rule::Records)
    );
    assert_eq!(fault(&outcome).message, "the document has data twice");
}

#[test]
fn what_follows_the_document_is_refused() {
    for (document, byte) in [
        ("[{}][{}]", 4),
        ("[{}] x", 5),
        ("[{}],", 4),
        ("[{}]\n{\"a\":1}\n", 5),
        ("[{}]]", 4),
    ] {
        let outcome = json(document);
        assert_eq!(outcome.lines.len(), 1, "{document}");
        assert_eq!(fault(&outcome).rule, Rule::Syntax);
        assert!(
            fault(&outcome)
                .message
                .starts_with("there is more after the document's end")
        );
        assert_eq!(
            (fault(&outcome).at.record, fault(&outcome).at.byte),
            (2, byte)
        );
    }
}

#[test]
fn a_document_that_is_cut_anywhere_is_never_taken_for_whole() {
    let whole_one = r#"{"x":[1],"data":{"prices":[{"a":"1\""},{"b":[{}]}, {"c":"é"}]},"y":0.5}"#;
    let contract = under("data.prices");
    for cut in 0..whole_one.len() {
        let outcome = document(Format::Json, &contract, &whole_one.as_bytes()[..cut]);
        let rule = outcome.fault.as_ref().map(|fault| fault.rule);
        let expected = if cut == 0 {
            Rule::Empty
        } else {
            Rule::Truncated
        };
        assert_eq!(rule, Some(expected), "cut at {cut}");
        assert!(
            outcome.lines.iter().all(|line| line.what.is_ok()),
            "cut at {cut}"
        );
    }
    assert_eq!(document(Format::Json, &contract, whole_one).fault, None);
    assert_eq!(fault(&json(" \n\t")).rule, Rule::Empty);
}

#[test]
fn a_record_that_is_cut_off_is_told_where_it_starts() {
    let outcome = json("[\n{\"a\":\"1\"},\n{\"a\":\"2");
    assert_eq!(outcome.lines.len(), 1);
    assert_eq!(fault(&outcome).at, at(2, 3, 13));
    assert_eq!(
        fault(&outcome).message,
        "the document ends before its array of records is closed: send it whole"
    );
}

#[test]
fn a_broken_record_is_an_error_of_that_record_only() {
    let outcome =
        json(r#"[{"a":tru}, {"a":"1"}, {"a":"1"} x, 7, null, "}", ["a"], {"a" "b"}, {"a":"2"}]"#);
    assert_eq!(outcome.fault, None);
    let bad: Vec<_> = outcome
        .lines
        .iter()
        .map(|line| line.what.as_ref().err().map(|bad| bad.rule))
        .collect();
    let syntax = Some(Rule::Syntax);
    assert_eq!(
        bad,
        [
            syntax, None, syntax, syntax, syntax, syntax, syntax, syntax, None
        ]
    );
    assert_eq!(
        outcome.lines[3].bad().message,
        "the record is not a JSON object"
    );
    assert_eq!(outcome.lines[3].raw, b"7");
}

#[test]
fn the_place_in_a_record_of_many_lines_counts_from_its_start() {
    let outcome = json("[{\n\"a\": 1,\n\"b\": tru\n}]");
    let message = &outcome.lines[0].bad().message;
    assert!(message.ends_with("at its byte 19"), "{message}");
}

#[test]
fn a_comma_too_many_is_an_error_at_its_place() {
    let outcome = json("[{\"a\":\"1\"},,{\"a\":\"2\"},]");
    let told: Vec<_> = outcome
        .lines
        .iter()
        .map(|line| (line.at.byte, line.what.is_ok()))
        .collect();
    assert_eq!(told, [(1, true), (11, false), (12, true), (22, false)]);
    assert!(
        outcome.lines[1]
            .bad()
            .message
            .starts_with("there is no record between two commas")
    );
    assert_eq!(json("[,]").lines.len(), 2);
}

#[test]
fn brackets_that_do_not_match_end_the_reading_at_their_record() {
    let outcome = json("[{\"a\":\"1\"},\n{\"a\":[\"2\"},{\"a\":\"3\"}]");
    assert_eq!(outcome.lines.len(), 1);
    assert_eq!(
        (fault(&outcome).rule, fault(&outcome).at),
        (Rule::Syntax, at(2, 2, 12))
    );
    assert_eq!(
        fault(&outcome).message,
        "the record has a [ that is closed by } at byte 21; the rest cannot be read"
    );
    assert_eq!(fault(&json("[}")).rule, Rule::Syntax);
}

#[test]
fn what_stands_around_the_records_is_held_to_json() {
    for document_of in [
        r#"{"x":01,"data":{"prices":[]}}"#,
        r#"{"x":1.,"data":{"prices":[]}}"#,
        r#"{"x":-,"data":{"prices":[]}}"#,
        r#"{"x":tru,"data":{"prices":[]}}"#,
        r#"{"x":"\x","data":{"prices":[]}}"#,
        r#"{"x":"\u12g4","data":{"prices":[]}}"#,
        "{\"x\":\"\t\",\"data\":{\"prices\":[]}}",
        r#"{"x":[1,],"data":{"prices":[]}}"#,
        r#"{"x":[1},"data":{"prices":[]}}"#,
        r#"{x:1,"data":{"prices":[]}}"#,
        r#"{"x" 1,"data":{"prices":[]}}"#,
        r#"{"x":1 "data":{"prices":[]}}"#,
        r#"{"data":{"prices":[]},}"#,
        r#"{"data":{"prices":[]}]"#,
    ] {
        let outcome = document(Format::Json, &under("data.prices"), document_of);
        assert_eq!(fault(&outcome).rule, Rule::Syntax, "{document_of}");
    }
    let outcome = document(Format::Json, &under("data.prices"), b"{\"x\":\"K\xF6ln\"}");
    assert_eq!(
        (fault(&outcome).rule, fault(&outcome).at.byte),
        (Rule::Encoding, 7)
    );
    let deep = format!("{{\"x\":{}", "[".repeat(1000));
    let outcome = document(Format::Json, &under("data.prices"), deep);
    assert_eq!(
        (fault(&outcome).rule, fault(&outcome).at.byte),
        (Rule::Syntax, 5 + 63)
    );
}

#[test]
fn records_keep_the_rules_of_json_lines() {
    let outcome = json(r#"[{"a":"1","\u0061":"2"}, {"x":1}, {"c":"\ud800"}, {"a":null,"b":true}]"#);
    let told: Vec<_> = outcome
        .lines
        .iter()
        .map(|line| line.what.as_ref().map_err(|bad| (bad.rule, bad.column)))
        .collect();
    assert_eq!(told[0], Err((Rule::DuplicateColumn, Some(0))));
    assert_eq!(told[1], Err((Rule::UnknownColumn, None)));
    assert_eq!(told[2], Err((Rule::Syntax, Some(2))));
    assert_eq!(
        told[3],
        Ok(&vec![Field::Absent, Field::Bool(true), Field::Absent])
    );
    let bad = json(b"[{\"b\":\"K\xF6ln\"}]").lines.remove(0);
    assert_eq!(
        (bad.bad().rule, bad.bad().column),
        (Rule::Encoding, Some(1))
    );
}

#[test]
fn nesting_has_a_limit_and_takes_no_stack() {
    let nested = |depth: usize| format!("[{{\"c\":{}{}}}]", "[".repeat(depth), "]".repeat(depth));
    whole(&nested(64));
    for depth in [65, 400_000] {
        let outcome = json(nested(depth));
        assert_eq!(
            (outcome.lines[0].bad().rule, outcome.lines[0].bad().column),
            (Rule::Syntax, Some(2))
        );
    }
    let outcome = json(format!("[{}", "[".repeat(3 << 20)));
    assert_eq!(fault(&outcome).rule, Rule::Syntax);
}

#[test]
fn a_record_that_is_too_long_is_an_error_and_is_read_over() {
    let limits = Limits {
        record_bytes: 50,
        block_bytes: 16,
        ..Limits::default()
    };
    let bytes = format!(
        "[{{\"a\":\"1\"}},\n {{\"a\":\"{}\"}},\n{{\"a\":\"2\"}}]",
        "x\n".repeat(5_000)
    );
    let outcome = read(
        Format::Json,
        &abc("reject"),
        Box::new(Pieces::new(bytes.as_bytes(), 9)),
        &limits,
    );
    assert_eq!(outcome.fault, None);
    let bad = outcome.lines[1].bad();
    assert_eq!(bad.rule, Rule::RecordSize);
    assert_eq!(
        bad.message,
        "the record has 10008 bytes; the most is 50, in all its fields together"
    );
    assert_eq!(
        (outcome.lines[1].at, outcome.lines[1].raw.len()),
        (at(2, 2, 13), 50)
    );
    assert_eq!(outcome.lines[2].at, at(3, 5_003, 10_023));
    assert!(outcome.lines[2].what.is_ok());
    assert!(outcome.most_bytes < 200, "{}", outcome.most_bytes);
}
