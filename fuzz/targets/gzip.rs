//! Any bytes as gzip and as zstd: content or a fault, however they arrive.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reader::Compression;
use waybill_fuzz::read_compressed;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    for compression in [Compression::Gzip, Compression::Zstd] {
        let whole = read_compressed(compression, bytes, 1 << 16);
        let cut = read_compressed(compression, bytes, usize::from(piece));
        assert_eq!(whole, cut);
    }
});
