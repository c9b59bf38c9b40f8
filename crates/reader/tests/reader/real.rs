//! The shipped datasets' own files, where this machine has them.

use std::path::{Path, PathBuf};

use reader::{Compression, Format, Limits, decompress};

use crate::support::{Field, Pieces, document, read, text};

/// A file of the reference data, or nothing and a loud word about it.
#[expect(
    clippy::print_stderr,
    reason = "a test that checks nothing must say so"
)]
fn reference(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("WAYBILL_REFERENCE_DATA").map_or_else(
        || {
            Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"))
                .join("../../../shared/data/rates")
        },
        PathBuf::from,
    );
    let path = folder.join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!(
            "SKIPPED: {} is not there; set WAYBILL_REFERENCE_DATA to its folder",
            path.display()
        );
    }
    bytes
}

#[test]
fn every_row_of_the_prices_is_read() {
    let Some(bytes) = reference("prices.csv") else {
        return;
    };
    let contract = contract::find("prices").expect("prices are shipped");
    for block_bytes in [1_000, 1 << 18] {
        let limits = Limits {
            block_bytes,
            ..Limits::default()
        };
        let content = decompress(
            Compression::None,
            Box::new(Pieces::new(&bytes, 65_536)),
            &limits,
        );
        let outcome = read(Format::Csv, contract, content, &limits);
        assert_eq!((outcome.fault, outcome.lines.len()), (None, 56_689));
        assert!(outcome.lines.iter().all(|line| line.what.is_ok()));
        assert_eq!(
            outcome.lines[0].fields()[..2],
            [text("CNGGZ"), text("EETLL")]
        );
        assert_eq!(outcome.end.byte, bytes.len() as u64);
        for line in &outcome.lines {
            let from = line.at.byte as usize;
            assert_eq!(bytes[from..from + line.raw.len()], line.raw);
        }
    }
}

#[test]
fn every_row_of_the_ports_and_regions_is_read() {
    for name in ["ports", "regions"] {
        let Some(bytes) = reference(&format!("{name}.csv")) else {
            return;
        };
        let contract = contract::find(name).expect("it is shipped");
        let content = decompress(
            Compression::None,
            Box::new(Pieces::new(&bytes, 100)),
            &Limits::default(),
        );
        let outcome = read(Format::Csv, contract, content, &Limits::default());
        assert_eq!(outcome.fault, None);
        assert!(outcome.lines.iter().all(|line| line.what.is_ok()), "{name}");
    }
}

#[test]
fn the_prices_as_json_and_xml_are_the_same_records() {
    let Some(bytes) = reference("prices.csv") else {
        return;
    };
    let contract = contract::find("prices").expect("prices are shipped");
    let csv = document(Format::Csv, contract, &bytes);
    let value = |field: &Field| match field {
        Field::Text(text) => String::from_utf8(text.clone()).expect("it is UTF-8"),
        other => panic!("no CSV field: {other:?}"),
    };
    let rows: Vec<Vec<String>> = csv
        .lines
        .iter()
        .map(|line| line.fields().iter().map(value).collect())
        .collect();
    let json: Vec<_> = rows
        .iter()
        .map(|row| {
            let price: u64 = row[3].parse().expect("a number");
            serde_json::json!({"orig_code": row[0], "dest_code": row[1], "day": row[2], "price": price})
        })
        .collect();
    let json = serde_json::to_vec(&json).expect("memory does not fail");
    let xml: Vec<String> = rows
        .iter()
        .map(|row| {
            let [orig, dest, day, price] = &row[..] else { panic!("four columns") };
            format!("<price orig_code=\"{orig}\" dest_code=\"{dest}\">\n  <day>{day}</day><price>{price}</price>\n</price>\n")
        })
        .collect();
    let xml = format!("<prices>{}</prices>", xml.concat());
    for (format, written) in [(Format::Json, &json[..]), (Format::Xml, xml.as_bytes())] {
        let read = document(format, contract, written);
        assert_eq!((read.fault, read.lines.len()), (None, 56_689));
        for (line, row) in read.lines.iter().zip(&rows) {
            let fields: Vec<String> = line
                .fields()
                .iter()
                .map(|field| match field {
                    Field::Number(number) => number.clone(),
                    other => value(other),
                })
                .collect();
            assert_eq!(&fields, row);
            let from = line.at.byte as usize;
            assert_eq!(written[from..from + line.raw.len()], line.raw);
        }
    }
}
