//! Records that are too long: told with their place and size, read over, and never held.

use contract::Contract;
use reader::{Content, ContentFault, Format, Limits, Rule, Splitter};

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

/// A beginning, then one byte over and over.
struct Endless {
    head: &'static [u8],
    fill: u8,
    given: u64,
}

const ALL: u64 = 1 << 29;

impl Endless {
    fn new(head: &'static [u8], fill: u8) -> Self {
        let given = 0;
        Self { head, fill, given }
    }
}

impl Content for Endless {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault> {
        if self.given == 0 {
            into[..self.head.len()].copy_from_slice(self.head);
            self.given = self.head.len() as u64;
            return Ok(self.head.len());
        }
        let read = into.len().min((ALL - self.given) as usize);
        into[..read].fill(self.fill);
        self.given += read as u64;
        Ok(read)
    }
}

#[test]
fn a_record_without_end_takes_no_more_memory_than_one_of_the_limit() {
    let limits = Limits::default();
    let contract = abc("reject");
    let content = Box::new(Endless::new(b"a,b,c\n", b'0'));
    let mut splitter =
        Splitter::new(Format::Csv, &contract, content, &limits).expect("the header is right");
    let block = splitter.next_block().expect("no fault").expect("a block");
    assert_eq!((block.records, block.bytes.len()), (1, 1024));
    assert!(splitter.next_block().expect("no fault").is_none());
    assert_eq!(splitter.position().byte, ALL);
}

#[test]
fn no_part_of_a_document_is_held_however_long_it_is() {
    let documents: [(Format, &'static [u8], u8); 9] = [
        (Format::Json, b"[{\"a\":\"", b'0'),
        (Format::Json, b"[", b' '),
        (Format::Json, b"[{\"a\":\"1\"} ", b' '),
        (Format::Json, b"[", b'['),
        (Format::Xml, b"<abc><record><a>", b'0'),
        (Format::Xml, b"<abc><!--", b'x'),
        (Format::Xml, b"<abc x='", b'x'),
        (Format::Xml, b"<abc>", b'\n'),
        (Format::Xml, b"<abc><record a='1'/>", b' '),
    ];
    let limits = Limits::default();
    let contract = abc("reject");
    for (format, head, fill) in documents {
        let shown = String::from_utf8_lossy(head);
        let before = resident_bytes();
        let content = Box::new(Endless::new(head, fill));
        let mut splitter = Splitter::new(format, &contract, content, &limits).expect("no header");
        let fault = loop {
            match splitter.next_block() {
                Ok(Some(block)) => assert!(block.bytes.len() <= 1 << 20, "{shown}"),
                Ok(None) => panic!("{shown}: the document has no end"),
                Err(fault) => break fault,
            }
        };
        assert!(
            matches!(fault.rule, Rule::Truncated | Rule::Syntax),
            "{shown}: {fault}"
        );
        let grown = resident_bytes().saturating_sub(before);
        assert!(grown < ALL / 2, "{shown}: {grown} bytes more");
    }
}

/// What this process holds in memory; other tests run beside this one and hold some of it.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
