//! Compressed content: what is taken as it is, and every way in which it can be wrong.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use reader::{Compression, Format, Limits, Rule, decompress};

use crate::support::{Pieces, abc, at, read, unpack};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory does not fail")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("memory does not fail")
}

type Pack = fn(&[u8]) -> Vec<u8>;

const BOTH: [(Compression, Pack); 2] = [(Compression::Gzip, gzip), (Compression::Zstd, zstd)];

/// The rule that a fault breaks, and what came out before it.
fn fault(compression: Compression, bytes: &[u8]) -> (Rule, String, Vec<u8>) {
    let (out, fault) = unpack(compression, Pieces::new(bytes, 1_000), &Limits::default());
    let fault = fault.expect("the content is refused");
    (fault.rule, fault.message, out)
}

fn sample() -> Vec<u8> {
    (0..40_000_u32)
        .flat_map(|row| format!("{row},{}\n", row.wrapping_mul(2_654_435_761)).into_bytes())
        .collect()
}

#[test]
fn content_comes_out_as_it_went_in_whatever_the_pieces() {
    let sample = sample();
    for (compression, pack) in BOTH {
        let packed = pack(&sample);
        for most in [1, 7, 4_096, usize::MAX] {
            let (out, fault) = unpack(compression, Pieces::new(&packed, most), &Limits::default());
            assert!(fault.is_none(), "{fault:?}");
            assert!(out == sample, "{compression:?} in pieces of {most}");
        }
    }
    let (out, fault) = unpack(
        Compression::None,
        Pieces::new(&sample, 100),
        &Limits::default(),
    );
    assert!(fault.is_none() && out == sample);
}

#[test]
fn several_members_are_one_content() {
    let sample = sample();
    for (compression, pack) in BOTH {
        let (left, right) = sample.split_at(100_003);
        let packed = [pack(left), pack(b""), pack(right), pack(b"")].concat();
        for most in [1, 1_000] {
            let (out, fault) = unpack(compression, Pieces::new(&packed, most), &Limits::default());
            assert!(
                fault.is_none() && out == sample,
                "{compression:?} {fault:?}"
            );
        }
    }
}

#[test]
fn positions_go_on_through_members() {
    let file = [
        gzip(b"a,b,c\n1,\"x\ny\""),
        gzip(b",3\n4,5\n"),
        gzip(b"7,8,9"),
    ]
    .concat();
    let content = decompress(
        Compression::Gzip,
        Box::new(Pieces::new(&file, 3)),
        &Limits::default(),
    );
    let outcome = read(Format::Csv, &abc("reject"), content, &Limits::default());
    assert_eq!(outcome.fault, None);
    let places: Vec<_> = outcome.lines.iter().map(|line| line.at).collect();
    assert_eq!(places, [at(1, 2, 6), at(2, 4, 16), at(3, 5, 20)]);
    assert_eq!(outcome.lines[1].bad().rule, Rule::Columns);
}

#[test]
fn an_empty_object_is_an_empty_file() {
    for (compression, pack) in BOTH {
        for bytes in [Vec::new(), pack(b"")] {
            let content = decompress(
                compression,
                Box::new(Pieces::new(&bytes, 5)),
                &Limits::default(),
            );
            let outcome = read(Format::Csv, &abc("reject"), content, &Limits::default());
            assert_eq!(outcome.fault.map(|fault| fault.rule), Some(Rule::Empty));
        }
    }
}

#[test]
fn content_cut_off_anywhere_is_truncated() {
    for (compression, pack) in BOTH {
        let two = [pack(b"a,b,c\n1,2,3\n"), pack(b"4,5,6\n")].concat();
        let whole = pack(b"a,b,c\n1,2,3\n").len();
        for length in (1..two.len()).filter(|length| *length != whole) {
            let (rule, message, out) = fault(compression, &two[..length]);
            assert_eq!(rule, Rule::Truncated, "{compression:?} {length}: {message}");
            assert!(b"a,b,c\n1,2,3\n4,5,6\n".starts_with(&out));
        }
    }
}

#[test]
fn garbage_after_the_end_is_an_error_however_short() {
    for (compression, pack) in BOTH {
        let packed = pack(b"a,b,c\n1,2,3\n");
        for garbage in [
            &b"\0"[..],
            b"x",
            b"\x1F\x8C",
            b"\x28\xB5x",
            b"garbage that is longer than any header",
        ] {
            let (rule, message, out) = fault(compression, &[&packed[..], garbage].concat());
            assert_eq!(
                rule,
                Rule::Compression,
                "{compression:?} {garbage:?}: {message}"
            );
            assert!(
                message.contains(&format!("from byte {} on", packed.len())),
                "{message}"
            );
            assert_eq!(out, b"a,b,c\n1,2,3\n");
        }
    }
}

#[test]
fn what_is_not_compressed_is_told_so() {
    for (compression, _) in BOTH {
        for bytes in ["a", "a,b,c\n1,2,3\n"] {
            let (rule, message, out) = fault(compression, bytes.as_bytes());
            assert_eq!(rule, Rule::Compression);
            assert!(message.contains("as its name says it is"), "{message}");
            assert!(out.is_empty());
        }
    }
    assert_eq!(fault(Compression::Gzip, &zstd(b"x")).0, Rule::Compression);
    assert_eq!(fault(Compression::Zstd, &gzip(b"x")).0, Rule::Compression);
}

#[test]
fn damage_is_an_error_wherever_it_is() {
    let sample = sample();
    let packed = gzip(&sample);
    // The data, its checksum, its length.
    for place in [packed.len() / 2, packed.len() - 6, packed.len() - 2] {
        let mut damaged = packed.clone();
        damaged[place] ^= 0x40;
        let (rule, message, _) = fault(Compression::Gzip, &damaged);
        assert!(
            matches!(rule, Rule::Compression | Rule::Truncated),
            "{place}: {message}"
        );
    }
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
    encoder.include_checksum(true).expect("a checksum");
    let mut damaged = encoder
        .write_all(&sample)
        .and_then(|()| encoder.finish())
        .expect("memory does not fail");
    let last = damaged.len() - 1;
    damaged[last] ^= 0x40;
    assert_eq!(fault(Compression::Zstd, &damaged).0, Rule::Compression);
}

#[test]
fn a_bomb_stops_at_the_ratio() {
    let bomb = vec![b'0'; 64 << 20];
    for (compression, pack) in BOTH {
        let (rule, message, out) = fault(compression, &pack(&bomb));
        assert_eq!(rule, Rule::Compression);
        assert!(message.contains("more than 200 times"), "{message}");
        assert!(out.len() <= (16 << 20) + 20_000, "{}", out.len());
    }
}

#[test]
fn very_regular_content_below_the_allowance_is_no_bomb() {
    let regular = b"CNGGZ,EETLL,2021-01-01,1244\n".repeat(500_000);
    for (compression, pack) in BOTH {
        let (out, fault) = unpack(
            compression,
            Pieces::new(&pack(&regular), 1_000),
            &Limits::default(),
        );
        assert!(fault.is_none() && out == regular);
    }
}

#[test]
fn content_stops_at_its_limit() {
    let limits = Limits {
        content_bytes: 1_000,
        ..Limits::default()
    };
    for (compression, pack) in [
        BOTH[0],
        BOTH[1],
        (Compression::None, <[u8]>::to_vec as Pack),
    ] {
        assert!(
            unpack(
                compression,
                Pieces::new(&pack(&[b'x'; 1_000]), 100),
                &limits
            )
            .1
            .is_none()
        );
        let (_, fault) = unpack(
            compression,
            Pieces::new(&pack(&[b'x'; 1_001]), 100),
            &limits,
        );
        assert_eq!(fault.map(|fault| fault.rule), Some(Rule::ContentSize));
    }
}

#[test]
fn a_window_that_takes_too_much_memory_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
    encoder.window_log(27).expect("a window");
    let packed = encoder
        .write_all(&sample())
        .and_then(|()| encoder.finish())
        .expect("memory does not fail");
    let (rule, message, _) = fault(Compression::Zstd, &packed);
    assert_eq!(rule, Rule::Compression);
    assert!(message.contains("window"), "{message}");
}

#[test]
fn records_before_the_fault_are_given_and_it_is_placed_after_them() {
    let packed = gzip(b"a,b,c\n1,2,3\n4,5,6\n7,8");
    let content = decompress(
        Compression::Gzip,
        Box::new(Pieces::new(&packed[..packed.len() - 1], 9)),
        &Limits::default(),
    );
    let outcome = read(Format::Csv, &abc("reject"), content, &Limits::default());
    assert_eq!(outcome.lines.len(), 2);
    let fault = outcome.fault.expect("the end is missing");
    assert_eq!(
        (fault.rule, fault.at, fault.is_io),
        (Rule::Truncated, at(3, 4, 18), false)
    );
}

#[test]
fn a_source_that_breaks_is_not_the_contents_fault() {
    for (compression, pack) in [
        BOTH[0],
        BOTH[1],
        (Compression::None, <[u8]>::to_vec as Pack),
    ] {
        let packed = pack(b"a,b,c\n1,2,3\n4,5");
        let input = Pieces {
            error: Some(io::ErrorKind::ConnectionReset),
            ..Pieces::new(&packed[..packed.len() - 2], 9)
        };
        let content = decompress(compression, Box::new(input), &Limits::default());
        let outcome = read(Format::Csv, &abc("reject"), content, &Limits::default());
        let fault = outcome.fault.expect("the source breaks");
        assert_eq!(
            (fault.rule, fault.is_io),
            (Rule::Source, true),
            "{compression:?}"
        );
    }
}
