//! What the tests share: small contracts, content in any chunks, and everything a reader says about it.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "every test binary uses a part"
)]

use std::io::{self, BufRead, Cursor, Read};

use contract::Contract;
use reader::{
    Compression, Content, ContentFault, Fault, Format, Limits, Position, Raw, Rule, Splitter,
    decompress,
};

/// Columns `a` (required), `b` and `c`, all text; `b` is also called `bee`.
pub(crate) fn abc(unknown_columns: &str) -> Contract {
    let toml = format!(
        r#"
        name = "abc"
        table = "abc"
        description = "for tests"
        mode = "append"
        unknown_columns = "{unknown_columns}"

        [[columns]]
        name = "a"
        type = "text"
        required = true
        description = "first"

        [[columns]]
        name = "b"
        type = "text"
        aliases = ["bee"]
        description = "second"

        [[columns]]
        name = "c"
        type = "json"
        description = "third"
        "#
    );
    Contract::parse(&toml).expect("the contract is right")
}

/// Content that arrives in pieces of at most so many bytes, and may end with an error.
pub(crate) struct Pieces {
    pub(crate) bytes: Cursor<Vec<u8>>,
    pub(crate) most: usize,
    pub(crate) error: Option<io::ErrorKind>,
}

impl Pieces {
    pub(crate) fn new(bytes: &[u8], most: usize) -> Self {
        Self {
            bytes: Cursor::new(bytes.to_vec()),
            most: most.max(1),
            error: None,
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.most);
        match (self.bytes.read(&mut into[..most])?, self.error) {
            (0, Some(kind)) => Err(kind.into()),
            (read, _) => Ok(read),
        }
    }
}

impl BufRead for Pieces {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let buffer = self.bytes.fill_buf()?;
        match (buffer.is_empty(), self.error) {
            (true, Some(kind)) => Err(kind.into()),
            _ => Ok(&buffer[..buffer.len().min(self.most)]),
        }
    }

    fn consume(&mut self, amount: usize) {
        self.bytes.consume(amount);
    }
}

impl Content for Pieces {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContentFault> {
        Ok(Read::read(self, into).expect("only decompressed inputs fail here"))
    }
}

/// A field, owned. A CSV field and a JSON string are both `Text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Absent,
    Text(Vec<u8>),
    Number(String),
    Bool(bool),
    Compound(String),
}

impl From<Raw<'_>> for Field {
    fn from(raw: Raw<'_>) -> Self {
        match raw {
            Raw::Absent => Self::Absent,
            Raw::Text(bytes) => Self::Text(bytes.to_vec()),
            Raw::String(text) => Self::Text(text.into()),
            Raw::Number(text) => Self::Number(text.into()),
            Raw::Bool(value) => Self::Bool(value),
            Raw::Compound(text) => Self::Compound(text.into()),
        }
    }
}

pub(crate) fn text(value: &str) -> Field {
    Field::Text(value.into())
}

/// A malformed record, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) rule: Rule,
    pub(crate) column: Option<usize>,
    pub(crate) message: String,
    pub(crate) value: Option<Vec<u8>>,
}

/// A record, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) at: Position,
    pub(crate) raw: Vec<u8>,
    pub(crate) what: Result<Vec<Field>, Bad>,
}

impl Line {
    pub(crate) fn fields(&self) -> &[Field] {
        self.what.as_ref().expect("the record is well-formed")
    }

    pub(crate) fn bad(&self) -> &Bad {
        self.what.as_ref().expect_err("the record is malformed")
    }
}

/// All that a reader says about a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) header: Option<Vec<u8>>,
    pub(crate) lines: Vec<Line>,
    pub(crate) fault: Option<Told>,
    /// Where the splitter stopped.
    pub(crate) end: Position,
    pub(crate) most_bytes: usize,
}

/// A fault without its source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) at: Position,
    pub(crate) rule: Rule,
    pub(crate) message: String,
    pub(crate) is_io: bool,
}

impl From<Fault> for Told {
    fn from(fault: Fault) -> Self {
        let is_io = fault.is_io();
        Self {
            at: fault.at,
            rule: fault.rule,
            message: fault.message,
            is_io,
        }
    }
}

/// Reads content to its end or fault, and holds every block to its own counts and positions.
pub(crate) fn read(
    format: Format,
    contract: &Contract,
    content: Box<dyn Content>,
    limits: &Limits,
) -> Outcome {
    let mut outcome = Outcome {
        header: None,
        lines: Vec::new(),
        fault: None,
        end: Position::START,
        most_bytes: 0,
    };
    let mut splitter = match Splitter::new(format, contract, content, limits) {
        Ok(splitter) => splitter,
        Err(fault) => {
            outcome.fault = Some(fault.into());
            return outcome;
        }
    };
    outcome.header = splitter.header_bytes().map(<[u8]>::to_vec);
    loop {
        let expected = splitter.position();
        match splitter.next_block() {
            Ok(Some(block)) => {
                assert!(block.at.record == expected.record && block.at >= expected);
                assert!(block.records > 0, "a block has a record");
                outcome.most_bytes = outcome.most_bytes.max(block.bytes.len());
                let mut records = block.records(splitter.layout());
                while let Some(record) = records.next() {
                    outcome.lines.push(match record {
                        Ok(record) => Line {
                            at: record.at,
                            raw: record.raw.to_vec(),
                            what: Ok(record.fields.iter().copied().map(Field::from).collect()),
                        },
                        Err(bad) => Line {
                            at: bad.at,
                            raw: bad.raw.to_vec(),
                            what: Err(Bad {
                                rule: bad.rule,
                                column: bad.column,
                                message: bad.message,
                                value: bad.value.map(std::borrow::Cow::into_owned),
                            }),
                        },
                    });
                }
                let totals = records.totals();
                assert_eq!((totals.records, totals.lines), (block.records, block.lines));
            }
            Ok(None) => break,
            Err(fault) => {
                outcome.fault = Some(fault.into());
                assert!(splitter.next_block().is_err(), "a fault is final");
                break;
            }
        }
    }
    outcome.end = splitter.position();
    outcome
}

/// Reads bytes as they are.
pub(crate) fn csv(contract: &Contract, bytes: impl AsRef<[u8]>) -> Outcome {
    let bytes = bytes.as_ref();
    read(
        Format::Csv,
        contract,
        Box::new(Pieces::new(bytes, bytes.len())),
        &Limits::default(),
    )
}

pub(crate) fn jsonl(contract: &Contract, bytes: impl AsRef<[u8]>) -> Outcome {
    let bytes = bytes.as_ref();
    read(
        Format::JsonLines,
        contract,
        Box::new(Pieces::new(bytes, bytes.len())),
        &Limits::default(),
    )
}

/// Reads a document as it is.
pub(crate) fn document(format: Format, contract: &Contract, bytes: impl AsRef<[u8]>) -> Outcome {
    let bytes = bytes.as_ref();
    read(
        format,
        contract,
        Box::new(Pieces::new(bytes, bytes.len())),
        &Limits::default(),
    )
}

/// Everything that comes out of compressed bytes, and how it ended.
pub(crate) fn unpack(
    compression: Compression,
    input: Pieces,
    limits: &Limits,
) -> (Vec<u8>, Option<ContentFault>) {
    let mut content = decompress(compression, Box::new(input), limits);
    let mut out = Vec::new();
    let mut buffer = vec![0; 10_007];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return (out, None),
            Ok(read) => out.extend_from_slice(&buffer[..read]),
            Err(fault) => return (out, Some(fault)),
        }
    }
}

/// The position of record `record`.
pub(crate) fn at(record: u64, line: u64, byte: u64) -> Position {
    Position { record, line, byte }
}
