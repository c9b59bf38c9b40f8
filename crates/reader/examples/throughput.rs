//! How fast content becomes records on one core: `cargo run --release -p reader --example throughput -- FILE DATASET`.
//!
//! The file's records are repeated up to a size at which noise is small. Each stage is run several times and the best
//! is shown; values are not checked.

use std::error::Error;
use std::io::{BufReader, Cursor};
use std::path::Path;
use std::time::{Duration, Instant};

use contract::Contract;
use reader::{Block, Compression, Fault, Format, Layout, Limits, Splitter, decompress};

const BYTES: usize = 16 << 20;
const RUNS: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(dataset)) = (arguments.next(), arguments.next()) else {
        return Err("usage: throughput FILE DATASET".into());
    };
    let contract = contract::find(&dataset).ok_or("no such dataset")?;
    let format = Path::new(&path)
        .extension()
        .and_then(|extension| Format::from_extension(extension.to_str()?))
        .unwrap_or(Format::Csv);
    let content = repeated(std::fs::read(&path)?, format, contract)?;
    let limits = Limits::default();

    let mut best = [Duration::MAX; 2];
    let mut records = 0;
    for _ in 0..RUNS {
        let input = Box::new(BufReader::with_capacity(
            1 << 20,
            Cursor::new(content.clone()),
        ));
        let start = Instant::now();
        let content = decompress(Compression::None, input, &limits);
        let mut splitter = Splitter::new(format, contract, content, &limits)?;
        let (mut split, mut parsed) = (Duration::ZERO, Duration::ZERO);
        records = 0;
        let mut before = start;
        while let Some(block) = splitter.next_block()? {
            let between = Instant::now();
            split += between - before;
            records += parse(&block, splitter.layout());
            drop(block);
            before = Instant::now();
            parsed += before - between;
        }
        best = [best[0].min(split), best[1].min(parsed)];
    }
    for (stage, time) in ["split", "parse"].into_iter().zip(best) {
        let megabytes = content.len() as f64 / 1e6 / time.as_secs_f64();
        let millions = records as f64 / 1e6 / time.as_secs_f64();
        #[expect(clippy::print_stdout, reason = "its output is the figures")]
        {
            println!("{stage}: {megabytes:.0} MB/s, {millions:.1} million records a second");
        }
    }
    Ok(())
}

/// One block's records; how many fields were there is used, so that nothing is optimised away.
fn parse(block: &Block, layout: &Layout) -> u64 {
    let mut records = block.records(layout);
    while let Some(record) = records.next() {
        std::hint::black_box(record.is_ok_and(|record| record.fields.is_empty()));
    }
    records.totals().records
}

/// The file with its records over and over, between what stands before them and after.
fn repeated(file: Vec<u8>, format: Format, contract: &Contract) -> Result<Vec<u8>, Fault> {
    let limits = Limits::default();
    let input = Box::new(Cursor::new(file.clone()));
    let content = decompress(Compression::None, input, &limits);
    let mut splitter = Splitter::new(format, contract, content, &limits)?;
    let mut places = Vec::new();
    while let Some(block) = splitter.next_block()? {
        let mut records = block.records(splitter.layout());
        while let Some(record) = records.next() {
            let (at, raw) = record.map_or_else(|bad| (bad.at, bad.raw), |good| (good.at, good.raw));
            places.push((at.byte as usize, at.byte as usize + raw.len()));
        }
    }
    let (Some((first, _)), Some((_, last))) = (places.first(), places.last()) else {
        return Ok(file);
    };
    let between: &[u8] = if format == Format::Json { b"," } else { b"\n" };
    let mut content = file[..*last].to_vec();
    while content.len() < BYTES {
        content.extend_from_slice(between);
        content.extend_from_slice(&file[*first..*last]);
    }
    content.extend_from_slice(&file[*last..]);
    Ok(content)
}
