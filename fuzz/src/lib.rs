//! What the fuzz targets share: everything a reader says about bytes, and what must hold of it whatever they are.

use std::io::{BufReader, Cursor, Read};
use std::sync::LazyLock;

use contract::Contract;
use reader::{
    Compression, Content, ContentFault, Format, Limits, Position, Rule, Splitter, decompress,
};

/// Three text columns, so that a fuzzer finds a right header soon.
pub static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let column = |name| {
        format!("[[columns]]\nname = \"{name}\"\ntype = \"text\"\ndescription = \"fuzzed\"\n")
    };
    let columns: String = ["a", "b", "c"].map(column).concat();
    let head = "name = \"abc\"\ntable = \"abc\"\ndescription = \"fuzzed\"\nmode = \"append\"\n";
    Contract::parse(&format!("{head}{columns}")).expect("the contract is right")
});

/// Limits that a fuzzer's small inputs can reach.
pub fn limits(block_bytes: usize) -> Limits {
    Limits {
        record_bytes: 200,
        content_bytes: 1 << 20,
        depth: 4,
        block_bytes,
        ..Limits::default()
    }
}

/// What is said of one record: its place, its bytes, and its fields or the rule and the column that are wrong.
pub type Told = (
    Position,
    Vec<u8>,
    Result<Vec<Option<Vec<u8>>>, (Rule, Option<usize>)>,
);

/// All that is said of some content.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub records: Vec<Told>,
    pub fault: Option<(Position, Rule)>,
}

/// Content in pieces of at most so many bytes.
struct Pieces(Cursor<Vec<u8>>, usize);

impl Content for Pieces {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault> {
        let most = into.len().min(self.1.max(1));
        Ok(self
            .0
            .read(&mut into[..most])
            .expect("memory does not fail"))
    }
}

/// Reads bytes as plain content, cut and arriving as told.
pub fn read_plain(format: Format, bytes: &[u8], block: usize, piece: usize) -> Outcome {
    let content = Pieces(Cursor::new(bytes.to_vec()), piece);
    read(format, Box::new(content), &limits(block))
}

/// Reads bytes as compressed content.
pub fn read_compressed(compression: Compression, bytes: &[u8], capacity: usize) -> Outcome {
    let input = BufReader::with_capacity(capacity.max(1), Cursor::new(bytes.to_vec()));
    let limits = limits(64);
    read(
        Format::Csv,
        decompress(compression, Box::new(input), &limits),
        &limits,
    )
}

fn read(format: Format, content: Box<dyn Content>, limits: &Limits) -> Outcome {
    let mut outcome = Outcome {
        records: Vec::new(),
        fault: None,
    };
    let mut splitter = match Splitter::new(format, &CONTRACT, content, limits) {
        Ok(splitter) => splitter,
        Err(fault) => {
            outcome.fault = Some((fault.at, fault.rule));
            return outcome;
        }
    };
    let mut next = splitter.position();
    loop {
        let block = match splitter.next_block() {
            Ok(Some(block)) => block,
            Ok(None) => break,
            Err(fault) => {
                outcome.fault = Some((fault.at, fault.rule));
                break;
            }
        };
        assert!(
            block.at.record == next.record && block.at >= next,
            "blocks follow each other"
        );
        next = splitter.position();
        let mut records = block.records(splitter.layout());
        while let Some(record) = records.next() {
            outcome.records.push(match record {
                Ok(record) => {
                    let fields = record
                        .fields
                        .iter()
                        .map(|field| field.as_bytes().map(<[u8]>::to_vec));
                    (record.at, record.raw.to_vec(), Ok(fields.collect()))
                }
                Err(bad) => (bad.at, bad.raw.to_vec(), Err((bad.rule, bad.column))),
            });
        }
        let totals = records.totals();
        assert_eq!(
            (totals.records, totals.lines),
            (block.records, block.lines),
            "nothing is lost"
        );
    }
    for (index, (at, ..)) in outcome.records.iter().enumerate() {
        assert_eq!(at.record, index as u64 + 1, "records count from 1");
    }
    outcome
}
