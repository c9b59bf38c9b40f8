//! Says what the reader and a contract find wrong with files, a line of JSON each: what another implementation of the
//! same rules is compared with, for contracts and values that no shipped dataset has.
//!
//! `findings CONTRACT FILE...`: each file is read as its ending says.

use std::fs::File;
use std::io::{BufReader, Write, stdout};

use contract::Contract;
use reader::{Compression, Fault, Format, Limits, Splitter, decompress};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let contract = arguments.next().ok_or("usage: findings CONTRACT FILE...")?;
    let contract = Contract::parse(&std::fs::read_to_string(contract)?)?;
    for name in arguments {
        let mut found = Vec::new();
        let end = read(&contract, &name, &mut found)?.err();
        for entry in found
            .into_iter()
            .chain(end.map(|fault| fault_entry(&fault)))
        {
            writeln!(stdout(), "{entry}")?;
        }
        writeln!(stdout(), "{}", json!({ "end": name }))?;
    }
    Ok(())
}

fn read(
    contract: &Contract,
    name: &str,
    found: &mut Vec<Value>,
) -> Result<Result<(), Fault>, Box<dyn std::error::Error>> {
    let (stem, compression) = match name.rsplit_once('.') {
        Some((stem, ending)) => match Compression::from_extension(ending) {
            Some(compression) => (stem, compression),
            None => (name, Compression::None),
        },
        None => (name, Compression::None),
    };
    let ending = stem.rsplit_once('.').map_or("", |(_, ending)| ending);
    let format = Format::from_extension(ending).ok_or("a file's name must say its format")?;
    let limits = Limits::default();
    let content = decompress(
        compression,
        Box::new(BufReader::with_capacity(64 << 10, File::open(name)?)),
        &limits,
    );
    let mut splitter = match Splitter::new(format, contract, content, &limits) {
        Ok(splitter) => splitter,
        Err(fault) => return Ok(Err(fault)),
    };
    loop {
        let block = match splitter.next_block() {
            Ok(Some(block)) => block,
            Ok(None) => return Ok(Ok(())),
            Err(fault) => return Ok(Err(fault)),
        };
        let mut records = block.records(splitter.layout());
        while let Some(record) = records.next() {
            match record {
                Err(bad) => found.push(json!([
                    bad.at.record,
                    bad.at.line,
                    bad.at.byte,
                    bad.column,
                    bad.rule,
                    bad.value.as_deref().map(String::from_utf8_lossy),
                    bad.message,
                    String::from_utf8_lossy(bad.raw),
                ])),
                Ok(record) => {
                    for (place, (column, raw)) in
                        contract.columns.iter().zip(record.fields).enumerate()
                    {
                        found.push(match column.check(*raw) {
                            Ok(value) => json!([record.at.record, place, value.to_string()]),
                            Err(violation) => json!([
                                record.at.record,
                                record.at.line,
                                record.at.byte,
                                place,
                                violation.rule,
                                raw.as_bytes().map(String::from_utf8_lossy),
                                violation.message,
                                String::from_utf8_lossy(record.raw),
                            ]),
                        });
                    }
                }
            }
        }
    }
}

fn fault_entry(fault: &Fault) -> Value {
    json!([
        fault.at.record,
        fault.at.line,
        fault.at.byte,
        null,
        fault.rule,
        fault.value.as_deref().map(String::from_utf8_lossy),
        fault.message,
        "",
    ])
}
