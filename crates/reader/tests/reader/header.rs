//! What is refused before the first record: headers, encodings, nothing at all.

use reader::{Format, Limits, Position, Rule};

use crate::support::{Pieces, Told, abc, at, csv, jsonl, read};

fn refused(unknown: &str, bytes: impl AsRef<[u8]>) -> Told {
    let outcome = csv(&abc(unknown), bytes);
    assert!(outcome.lines.is_empty());
    outcome.fault.expect("the file is refused")
}

#[test]
fn an_empty_file_is_refused() {
    for bytes in ["", "\u{FEFF}"] {
        let fault = refused("reject", bytes);
        assert_eq!(
            (fault.rule, fault.message.as_str()),
            (Rule::Empty, "the file is empty")
        );
        assert_eq!(
            jsonl(&abc("reject"), bytes).fault.map(|fault| fault.rule),
            Some(Rule::Empty)
        );
    }
}

#[test]
fn a_header_alone_gives_no_records() {
    for bytes in ["a,b,c", "a,b,c\n", "a,b,c\r\n"] {
        let outcome = csv(&abc("reject"), bytes);
        assert_eq!((outcome.lines.len(), outcome.fault), (0, None), "{bytes:?}");
        assert_eq!(outcome.header.as_deref(), Some(&b"a,b,c"[..]));
    }
}

#[test]
fn a_wrong_header_is_told_everything_at_once() {
    let fault = refused("reject", "b,x,bee,y\n1,2,3,4\n");
    assert_eq!((fault.rule, fault.at), (Rule::Header, Position::START));
    assert_eq!(
        fault.message,
        "the header lacks the required \"a\"; it names \"x\", \"y\", which the dataset does not have: \
         it has \"a\", \"b\", \"c\"; it has \"b\" twice, in fields 1 and 3"
    );
}

#[test]
fn a_name_twice_is_refused_even_where_it_is_ignored() {
    assert!(
        refused("reject", "a,a,b\n")
            .message
            .contains("has \"a\" twice, in fields 1 and 2")
    );
    assert!(
        refused("ignore", "a,x,x\n")
            .message
            .contains("has \"x\" twice, in fields 2 and 3")
    );
}

#[test]
fn names_must_match_exactly() {
    assert_eq!(refused("reject", "A,b,c\n").rule, Rule::Header);
    assert_eq!(refused("reject", "a, b,c\n").rule, Rule::Header);
    assert_eq!(refused("ignore", "A,b,c\n").rule, Rule::Header);
}

#[test]
fn another_delimiter_is_recognised() {
    assert!(
        refused("reject", "a;b;c\n1;2;3\n")
            .message
            .ends_with("separated by semicolons: use commas")
    );
    assert!(
        refused("reject", "a\tb\tc\n")
            .message
            .ends_with("separated by tabs: use commas")
    );
}

#[test]
fn names_may_be_quoted() {
    let outcome = csv(&abc("reject"), "\"a\",\"b\"\n1,2\n");
    assert_eq!((outcome.fault, outcome.lines.len()), (None, 1));
    assert_eq!(
        refused("ignore", "\"a\",\"x\"\"\ny\",\"x\"\"\ny\"\n").rule,
        Rule::Header
    );
}

#[test]
fn a_header_with_line_feeds_in_quotes_moves_the_lines_after_it() {
    let outcome = csv(&abc("ignore"), "a,\"x\ny\"\n1,2\n");
    assert_eq!(outcome.lines[0].at, at(1, 3, 8));
}

#[test]
fn a_header_with_wrong_quotes_is_refused() {
    assert_eq!(refused("reject", "a,b\"\n1,2\n").rule, Rule::Quote);
    assert_eq!(refused("reject", "a,\"b\n1,2\n").rule, Rule::Quote);
    assert_eq!(refused("reject", "a,b\r1,2\r").rule, Rule::Quote);
}

#[test]
fn a_blank_first_line_is_refused() {
    assert_eq!(refused("reject", "\na,b,c\n1,2,3\n").rule, Rule::Header);
    assert_eq!(refused("ignore", "\r\na,b,c\n1,2,3\n").rule, Rule::Header);
}

#[test]
fn utf_16_and_its_like_are_named() {
    let text = "a,b,c\n1,2,3\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [
        [b"\xFF\xFE", &little[..]].concat(),
        [b"\xFE\xFF", &big[..]].concat(),
        little,
        big,
    ] {
        let fault = refused("reject", &bytes);
        assert_eq!(fault.rule, Rule::Encoding);
        assert!(fault.message.contains("UTF-16"), "{}", fault.message);
        let fault = jsonl(&abc("reject"), &bytes)
            .fault
            .expect("refused as JSON Lines too");
        assert_eq!(fault.rule, Rule::Encoding);
    }
    assert!(
        refused("reject", b"\xFF\xFE\0\0a\0\0\0")
            .message
            .contains("UTF-32")
    );
}

#[test]
fn a_header_in_latin_1_or_with_a_nul_is_refused() {
    assert_eq!(refused("ignore", b"a,H\xF6he\n").rule, Rule::Encoding);
    assert_eq!(refused("ignore", b"a,b\0,c\n").rule, Rule::Nul);
}

#[test]
fn compressed_content_under_a_plain_name_is_recognised() {
    assert_eq!(
        refused("reject", b"\x1F\x8B\x08\0\0\0\0\0").rule,
        Rule::Compression
    );
    assert_eq!(
        refused("reject", b"\x28\xB5\x2F\xFD\0\0\0\0").rule,
        Rule::Compression
    );
    assert!(
        refused("reject", b"PK\x03\x04\0\0")
            .message
            .contains("spreadsheet")
    );
}

#[test]
fn a_header_without_end_takes_no_memory() {
    let limits = Limits {
        record_bytes: 100,
        block_bytes: 10,
        ..Limits::default()
    };
    let content = Pieces::new("a".repeat(100_000).as_bytes(), 7);
    let outcome = read(Format::Csv, &abc("reject"), Box::new(content), &limits);
    assert_eq!(
        outcome.fault.map(|fault| fault.rule),
        Some(Rule::RecordSize)
    );
}
