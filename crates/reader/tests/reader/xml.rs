//! XML documents: which records are in them, where, and what is refused.

use contract::Contract;
use reader::{Format, Limits, Rule};

use crate::support::{Field, Outcome, Pieces, Told, abc, at, document, read, text};

fn xml(bytes: impl AsRef<[u8]>) -> Outcome {
    document(Format::Xml, &abc("reject"), bytes)
}

/// One record of the contract `abc`.
fn one(inner: &str) -> crate::support::Line {
    let mut outcome = xml(format!("<abc><record{inner}</record></abc>"));
    assert_eq!(outcome.fault, None, "{inner}");
    assert_eq!(outcome.lines.len(), 1, "{inner}");
    outcome.lines.remove(0)
}

fn rule(inner: &str) -> (Rule, Option<usize>) {
    let line = one(inner);
    (line.bad().rule, line.bad().column)
}

/// Columns in places of their own.
fn placed(record: &str, unknown: &str) -> Contract {
    let columns = [
        ("a", "@orig"),
        ("b", "route/to"),
        ("c", "route/to/@kind"),
        ("d", "p:deep/p:er"),
    ]
    .map(|(name, place)| {
        format!("[[columns]]\nname = \"{name}\"\ntype = \"text\"\nxml = \"{place}\"\n")
    });
    let head = format!(
        "name = \"abc\"\ntable = \"abc\"\nmode = \"append\"\nunknown_columns = \"{unknown}\"\n"
    );
    let xml = format!("[xml]\nrecord = \"{record}\"\n");
    Contract::parse(&format!("{head}{xml}{}", columns.concat())).expect("the contract is right")
}

fn fault(outcome: &Outcome) -> &Told {
    outcome.fault.as_ref().expect("the document is refused")
}

#[test]
fn elements_are_records_with_attributes_or_elements_as_columns() {
    let outcome = xml(
        "\u{FEFF}<?xml version=\"1.0\" encoding='utf-8'?>\n<!-- made -->\n<abc at=\"x>y\">\n  <record a='1' bee=\"2\"/>\n\
         <record>\n<a>3</a>\n<b/><c></c></record ><?go on?><record a=\"4\"><bee>5</bee></record>\n</abc>\n<!-- end -->\n",
    );
    assert_eq!(outcome.fault, None);
    let fields: Vec<_> = outcome
        .lines
        .iter()
        .map(|line| line.fields().to_vec())
        .collect();
    assert_eq!(
        fields,
        [
            [text("1"), text("2"), Field::Absent],
            [text("3"), Field::Absent, Field::Absent],
            [text("4"), text("5"), Field::Absent]
        ]
    );
    let places: Vec<_> = outcome.lines.iter().map(|line| line.at).collect();
    assert_eq!(places, [at(1, 4, 73), at(2, 5, 97), at(3, 7, 145)]);
    assert_eq!(outcome.lines[0].raw, b"<record a='1' bee=\"2\"/>");
    assert_eq!(
        outcome.lines[1].raw,
        b"<record>\n<a>3</a>\n<b/><c></c></record >"
    );
    assert_eq!(outcome.end.record, 4);
}

#[test]
fn columns_are_found_where_the_contract_puts_them() {
    let outcome = document(
        Format::Xml,
        &placed("r/list/p:it", "reject"),
        "<r xmlns:p='urn:p'><list><p:it orig='A' xmlns='urn:q'><route><to kind='port'>B</to></route>\
         <p:deep><p:er>D</p:er></p:deep></p:it></list><other><p:it orig='no'/></other>\
         <list><p:it orig='A2'/></list></r>",
    );
    assert_eq!(outcome.fault, None);
    assert_eq!(
        outcome.lines[0].fields(),
        [text("A"), text("B"), text("port"), text("D")]
    );
    assert_eq!(outcome.lines[1].fields()[0], text("A2"));
    assert_eq!(outcome.lines.len(), 2);
}

#[test]
fn the_records_own_text_can_be_a_column() {
    let contract = Contract::parse(
        "name = \"abc\"\ntable = \"abc\"\nmode = \"append\"\n[[columns]]\nname = \"a\"\ntype = \"text\"\n\
         [[columns]]\nname = \"b\"\ntype = \"text\"\nxml = \".\"\n",
    )
    .expect("the contract is right");
    let outcome = document(
        Format::Xml,
        &contract,
        "<abc><record a='1'>t&amp;u</record><record><a>1</a>x</record></abc>",
    );
    assert_eq!(outcome.lines[0].fields(), [text("1"), text("t&u")]);
    assert_eq!(
        (outcome.lines[1].bad().rule, outcome.lines[1].bad().column),
        (Rule::Syntax, Some(1))
    );
}

#[test]
fn texts_are_what_xml_means_by_them() {
    assert_eq!(
        one("><a>x&lt;&#233;&#x1F600;<![CDATA[<b>&amp;]]> y </a>").fields()[0],
        text("x<é😀<b>&amp; y ")
    );
    assert_eq!(
        one(" a='&quot;&apos;&gt;\n&#10;'>").fields()[0],
        text("\"'> \n")
    );
    assert_eq!(one("><a>1\r\n2\r3</a>").fields()[0], text("1\n2\n3"));
    assert_eq!(
        one("><a>x<!-- no - t -->y<?or this?>z</a>").fields()[0],
        text("xyz")
    );
    assert_eq!(one("><a>  </a>").fields()[0], text("  "));
    assert_eq!(one("><a><![CDATA[]]></a>").fields()[0], Field::Absent);
    assert_eq!(one("><a>]</a>").fields()[0], text("]"));
}

#[test]
fn a_value_of_one_record_is_not_left_over_for_the_next() {
    let outcome = xml("<abc><record a='1'><b>2</b></record><record><a>3</a></record></abc>");
    assert_eq!(
        outcome.lines[1].fields(),
        [text("3"), Field::Absent, Field::Absent]
    );
}

#[test]
fn a_column_twice_is_an_error_of_it_wherever_it_is_written() {
    assert_eq!(rule("><a>1</a><a>1</a>"), (Rule::DuplicateColumn, Some(0)));
    assert_eq!(rule(" a='1'><a>1</a>"), (Rule::DuplicateColumn, Some(0)));
    assert_eq!(rule(" b='1' bee='1'>"), (Rule::DuplicateColumn, Some(1)));
    assert_eq!(rule("><a/><a/>"), (Rule::DuplicateColumn, Some(0)));
    assert_eq!(rule(" a='1' a='1'>"), (Rule::Syntax, None));
}

#[test]
fn unknown_elements_and_attributes_are_errors_unless_ignored() {
    let line = one("><a>1</a><x>2</x>");
    assert_eq!(
        (line.bad().rule, line.bad().column),
        (Rule::UnknownColumn, None)
    );
    assert_eq!(
        line.bad().message,
        "the dataset has no column at \"x\": it has a, b, c"
    );
    assert_eq!(
        one(" x='1'>").bad().message,
        "the dataset has no column at \"@x\": it has a, b, c"
    );
    assert_eq!(rule("><a kind='1'>1</a>"), (Rule::UnknownColumn, None));
    let ignoring = abc("ignore");
    let outcome = document(
        Format::Xml,
        &ignoring,
        "<abc><record y='1'><x z='1'><a>no</a>&lt;text</x><a k='1'>1</a></record></abc>",
    );
    assert_eq!(outcome.lines[0].fields()[0], text("1"));
}

#[test]
fn text_that_is_in_no_field_and_elements_in_a_text_are_errors() {
    assert_eq!(rule(">stray<a>1</a>"), (Rule::Syntax, None));
    assert_eq!(rule(">&lt;<a>1</a>"), (Rule::Syntax, None));
    assert_eq!(rule("><a>1<b>2</b></a>"), (Rule::Syntax, Some(0)));
}

#[test]
fn entities_of_ones_own_and_what_xml_does_not_allow_are_errors() {
    assert_eq!(rule("><a>&uuml;</a>"), (Rule::Syntax, Some(0)));
    assert_eq!(rule(" b='&uuml;'>"), (Rule::Syntax, Some(1)));
    assert_eq!(rule("><a>&#0;</a>"), (Rule::Syntax, Some(0)));
    assert_eq!(rule("><a>&#x1;</a>"), (Rule::Syntax, Some(0)));
    assert_eq!(rule("><a>\u{1}</a>"), (Rule::Syntax, Some(0)));
    assert_eq!(rule("><a>a & b</a>").0, Rule::Syntax);
    assert_eq!(rule(" a=1>").0, Rule::Syntax);
    // A NUL has a rule of its own, which the column's check knows.
    assert_eq!(one("><a>\0</a>").fields()[0], text("\0"));
}

#[test]
fn a_dtd_is_refused_wherever_it_stands() {
    for bytes in [
        "<!DOCTYPE abc [<!ENTITY x \"y\">]><abc/>",
        "<?xml version=\"1.0\"?>\n<!DOCTYPE abc SYSTEM \"file:///etc/passwd\">\n<abc/>",
        "<abc><!DOCTYPE abc></abc>",
        "<abc><record><!DOCTYPE abc></record></abc>",
    ] {
        let outcome = xml(bytes);
        assert_eq!(fault(&outcome).rule, Rule::Syntax, "{bytes}");
        assert!(
            fault(&outcome)
                .message
                .starts_with("document type declarations are refused")
        );
    }
}

#[test]
fn other_encodings_and_versions_are_refused() {
    let refused = |bytes: &[u8]| {
        let outcome = xml(bytes);
        assert!(outcome.lines.is_empty());
        (fault(&outcome).rule, fault(&outcome).at)
    };
    assert_eq!(
        refused(b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><abc/>"),
        (Rule::Encoding, at(0, 1, 0))
    );
    assert_eq!(refused(b"<?xml version='1.1'?><abc/>").0, Rule::Syntax);
    assert_eq!(
        refused(b"<?xml version='1.0' encoding=utf-8?><abc/>").0,
        Rule::Syntax
    );
    assert_eq!(
        refused(b"\n<?xml version=\"1.0\"?><abc/>"),
        (Rule::Syntax, at(0, 2, 1))
    );
    assert_eq!(refused(b"\xFF\xFE<\0a\0").0, Rule::Encoding);
    assert_eq!(refused(b"<abc><!-- K\xF6ln --></abc>").0, Rule::Encoding);
    assert_eq!(refused(b"<abc x='K\xF6ln'></abc>").0, Rule::Encoding);
}

#[test]
fn latin_1_is_an_error_of_its_column() {
    let outcome = xml(
        b"<abc><record a='1'><b>K\xF6ln</b></record><record c='\xF6'/><record a='2'/><record><!-- \xF6 --></record></abc>",
    );
    assert_eq!(outcome.fault, None);
    let told: Vec<_> = outcome
        .lines
        .iter()
        .map(|line| line.what.as_ref().err().map(|bad| (bad.rule, bad.column)))
        .collect();
    assert_eq!(
        told,
        [
            Some((Rule::Encoding, Some(1))),
            Some((Rule::Encoding, Some(2))),
            None,
            Some((Rule::Encoding, None))
        ]
    );
}

#[test]
fn a_document_without_its_records_place_is_refused() {
    let contract = placed("r/list/p:it", "reject");
    let refused = |bytes: &str| {
        let outcome = document(Format::Xml, &contract, bytes);
        (fault(&outcome).rule, fault(&outcome).message.clone())
    };
    assert_eq!(
        refused("<prices/>"),
        (
            Rule::Records,
            "the document's root is \"prices\" and its records should be r/list/p:it".to_owned()
        )
    );
    assert_eq!(
        refused("<r><lists/></r>"),
        (
            Rule::Records,
            "the document has no r/list, where its records should be".to_owned()
        )
    );
    assert_eq!(
        document(Format::Xml, &contract, "<r><list/></r>").fault,
        None
    );
    assert_eq!(refused("  \n").0, Rule::Empty);
    assert_eq!(refused("[1]").0, Rule::Syntax);
}

#[test]
fn what_stands_around_the_records_is_held_to_xml() {
    for bytes in [
        "<abc/><abc/>",
        "<abc/>x",
        "<abc>text</abc>",
        "<abc>&amp;</abc>",
        "<abc><![CDATA[x]]></abc>",
        "<abc></abd>",
        "</abc>",
        "<abc><a></b></a></abc>",
        "<abc>< record/></abc>",
        "<abc><1/></abc>",
        "<abc><!-- a -- b --></abc>",
        "<abc><!ELEMENT a></abc>",
        "<abc x='<'/>",
        "<abc <record/></abc>",
    ] {
        assert_eq!(fault(&xml(bytes)).rule, Rule::Syntax, "{bytes}");
    }
    let deep = "<x>".repeat(200);
    let outcome = xml(format!("<abc>{deep}"));
    assert_eq!(
        (fault(&outcome).rule, fault(&outcome).at.byte),
        (Rule::Syntax, 5 + 63 * 3)
    );
    let long = format!("<abc><{}/></abc>", "x".repeat(5_000));
    assert_eq!(fault(&xml(long)).rule, Rule::Syntax);
}

#[test]
fn tags_that_do_not_match_in_a_record_end_the_reading_there() {
    let outcome = xml("<abc>\n<record a='1'/>\n<record><a>2</b></record><record a='3'/></abc>");
    assert_eq!(outcome.lines.len(), 1);
    assert_eq!(
        (fault(&outcome).rule, fault(&outcome).at),
        (Rule::Syntax, at(2, 3, 22))
    );
    assert_eq!(
        fault(&outcome).message,
        "the document is not sound XML: the element \"a\" is closed as \"b\" at byte 34; the rest cannot be read"
    );
}

#[test]
fn a_document_that_is_cut_anywhere_is_never_taken_for_whole() {
    let whole_one = "<?xml version=\"1.0\"?><!-- é --><abc at='>'><record a='1'><b>é&lt;<![CDATA[]]></b></record><?x y?>\
                     <record c=\"2\"/></abc>";
    for cut in 0..whole_one.len() {
        let outcome = xml(&whole_one.as_bytes()[..cut]);
        let rule = fault(&outcome).rule;
        assert!(
            matches!(rule, Rule::Truncated | Rule::Empty),
            "cut at {cut}: {rule}"
        );
        assert!(
            outcome.lines.iter().all(|line| line.what.is_ok()),
            "cut at {cut}"
        );
    }
    assert_eq!(xml(whole_one).fault, None);
}

#[test]
fn nesting_has_a_limit_and_takes_no_stack() {
    let nested = |depth: usize| {
        document(
            Format::Xml,
            &abc("ignore"),
            format!(
                "<abc><record>{}{}</record></abc>",
                "<x>".repeat(depth),
                "</x>".repeat(depth)
            ),
        )
    };
    assert!(nested(64).lines[0].what.is_ok());
    assert_eq!(nested(65).lines[0].bad().rule, Rule::Syntax);
    assert_eq!(nested(100_000).lines[0].bad().rule, Rule::Syntax);
    assert_eq!(fault(&nested(3_000_000)).rule, Rule::Syntax);
}

#[test]
fn a_record_that_is_too_long_is_an_error_and_is_read_over() {
    let limits = Limits {
        record_bytes: 50,
        block_bytes: 16,
        ..Limits::default()
    };
    let bytes = format!(
        "<abc><record a='1'/>\n <record><a>{}</a></record>\n<record a='2'/></abc>",
        "x\n".repeat(5_000)
    );
    let outcome = read(
        Format::Xml,
        &abc("reject"),
        Box::new(Pieces::new(bytes.as_bytes(), 9)),
        &limits,
    );
    assert_eq!(outcome.fault, None);
    let bad = outcome.lines[1].bad();
    assert_eq!(bad.rule, Rule::RecordSize);
    assert_eq!(
        bad.message,
        "the record has 10024 bytes; the most is 50, in all its fields together"
    );
    assert_eq!(
        (outcome.lines[1].at, outcome.lines[1].raw.len()),
        (at(2, 2, 22), 50)
    );
    assert_eq!(outcome.lines[2].at, at(3, 5_003, 10_047));
    assert!(outcome.lines[2].what.is_ok());
    assert!(outcome.most_bytes < 1_200, "{}", outcome.most_bytes);
}
