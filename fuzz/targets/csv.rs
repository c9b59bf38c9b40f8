//! Any bytes as a whole CSV file: a header, a fault, or records, however they are cut.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reader::Format;
use waybill_fuzz::read_plain;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (block, piece, bytes) = input;
    let whole = read_plain(Format::Csv, bytes, 1 << 16, 1 << 16);
    let cut = read_plain(Format::Csv, bytes, usize::from(block), usize::from(piece));
    assert_eq!(whole, cut);
});
