//! What a load costs the client, stage by stage: `cargo bench -p loader`. Bytes are those of the CSV for `check` and
//! `hash`, and those of the encoded rows, about twice as many, for `sort`.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Cursor;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use loader::LoadSettings;
use loader::measured::{Encoded, Stages};
use reader::{Block, Compression, Format, Layout, Limits, Splitter, decompress};
use sha2::{Digest, Sha256};

const ROWS: u32 = 500_000;
const PORTS: u32 = 143;

fn main() {
    divan::main();
}

/// Prices between some ports, in no order.
fn content() -> String {
    let mut content = String::from("orig_code,dest_code,day,price\n");
    for row in 0..ROWS {
        let at = row.wrapping_mul(2_654_435_761) >> 8;
        let (from, to) = (at % PORTS, at / PORTS % PORTS);
        let (month, day, price) = (at / 28 % 12 + 1, at % 28 + 1, row % 2_900 + 100);
        writeln!(
            content,
            "PT{from:03},PT{to:03},2021-{month:02}-{day:02},{price}"
        )
        .expect("memory takes it");
    }
    content
}

fn stages() -> Stages {
    let prices = contract::find("prices").expect("prices is shipped");
    let ports: Vec<String> = (0..PORTS).map(|port| format!("PT{port:03}")).collect();
    Stages::new(prices, &["orig_code", "dest_code", "day"], &ports)
}

fn blocks(content: String) -> (Vec<Block>, Arc<Layout>) {
    let prices = contract::find("prices").expect("prices is shipped");
    let limits = Limits::default();
    let content = decompress(Compression::None, Box::new(Cursor::new(content)), &limits);
    let mut splitter = Splitter::new(Format::Csv, prices, content, &limits).expect("a header");
    let blocks = std::iter::from_fn(|| splitter.next_block().expect("good content")).collect();
    (blocks, Arc::clone(splitter.layout()))
}

fn encoded(stages: &Stages) -> Vec<Encoded> {
    let (blocks, layout) = blocks(content());
    blocks
        .iter()
        .map(|block| stages.check(block, &layout))
        .collect()
}

/// A worker: parse, check, look references up, encode.
#[divan::bench]
fn check(bencher: Bencher<'_, '_>) {
    let stages = stages();
    let content = content();
    let bytes = content.len();
    let (blocks, layout) = blocks(content);
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| {
            for block in &blocks {
                black_box(stages.check(block, &layout));
            }
        });
}

/// The content's hash.
#[divan::bench]
fn hash(bencher: Bencher<'_, '_>) {
    let content = content();
    bencher
        .counter(BytesCount::new(content.len()))
        .bench_local(|| Sha256::digest(content.as_bytes()));
}

/// The sorter, in memory or with so many runs on disk.
#[divan::bench(args = [0, 4, 64])]
fn sort(bencher: Bencher<'_, '_>, runs_on_disk: usize) {
    let stages = stages();
    let blocks = encoded(&stages);
    let bytes: usize = blocks.iter().map(Encoded::bytes).sum();
    let settings = LoadSettings {
        // A run holds the rows and a sort key of half their size.
        run_bytes: match runs_on_disk {
            0 => bytes * 2,
            runs => bytes * 3 / 2 / runs,
        },
        ..LoadSettings::default()
    };
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| stages.sort(&blocks, &settings));
}
