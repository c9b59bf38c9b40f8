//! Any bytes as gzip and as zstd: content or a fault, however they arrive. How much comes out
//! of damaged content before the fault may depend on that, and so which of two faults is met first.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reader::Compression;
use waybill_fuzz::read_compressed;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    for compression in [Compression::Gzip, Compression::Zstd] {
        let whole = read_compressed(compression, bytes, 1 << 16);
        let cut = read_compressed(compression, bytes, usize::from(piece));
        assert_eq!(whole.fault.is_some(), cut.fault.is_some());
        let both = whole.records.len().min(cut.records.len());
        assert_eq!(whole.records[..both], cut.records[..both]);
        assert!(whole.fault.is_some() || whole == cut);
    }
});
