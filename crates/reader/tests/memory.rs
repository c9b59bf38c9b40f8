//! What is too long is never held. A program of its own: memory is measured, and other tests would hold some.

use contract::Contract;
use reader::{Content, ContentFault, Format, Limits, Rule, Splitter};

fn abc() -> Contract {
    let column = |name: &str| format!("[[columns]]\nname = \"{name}\"\ntype = \"text\"\n");
    let columns = ["a", "b", "c"].map(column).concat();
    let head = "name = \"abc\"\ntable = \"abc\"\ndescription = \"for tests\"\nmode = \"append\"\n";
    Contract::parse(&format!("{head}{columns}")).expect("a good contract")
}

/// A beginning, then one byte over and over.
struct Endless {
    head: &'static [u8],
    fill: u8,
    given: u64,
}

const ALL: u64 = 1 << 29;
/// Far more than a record may be long, and far less than what is read.
const HELD: u64 = 16 << 20;

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
    let contract = abc();
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
    let contract = abc();
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
        assert!(grown < HELD, "{shown}: {grown} bytes more");
    }
}

/// What this process holds in memory.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux kernel");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
