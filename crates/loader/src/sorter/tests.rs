//! Whatever the rows, the runs and the disk: every row comes out once, and each pass ascends.

use std::fs::File;
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use contract::Value;
use proptest::prelude::*;
use tokio::sync::mpsc;

use super::*;
use crate::encode::{Extra, FieldStarts};
use crate::meter::Meter;
use crate::runs::RowRef;
use crate::settings::ScratchSettings;

/// Rows of prices; the text makes some longer than a chunk of the scratch file.
fn plan() -> Arc<RowPlan> {
    let prices = contract::find("prices").expect("prices is shipped");
    let order = ["orig_code", "dest_code", "day"].map(str::to_owned);
    Arc::new(RowPlan::new(prices, &order, &[false; 4], Extra::Batch(7)))
}

fn block(plan: &RowPlan, rows: &[(String, i32)]) -> Rows {
    let mut block = Rows::default();
    let mut starts = FieldStarts::new();
    for (text, day) in rows {
        let at = block.bytes.len();
        plan.begin(&mut block.bytes, &mut starts);
        for value in [
            Value::Text(text),
            Value::Text("EETLL"),
            Value::Date(*day),
            Value::Int(1),
        ] {
            plan.field(&mut block.bytes, &mut starts, &value);
        }
        plan.end(&mut block.bytes, 0, false);
        let row = &block.bytes[at..];
        block.refs.push(RowRef {
            key: plan.key_of(row, &mut starts),
            at: at as u32,
            len: row.len() as u32,
        });
    }
    block
}

/// Keys and bytes of the rows in a stream of pieces.
fn rows_of(plan: &RowPlan, stream: &[u8]) -> Vec<([u64; 2], Vec<u8>)> {
    let mut rows = Vec::new();
    let mut rest = stream;
    while !rest.is_empty() {
        let mut at = 2;
        for _ in 0..5 {
            let length = i32::from_be_bytes(rest[at..at + 4].try_into().expect("four bytes"));
            at += 4 + length as usize;
        }
        let (row, after) = rest.split_at(at);
        rows.push((plan.key_of(row, &mut FieldStarts::new()), row.to_vec()));
        rest = after;
    }
    rows
}

fn passes(rows: &[([u64; 2], Vec<u8>)]) -> usize {
    1 + rows.windows(2).filter(|pair| pair[1].0 < pair[0].0).count()
}

/// Puts blocks through a sorter and gives the rows as the server would get them.
fn sorted(
    settings: &LoadSettings,
    plan: &Arc<RowPlan>,
    blocks: &[Rows],
) -> Vec<([u64; 2], Vec<u8>)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let (rows_to, mut rows) = mpsc::channel::<Bytes>(2);
    let server = std::thread::spawn(move || {
        let mut stream = Vec::new();
        while let Some(piece) = rows.blocking_recv() {
            stream.extend_from_slice(&piece);
        }
        stream
    });
    let pieces = Pieces::new(rows_to, Arc::new(Meter::default()));
    let mut sorter = Sorter::start(settings, Arc::clone(plan), pieces);
    for block in blocks {
        assert!(sorter.take(block));
    }
    runtime.block_on(sorter.finish()).expect("sorted");
    rows_of(plan, &server.join().expect("the stream"))
}

fn settings(run_bytes: usize, scratch_bytes: u64) -> LoadSettings {
    LoadSettings {
        run_bytes,
        scratch: ScratchSettings {
            bytes: scratch_bytes,
            ..ScratchSettings::default()
        },
        ..LoadSettings::default()
    }
}

/// Rows in no order, the same every time.
fn unsorted(rows: usize) -> Vec<(String, i32)> {
    (0..rows as u64)
        .map(|i| {
            let at = i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            (format!("P{:04}", at % 97), (at / 97) as i32)
        })
        .collect()
}

fn blocks(plan: &RowPlan, rows: &[(String, i32)], size: usize) -> Vec<Rows> {
    rows.chunks(size).map(|rows| block(plan, rows)).collect()
}

#[test]
fn the_larger_the_scratch_the_fewer_passes() {
    let plan = plan();
    let blocks = blocks(&plan, &unsorted(20_000), 200);
    let run_bytes = 64 << 10;
    let passes_with = |scratch| passes(&sorted(&settings(run_bytes, scratch), &plan, &blocks));
    let (all, some, none) = (passes_with(8 << 20), passes_with(200 << 10), passes_with(0));
    assert_eq!(all, 1);
    assert!((4..=8).contains(&some), "{some} passes");
    assert!((20..=30).contains(&none), "{none} passes");
}

#[test]
fn one_run_touches_no_disk() {
    let plan = plan();
    let (rows_to, mut rows) = mpsc::channel::<Bytes>(2);
    let mut sorting = Sorting {
        plan: Arc::clone(&plan),
        settings: ScratchSettings::default(),
        scratch: OnceCell::new(),
        pieces: Pieces::new(rows_to, Arc::new(Meter::default())),
    };
    let (full, runs) = bounded(1);
    full.send(Run::Last(block(&plan, &unsorted(100))))
        .expect("there is room");
    drop(full);
    sorting.run(&runs, &bounded(1).0).expect("sorted");
    assert!(sorting.scratch.get().is_none(), "a file was made");
    let stream = rows.try_recv().expect("one piece");
    assert_eq!(passes(&rows_of(&plan, &stream)), 1);
}

#[test]
fn a_full_disk_makes_more_passes_and_loses_nothing() {
    let plan = plan();
    let full_disk = File::options()
        .read(true)
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let (rows_to, mut rows) = mpsc::channel::<Bytes>(64);
    let mut sorting = Sorting {
        plan: Arc::clone(&plan),
        settings: ScratchSettings::default(),
        scratch: OnceCell::from(Some(Scratch::within(full_disk, 1 << 30))),
        pieces: Pieces::new(rows_to, Arc::new(Meter::default())),
    };
    let (full, runs) = bounded(3);
    let all = unsorted(3_000);
    let mut blocks = blocks(&plan, &all, 1_000).into_iter();
    for run in [Run::Full, Run::Full, Run::Last] {
        full.send(run(blocks.next().expect("a block")))
            .expect("there is room");
    }
    drop(full);
    sorting.run(&runs, &bounded(2).0).expect("sorted");
    drop(sorting);
    let mut stream = Vec::new();
    while let Some(piece) = rows.blocking_recv() {
        stream.extend_from_slice(&piece);
    }
    let rows = rows_of(&plan, &stream);
    assert_eq!((rows.len(), passes(&rows)), (all.len(), 3));
}

#[test]
fn a_disk_that_gives_back_other_bytes_fails_the_merge() {
    let plan = plan();
    let file = tempfile::tempfile().expect("a file");
    let mut scratch = Scratch::within(file.try_clone().expect("the same"), 1 << 30);
    let mut run = block(&plan, &unsorted(5_000));
    run.sort();
    scratch.add(&run).expect("written");
    let mut byte = [0];
    file.read_exact_at(&mut byte, 70_000).expect("read");
    file.write_all_at(&[byte[0] ^ 1], 70_000).expect("written");
    let (rows_to, _rows) = mpsc::channel::<Bytes>(64);
    let mut pieces = Pieces::new(rows_to, Arc::new(Meter::default()));
    let merged = merge(Some(&scratch), &Rows::default(), &plan, &mut pieces);
    assert!(matches!(merged, Err(MergeError::Scratch(_))), "{merged:?}");
}

#[test]
fn a_sorter_that_is_dropped_sends_nothing() {
    let plan = plan();
    let (rows_to, mut rows) = mpsc::channel::<Bytes>(2);
    let pieces = Pieces::new(rows_to, Arc::new(Meter::default()));
    let mut sorter = Sorter::start(&settings(64 << 10, 8 << 20), Arc::clone(&plan), pieces);
    for block in blocks(&plan, &unsorted(5_000), 200) {
        assert!(sorter.take(&block));
    }
    drop(sorter);
    assert_eq!(rows.blocking_recv(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_row_comes_out_once(
        rows in prop::collection::vec(("[A-C]{0,3}", -3..3_i32, prop::sample::select(vec![0_usize, 0, 0, 0, 40_000])), 0..400),
        run_bytes in 1_usize..200_000,
        scratch in prop::sample::select(vec![0_u64, 10_000, 100_000, 1 << 30]),
        size in 1_usize..60,
    ) {
        let plan = plan();
        let rows: Vec<(String, i32)> = rows
            .into_iter()
            .map(|(text, day, more)| (text + &"Z".repeat(more), day))
            .collect();
        let blocks = blocks(&plan, &rows, size);
        let out = sorted(&settings(run_bytes, scratch), &plan, &blocks);
        if scratch == 1 << 30 {
            prop_assert_eq!(passes(&out), 1);
        }
        let mut out: Vec<Vec<u8>> = out.into_iter().map(|(_, row)| row).collect();
        let mut all: Vec<Vec<u8>> = blocks
            .iter()
            .flat_map(|block| block.refs.iter().map(|row| block.row(row).to_vec()))
            .collect();
        out.sort();
        all.sort();
        prop_assert_eq!(out, all);
    }
}
