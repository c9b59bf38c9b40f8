//! How fast content becomes records on one core: `cargo bench -p reader`. Values are not checked here; the loader's
//! benches have that. Bytes are those of the decompressed content.

use std::hint::black_box;
use std::io::{Cursor, Write as _};

use divan::Bencher;
use divan::counter::BytesCount;
use reader::{Block, Compression, Content, Format, Layout, Limits, Splitter, decompress};

const ROWS: u32 = 200_000;

fn main() {
    divan::main();
}

/// Prices as a partner writes them.
fn content(format: Format) -> Vec<u8> {
    let (head, between, end): (&str, &str, &str) = match format {
        Format::Csv => ("orig_code,dest_code,day,price\n", "", ""),
        Format::JsonLines => ("", "", ""),
        Format::Json => ("[", ",", "]"),
        Format::Xml => ("<prices>\n", "", "</prices>\n"),
    };
    let mut content = head.as_bytes().to_vec();
    for row in 0..ROWS {
        if row > 0 {
            content.extend_from_slice(between.as_bytes());
        }
        let (from, to) = (row * 7 % 143, row * 31 % 143);
        let (month, day, price) = (row % 12 + 1, row % 28 + 1, row % 2_900 + 100);
        let written = match format {
            Format::Csv => writeln!(
                content,
                "PT{from:03},UY{to:03},2021-{month:02}-{day:02},{price}"
            ),
            Format::JsonLines | Format::Json => writeln!(
                content,
                "{{\"orig_code\":\"PT{from:03}\",\"dest_code\":\"UY{to:03}\",\"day\":\"2021-{month:02}-{day:02}\",\"price\":{price}}}"
            ),
            Format::Xml => writeln!(
                content,
                "<price><orig_code>PT{from:03}</orig_code><dest_code>UY{to:03}</dest_code><day>2021-{month:02}-{day:02}</day><price>{price}</price></price>"
            ),
        };
        written.expect("memory takes it");
    }
    content.extend_from_slice(end.as_bytes());
    content
}

fn splitter(format: Format, content: Vec<u8>) -> Splitter {
    let contract = contract::find("prices").expect("prices is shipped");
    let limits = Limits::default();
    let content = decompress(Compression::None, Box::new(Cursor::new(content)), &limits);
    Splitter::new(format, contract, content, &limits).expect("a header")
}

/// Cutting content into blocks of whole records.
#[divan::bench(args = Format::ALL)]
fn split(bencher: Bencher<'_, '_>, format: Format) {
    let content = content(format);
    bencher
        .counter(BytesCount::new(content.len()))
        .with_inputs(|| splitter(format, content.clone()))
        .bench_local_values(|mut splitter| {
            while let Some(block) = splitter.next_block().expect("good content") {
                black_box(block);
            }
        });
}

/// Parsing blocks into records of raw fields.
#[divan::bench(args = Format::ALL)]
fn parse(bencher: Bencher<'_, '_>, format: Format) {
    let content = content(format);
    let bytes = content.len();
    let mut splitter = splitter(format, content);
    let blocks: Vec<Block> =
        std::iter::from_fn(|| splitter.next_block().expect("good content")).collect();
    let layout = splitter.layout();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        blocks
            .iter()
            .map(|block| records(block, layout))
            .sum::<u64>()
    });
}

fn records(block: &Block, layout: &Layout) -> u64 {
    let mut records = block.records(layout);
    while let Some(record) = records.next() {
        black_box(record.is_ok_and(|record| record.fields.is_empty()));
    }
    records.totals().records
}

/// Unpacking.
#[divan::bench(args = [Compression::Gzip, Compression::Zstd])]
fn unpack(bencher: Bencher<'_, '_>, compression: Compression) {
    let content = content(Format::Csv);
    let packed = match compression {
        Compression::Gzip => {
            let mut packed =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            packed.write_all(&content).expect("memory takes it");
            packed.finish().expect("memory takes it")
        }
        _ => zstd::encode_all(&content[..], 3).expect("memory takes it"),
    };
    let mut buffer = vec![0; 256 << 10];
    bencher
        .counter(BytesCount::new(content.len()))
        .bench_local(|| {
            let input = Box::new(Cursor::new(packed.clone()));
            let mut content = decompress(compression, input, &Limits::default());
            while content.read(&mut buffer).expect("good content") > 0 {
                black_box(&buffer);
            }
        });
}
