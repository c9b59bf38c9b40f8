//! Any bytes as a JSON document: records, errors and at most one fault, however they are cut.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reader::Format;
use waybill_fuzz::read_plain;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (block, piece, bytes) = input;
    let whole = read_plain(Format::Json, bytes, 1 << 16, 1 << 16);
    let cut = read_plain(Format::Json, bytes, usize::from(block), usize::from(piece));
    assert_eq!(whole, cut);
});
