//! Bytes after a right header: nothing depends on how they are cut or arrive, and none is lost.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reader::Format;
use waybill_fuzz::read_plain;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (block, piece, bytes) = input;
    let file = [b"a,b,c\n", bytes].concat();
    let whole = read_plain(Format::Csv, &file, 1 << 16, 1 << 16);
    let cut = read_plain(Format::Csv, &file, usize::from(block), usize::from(piece));
    assert_eq!(whole, cut);
    assert_eq!(whole.fault, None);
});
