//! Bad input: each with an exact reason and a ledger entry, and nothing loaded.

mod support;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use ledger::State;
use support::{Bench, HEADER};

const ROW: &str = "CNGGZ,EETLL,2021-01-01,1244\n";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(content).expect("packed");
    packed.finish().expect("packed")
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}

/// Content, how its key ends, and for each entry of the report: record, line, column, rule.
struct Case {
    name: &'static str,
    ending: &'static str,
    content: Vec<u8>,
    wrong: &'static [(u64, u64, Option<&'static str>, &'static str)],
}

fn case(
    name: &'static str,
    ending: &'static str,
    content: impl Into<Vec<u8>>,
    wrong: &'static [(u64, u64, Option<&'static str>, &'static str)],
) -> Case {
    Case {
        name,
        ending,
        content: content.into(),
        wrong,
    }
}

fn files() -> Vec<Case> {
    let good = format!("{HEADER}{ROW}");
    let packed = gzip(good.repeat(50).as_bytes());
    vec![
        case("empty", "csv", "", &[(0, 1, None, "empty")]),
        case("header only", "csv", HEADER, &[(0, 1, None, "empty")]),
        case(
            "wrong header",
            "csv",
            format!("origin,dest_code,day,price\n{ROW}"),
            &[(0, 1, None, "header")],
        ),
        case(
            "semicolons",
            "csv",
            good.replace(',', ";"),
            &[(0, 1, None, "header")],
        ),
        case(
            "duplicate header",
            "csv",
            format!("orig_code,dest_code,day,day\n{ROW}"),
            &[(0, 1, None, "header")],
        ),
        case("utf-16", "csv", utf16(&good), &[(0, 1, None, "encoding")]),
        case("truncated gzip", "csv.gz", &packed[..packed.len() - 6], &[]),
        case(
            "garbage after gzip",
            "csv.gz",
            [&packed[..], b"garbage"].concat(),
            &[],
        ),
        case(
            "not gzip",
            "csv.gz",
            good.clone(),
            &[(0, 1, None, "compression")],
        ),
        case(
            "gzip bomb",
            "csv.gz",
            gzip(&[HEADER.as_bytes(), &vec![b' '; 64 << 20]].concat()),
            &[],
        ),
    ]
}

fn rows() -> Vec<Case> {
    let row = |row: &str| format!("{HEADER}{ROW}{row}\n{ROW}");
    let latin1 = [HEADER.as_bytes(), b"CNGGZ,EETL\xe9,2021-01-01,1\n"].concat();
    vec![
        case(
            "latin-1",
            "csv",
            latin1,
            &[(1, 2, Some("dest_code"), "encoding")],
        ),
        case(
            "nul",
            "csv",
            row("CNG\0Z,EETLL,2021-01-01,1"),
            &[(2, 3, Some("orig_code"), "nul")],
        ),
        case(
            "unclosed quote",
            "csv",
            row("CNGGZ,\"EETLL,2021-01-01,1"),
            &[(2, 3, Some("dest_code"), "quote")],
        ),
        case(
            "bare quote",
            "csv",
            row("CNGGZ,EE\"TLL,2021-01-01,1"),
            &[(2, 3, Some("dest_code"), "quote")],
        ),
        case(
            "short record",
            "csv",
            row("CNGGZ,EETLL,2021-01-01"),
            &[(2, 3, None, "columns")],
        ),
        case(
            "long record",
            "csv",
            row("CNGGZ,EETLL,2021-01-01,1,1"),
            &[(2, 3, None, "columns")],
        ),
        case("blank line", "csv", row(""), &[(2, 3, None, "columns")]),
        case(
            "field of 10 MB",
            "csv",
            row(&format!("CNGGZ,{},2021-01-01,1", "x".repeat(10 << 20))),
            &[(2, 3, Some("dest_code"), "record_size")],
        ),
        case(
            "out of range",
            "csv",
            row("CNGGZ,EETLL,2021-01-01,2147483648"),
            &[(2, 3, Some("price"), "type")],
        ),
        case(
            "1e5",
            "csv",
            row("CNGGZ,EETLL,2021-01-01,1e5"),
            &[(2, 3, Some("price"), "type")],
        ),
        case(
            "1.0",
            "csv",
            row("CNGGZ,EETLL,2021-01-01,1.0"),
            &[(2, 3, Some("price"), "type")],
        ),
        case(
            "no such day",
            "csv",
            row("CNGGZ,EETLL,2021-02-29,1"),
            &[(2, 3, Some("day"), "type")],
        ),
        case(
            "unknown port",
            "csv",
            row("CNGGZ,ZZZZZ,2021-01-01,1"),
            &[(2, 3, Some("dest_code"), "references")],
        ),
        case(
            "everything at once",
            "csv",
            row("ZZZZZ,,2021-02-30,0"),
            &[
                (2, 3, Some("orig_code"), "references"),
                (2, 3, Some("dest_code"), "required"),
                (2, 3, Some("day"), "type"),
                (2, 3, Some("price"), "min"),
            ],
        ),
    ]
}

fn json() -> Vec<Case> {
    let good = r#"{"orig_code":"CNGGZ","dest_code":"EETLL","day":"2021-01-01","price":1244}"#;
    let with = |second: &str| format!("{good}\n{second}");
    let deep = format!(r#"{{"orig_code":{}1{}}}"#, "[".repeat(500), "]".repeat(500));
    vec![
        case(
            "broken last line",
            "jsonl",
            with(&good[..40]),
            &[(2, 2, None, "syntax")],
        ),
        case(
            "deep nesting",
            "jsonl",
            with(&deep),
            &[(2, 2, Some("orig_code"), "syntax")],
        ),
        case(
            "duplicate key",
            "jsonl",
            with(&good.replace("\"price\":1244", "\"day\":\"2021-01-02\",\"price\":1")),
            &[(2, 2, Some("day"), "duplicate_column")],
        ),
        case(
            "1.0 in json",
            "jsonl",
            with(&good.replace("1244", "1.0")),
            &[(2, 2, Some("price"), "type")],
        ),
        case(
            "1e5 in json",
            "jsonl",
            with(&good.replace("1244", "1e5")),
            &[(2, 2, Some("price"), "type")],
        ),
        case(
            "text for a number",
            "jsonl",
            with(&good.replace("1244", "\"1244\"")),
            &[(2, 2, Some("price"), "type")],
        ),
        case(
            "an array",
            "jsonl",
            with("[1,2]"),
            &[(2, 2, None, "syntax")],
        ),
    ]
}

fn documents() -> Vec<Case> {
    let good = r#"{"orig_code":"CNGGZ","dest_code":"EETLL","day":"2021-01-01","price":1244}"#;
    let array = |second: &str| format!("[{good},\n{second}]");
    let element = r#"<price orig_code="CNGGZ" dest_code="EETLL" day="2021-01-01" price="1244"/>"#;
    let prices = |second: &str| format!("<prices>{element}\n{second}</prices>");
    vec![
        case(
            "broken record",
            "json",
            array(r#"{"orig_code":tru}"#),
            &[(2, 2, None, "syntax")],
        ),
        case(
            "cut off",
            "json",
            format!("[{good},\n{{"),
            &[(2, 2, None, "truncated")],
        ),
        case(
            "two documents",
            "json",
            format!("[{good}]\n[{good}]"),
            &[(2, 2, None, "syntax")],
        ),
        case("no array", "json", good, &[(0, 1, None, "records")]),
        case("no records", "json", "[]", &[(0, 1, None, "empty")]),
        case(
            "text for a number",
            "json",
            array(&good.replace("1244", "\"1244\"")),
            &[(2, 2, Some("price"), "type")],
        ),
        case(
            "unknown key",
            "json",
            array(&good.replace("day", "date")),
            &[(2, 2, None, "unknown_column")],
        ),
        case(
            "nul",
            "json",
            array(&good.replace("CNGGZ", "\\u0000")),
            &[(2, 2, Some("orig_code"), "nul")],
        ),
        case(
            "unknown port",
            "json",
            array(&good.replace("CNGGZ", "NOBOD")),
            &[(2, 2, Some("orig_code"), "references")],
        ),
        case(
            "unknown attribute",
            "xml",
            prices(&element.replace("day", "date")),
            &[(2, 2, None, "unknown_column")],
        ),
        case(
            "bad price",
            "xml",
            prices(&element.replace("1244", "12.44")),
            &[(2, 2, Some("price"), "type")],
        ),
        case(
            "no price",
            "xml",
            prices(&element.replace("1244", "")),
            &[(2, 2, Some("price"), "required")],
        ),
        case(
            "twice",
            "xml",
            prices("<price day='2021-01-01'><day>2021-01-01</day></price>"),
            &[(2, 2, Some("day"), "duplicate_column")],
        ),
        case(
            "entity",
            "xml",
            prices(&element.replace("1244", "&x;")),
            &[(2, 2, Some("price"), "syntax")],
        ),
        case(
            "dtd",
            "xml",
            format!("<!DOCTYPE prices>{}", prices(element)),
            &[(0, 1, None, "syntax")],
        ),
        case("other root", "xml", "<rates/>", &[(0, 1, None, "records")]),
        case(
            "cut off",
            "xml",
            format!("<prices>{element}\n<price>"),
            &[(2, 2, None, "truncated")],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_a_document_has_the_partners_own_records() {
    let mut bench = Bench::with_ports().await;
    let bad = "<price>\n <orig_code>CNGGZ</orig_code><price>0</price>\n</price>";
    let ended = bench
        .submit("prices/own.xml", format!("<prices>\n{bad}\n</prices>"))
        .await;
    let rows: Vec<_> = ended.report.iter().map(|entry| &entry.row[..]).collect();
    assert_eq!(rows, [bad.as_bytes(); 3]);
    assert_eq!(ended.rules(), ["required", "required", "min"]);
    assert_eq!(ended.loaded.rejected, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_bad_input_is_rejected_at_its_place_and_loads_nothing() {
    let mut bench = Bench::with_ports().await;
    for Case {
        name,
        ending,
        content,
        wrong,
    } in files()
        .into_iter()
        .chain(rows())
        .chain(json())
        .chain(documents())
    {
        let ended = bench
            .submit(&format!("prices/{name}.{ending}"), content)
            .await;
        assert_eq!(ended.loaded.state, State::Rejected, "{name}");
        let found: Vec<_> = ended
            .places()
            .into_iter()
            .map(|(record, line, _, column, rule, _)| (record, line, column, rule))
            .collect();
        if wrong.is_empty() {
            assert!(!found.is_empty(), "{name}: the report has the reason");
        } else {
            assert_eq!(found, wrong, "{name}");
        }
        let detail = ended
            .batch
            .error
            .and_then(|problem| problem.detail)
            .unwrap_or_default();
        assert!(
            detail.len() > 20,
            "{name}: the reason is a sentence: {detail}"
        );
    }
    assert_eq!(bench.count("prices").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_archives_say_what_is_wrong_with_them() {
    let mut bench = Bench::with_ports().await;
    let expected = [
        ("truncated gzip", "truncated"),
        ("garbage after gzip", "compression"),
        ("gzip bomb", "compression"),
    ];
    for Case {
        name,
        ending,
        content,
        ..
    } in files()
    {
        let Some((_, rule)) = expected.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        let ended = bench
            .submit(&format!("prices/{name}.{ending}"), content)
            .await;
        assert!(ended.rules().contains(rule), "{name}: {:?}", ended.places());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_listing_is_capped_and_the_count_is_not() {
    let mut bench = Bench::with_ports().await;
    bench.settings.report_cap = 100;
    let content = HEADER.to_owned() + &"CNGGZ,EETLL,2021-01-01,0\n".repeat(30_000) + ROW;
    let ended = bench.submit("prices/many.csv", content).await;
    assert_eq!((ended.loaded.rejected, ended.report.len()), (30_000, 100));
    assert_eq!(
        (ended.batch.report.total, ended.batch.report.listed),
        (30_000, 100)
    );
    assert_eq!(ended.report[99].record, 100);
}
