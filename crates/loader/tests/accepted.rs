//! Content that is taken as it is, however it is written.

mod support;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use ledger::{Options, State};
use support::{Bench, HEADER};
use testkit::Role;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(content).expect("packed");
    packed.finish().expect("packed")
}

async fn committed(bench: &mut Bench, key: &str, content: impl Into<bytes::Bytes>, rows: u64) {
    let ended = bench.submit(key, content).await;
    assert_eq!(
        (ended.loaded.state, ended.loaded.rows),
        (State::Committed, rows),
        "{key}: {:?} {:?}",
        ended.batch.error,
        ended.places()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_is_taken_in_every_form_that_is_not_a_guess() {
    let mut bench = Bench::with_ports().await;
    let row = "CNGGZ,EETLL,2021-01-01,1244";
    let forms: [(&str, Vec<u8>, u64); 9] = [
        ("bom", format!("\u{feff}{HEADER}{row}\n").into(), 1),
        (
            "crlf",
            format!("{HEADER}{row}\n{row}\n")
                .replace('\n', "\r\n")
                .into(),
            2,
        ),
        ("no newline at the end", format!("{HEADER}{row}").into(), 1),
        (
            "quoted",
            format!("{HEADER}\"CNGGZ\",\"EETLL\",\"2021-01-01\",\"1244\"\n").into(),
            1,
        ),
        (
            "another order",
            "price,day,dest_code,orig_code\n7,2021-01-02,CNGGZ,EETLL\n".into(),
            1,
        ),
        (
            "gzip",
            gzip(format!("{HEADER}{row}\n{row}\n{row}\n").as_bytes()),
            3,
        ),
        (
            "gzip of several members",
            [
                gzip(HEADER.as_bytes()),
                gzip(row.as_bytes()),
                gzip(b"\nEETLL,CNGGZ,2021-01-01,5\n"),
            ]
            .concat(),
            2,
        ),
        (
            "zstd",
            zstd::encode_all(format!("{HEADER}{row}\n{row}\n{row}\n{row}").as_bytes(), 3)
                .expect("packed"),
            4,
        ),
        (
            "leading zeros",
            format!("{HEADER}CNGGZ,EETLL,2021-01-01,0012\n").into(),
            1,
        ),
    ];
    let mut all = 0;
    for (name, content, rows) in forms {
        let ending = match name {
            "zstd" => "csv.zst",
            gzip if gzip.starts_with("gzip") => "csv.gz",
            _ => "csv",
        };
        committed(
            &mut bench,
            &format!("prices/{name}.{ending}"),
            content,
            rows,
        )
        .await;
        all += rows as i64;
    }
    assert_eq!(bench.count("prices").await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn quoted_fields_keep_their_commas_quotes_and_newlines() {
    let mut bench = Bench::with_ports().await;
    let content = "code,name,parent_slug\nESMPG,\"Marin, Pontevedra\",west\nNOMAY,\"Måløy \"\"north\"\"\nharbour\",coast\n";
    committed(&mut bench, "ports/quoted.csv", content, 2).await;
    let names = bench
        .session
        .query(
            "SELECT name FROM ports WHERE code IN ('ESMPG', 'NOMAY') ORDER BY code",
            &[],
        )
        .await
        .expect("asked");
    let names: Vec<&str> = names.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, ["Marin, Pontevedra", "Måløy \"north\"\nharbour"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_and_xml_documents_give_the_same_rows_as_csv() {
    let mut bench = Bench::with_ports().await;
    let json = r#"[
        {"orig_code": "CNGGZ", "dest_code": "EETLL", "day": "2021-01-01", "price": 1244},
        {"price": 5, "day": "2021-01-02", "dest_code": "\u0043NGGZ", "orig_code": "EETLL"}
    ]"#;
    let xml = r#"<?xml version="1.0"?>
        <prices>
          <price orig_code="CNGGZ" dest_code="EETLL" day="2021-01-01" price="1244"/>
          <price><price>5</price><day>2021-01-02</day><dest_code>&#67;NGGZ</dest_code><orig_code>EETLL</orig_code></price>
        </prices>"#;
    committed(&mut bench, "prices/two.json", json, 2).await;
    committed(&mut bench, "prices/two.xml", xml, 2).await;
    committed(
        &mut bench,
        "prices/two.json.gz",
        gzip(format!("{json}\n").as_bytes()),
        2,
    )
    .await;
    committed(
        &mut bench,
        "prices/two.xml.gz",
        gzip(format!("{xml}\n").as_bytes()),
        2,
    )
    .await;
    assert_eq!(
        bench
            .count("prices WHERE orig_code = 'EETLL' AND dest_code = 'CNGGZ' AND price = 5 AND day = '2021-01-02'")
            .await,
        4
    );
    // Bare numbers, codes and dates: a format decides nothing about a row.
    assert_eq!(
        bench
            .count("(SELECT DISTINCT orig_code, dest_code, day, price FROM prices) d")
            .await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_give_the_same_rows_as_csv() {
    let mut bench = Bench::with_ports().await;
    let lines = concat!(
        r#"{"orig_code":"CNGGZ","dest_code":"EETLL","day":"2021-01-01","price":1244}"#,
        "\n",
        r#"{"price":5,"day":"2021-01-02","dest_code":"\u0043NGGZ","orig_code":"EETLL"}"#
    );
    committed(&mut bench, "prices/two.jsonl", lines, 2).await;
    committed(
        &mut bench,
        "prices/two.jsonl.gz",
        gzip(format!("{lines}\n{lines}\n").as_bytes()),
        4,
    )
    .await;
    assert_eq!(
        bench
            .count("prices WHERE orig_code = 'EETLL' AND dest_code = 'CNGGZ' AND price = 5")
            .await,
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_packed_differently_is_one_delivery() {
    let mut bench = Bench::with_ports().await;
    let content = format!("{HEADER}CNGGZ,EETLL,2021-01-01,1244\n");
    let first = bench.submit("prices/a.csv", content.clone()).await;
    let packed = bench
        .submit("prices/a.csv.gz", gzip(content.as_bytes()))
        .await;
    assert_eq!(
        (packed.loaded.state, packed.batch.duplicate_of),
        (State::Duplicate, Some(first.batch.id))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_with_a_known_tag_does_not_touch_the_table() {
    let mut bench = Bench::with_ports().await;
    let content = format!("{HEADER}CNGGZ,EETLL,2021-01-01,1244\n");
    bench.stored = Some((content.len() as u64, "a tag".to_owned()));
    let first = bench.submit("prices/a.csv", content.clone()).await;

    let mut owner = bench.database.connect(Role::Owner).await;
    let lock = owner.transaction().await.expect("a transaction");
    lock.batch_execute("LOCK TABLE prices IN ACCESS EXCLUSIVE MODE")
        .await
        .expect("locked");
    let again = bench.submit("prices/b.csv", content.clone()).await;
    assert_eq!(
        (again.loaded.state, again.batch.duplicate_of),
        (State::Duplicate, Some(first.batch.id))
    );
    lock.rollback().await.expect("unlocked");

    // The tag is no proof: other content under it is loaded.
    let ended = bench
        .submit("prices/c.csv", content.replace("1244", "1245"))
        .await;
    assert_eq!(ended.loaded.state, State::Committed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_checks_everything_and_loads_nothing() {
    let mut bench = Bench::with_ports().await;
    let dry = Options {
        dry_run: true,
        ..Options::default()
    };
    let good = format!("{HEADER}CNGGZ,EETLL,2021-01-01,1244\n");
    let ended = bench
        .submit_with("prices/a.csv", good.clone(), dry.clone())
        .await;
    assert_eq!((ended.loaded.state, ended.loaded.rows), (State::Checked, 1));
    let bad = format!("{HEADER}CNGGZ,NOWHE,2021-01-01,1244\n");
    let ended = bench.submit_with("prices/b.csv", bad, dry).await;
    assert_eq!(
        (ended.loaded.state, ended.rules()),
        (State::Rejected, vec!["references"])
    );
    assert_eq!(bench.count("prices").await, 0);

    committed(&mut bench, "prices/a.csv", good, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declared_counts_and_checksums_must_hold() {
    let mut bench = Bench::with_ports().await;
    let content = format!("{HEADER}CNGGZ,EETLL,2021-01-01,1244\n");
    let wrong = Options {
        expect_rows: Some(2),
        expect_sha256: Some([7; 32]),
        ..Options::default()
    };
    let ended = bench
        .submit_with("prices/a.csv", content.clone(), wrong)
        .await;
    assert_eq!(
        (ended.loaded.state, ended.rules()),
        (State::Rejected, vec!["rows", "checksum"])
    );
    let right = Options {
        expect_rows: Some(1),
        ..Options::default()
    };
    let ended = bench.submit_with("prices/a.csv", content, right).await;
    assert_eq!(ended.loaded.state, State::Committed);
}
