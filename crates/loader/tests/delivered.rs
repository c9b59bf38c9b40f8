//! Deliveries of several files: one batch, all or nothing, each file with places of its own.

mod support;

use std::time::Duration;

use bytes::Bytes;
use contract::Contract;
use futures_util::future::BoxFuture;
use ledger::{Claim, Entry, Held, Options, Problem, State};
use loader::{
    BytesSource, File, LoadErrorKind, Loaded, Opened, Source, SourceError, SourceErrorKind,
};
use support::{Bench, HEADER};

/// A file as a manifest lists it.
struct Part {
    name: &'static str,
    source: Box<dyn Source>,
    rows: Option<u64>,
    sha256: Option<[u8; 32]>,
}

fn part(name: &'static str, content: impl Into<Bytes>) -> Part {
    Part {
        name,
        source: Box::new(BytesSource::new(content)),
        rows: None,
        sha256: None,
    }
}

/// An object that has not arrived.
struct Missing;

impl Source for Missing {
    fn open(&self, _offset: u64) -> BoxFuture<'_, Result<Opened, SourceError>> {
        let gone = SourceError::new(SourceErrorKind::Gone, "there is no such object");
        Box::pin(async { Err(gone) })
    }
}

fn files(parts: &[Part]) -> Vec<File<'_>> {
    parts
        .iter()
        .map(|part| {
            let key = loader::parse_key(&format!("prices/{}", part.name)).expect("a good key");
            File {
                name: Some(part.name),
                rows: part.rows,
                sha256: part.sha256,
                ..File::only(key.format, key.compression, &*part.source)
            }
        })
        .collect()
}

struct Delivered {
    loaded: Loaded,
    batch: ledger::Batch,
    report: Vec<Entry>,
}

async fn deliver(bench: &mut Bench, key: &str, parts: &[Part]) -> Delivered {
    let held = bench.claim(key, Options::default()).await;
    let contract = contract_of(&held);
    let loaded = bench.load_files(contract, &held, &files(parts)).await;
    ledger::release_claim(&bench.ledger, &held)
        .await
        .expect("released");
    let loaded = loaded.unwrap_or_else(|error| panic!("{key}: {}", ledger::chain(&error)));
    let batch = ledger::find(&bench.ledger, held.id)
        .await
        .expect("asked")
        .expect("there");
    let report = ledger::errors(&bench.ledger, held.id, 0, 1_000)
        .await
        .expect("asked");
    Delivered {
        loaded,
        batch,
        report: report.map(|report| report.entries).unwrap_or_default(),
    }
}

fn contract_of(held: &Held) -> &'static Contract {
    contract::find(&held.dataset).expect("a shipped dataset")
}

/// File, record, line, byte and rule of an entry.
type Place<'a> = (Option<&'a str>, u64, u64, u64, &'a str);

impl Delivered {
    fn places(&self) -> Vec<Place<'_>> {
        self.report
            .iter()
            .map(|e| (e.file.as_deref(), e.record, e.line, e.byte, e.rule.as_str()))
            .collect()
    }

    fn detail(&self) -> &str {
        let problem = self.batch.error.as_ref().expect("a reason");
        problem.detail.as_deref().expect("in words")
    }
}

fn csv(rows: &[&str]) -> String {
    format!("{HEADER}{}\n", rows.join("\n"))
}

const JSON: &str = r#"[{"orig_code":"CNGGZ","dest_code":"EETLL","day":"2021-01-03","price":3}]"#;

#[tokio::test(flavor = "multi_thread")]
async fn files_of_any_format_are_one_batch() {
    let mut bench = Bench::with_ports().await;
    let xml = r#"<prices><price orig_code="EETLL" dest_code="DEHAM" day="2021-01-04" price="4"/></prices>"#;
    let first = csv(&["CNGGZ,EETLL,2021-01-01,1", "CNGGZ,EETLL,2021-01-02,2"]);
    let other = "price,day,dest_code,orig_code\n5,2021-01-05,CNGGZ,DEHAM\n";
    let parts = [
        Part {
            rows: Some(2),
            sha256: Some(sha256(&first)),
            ..part("_parts/a.csv", first.clone())
        },
        // Columns in another order: every file has a header of its own.
        part("_parts/b.csv", other),
        part("_parts/c.json", JSON),
        part("_parts/d.xml", xml),
    ];
    let ended = deliver(&mut bench, "prices/all.manifest", &parts).await;
    assert_eq!(
        (ended.loaded.state, ended.loaded.rows),
        (State::Committed, 5),
        "{:?}",
        ended.batch.error
    );
    assert_eq!(
        bench.count("(SELECT DISTINCT batch FROM prices) b").await,
        1
    );
    assert_eq!(
        bench
            .count("prices WHERE orig_code = 'DEHAM' AND price = 5")
            .await,
        1
    );
    let bytes = first.len() + other.len() + JSON.len() + xml.len();
    assert_eq!(ended.loaded.bytes, bytes as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_row_in_one_file_keeps_all_of_them_out_and_is_told_with_its_file() {
    let mut bench = Bench::with_ports().await;
    let parts = [
        part("_parts/a.csv", csv(&["CNGGZ,EETLL,2021-01-01,1"])),
        part(
            "_parts/b.csv",
            csv(&["CNGGZ,EETLL,2021-01-01,1", "CNGGZ,EETLL,2021-01-32,1"]),
        ),
        part("_parts/c.csv", "wrong,header\n1,2\n"),
        part("_parts/d.json", JSON.replace(":3}", ":0}")),
    ];
    let ended = deliver(&mut bench, "prices/bad.manifest", &parts).await;
    assert_eq!(
        (ended.loaded.state, ended.loaded.rejected),
        (State::Rejected, 2)
    );
    assert_eq!(
        ended.places(),
        [
            (Some("_parts/b.csv"), 2, 3, 55, "type"),
            (Some("_parts/d.json"), 1, 1, 1, "min"),
            (Some("_parts/c.csv"), 0, 1, 0, "header"),
        ]
    );
    assert!(
        ended.detail().contains("2 of 4 rows are wrong"),
        "{}",
        ended.detail()
    );
    assert!(
        ended.detail().contains("_parts/c.csv: the header lacks"),
        "{}",
        ended.detail()
    );
    assert_eq!(bench.count("prices").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_manifest_says_of_a_file_must_hold_for_it() {
    let mut bench = Bench::with_ports().await;
    let rows = ["CNGGZ,EETLL,2021-01-01,1", "CNGGZ,EETLL,2021-01-02,1"];
    // Together they have as many rows as declared; each by itself does not.
    let parts = [
        Part {
            rows: Some(2),
            ..part("_parts/a.csv", csv(&rows[..1]))
        },
        Part {
            rows: Some(1),
            ..part("_parts/b.csv", csv(&rows))
        },
        Part {
            sha256: Some([7; 32]),
            ..part("_parts/c.csv", csv(&rows))
        },
    ];
    let ended = deliver(&mut bench, "prices/declared.manifest", &parts).await;
    let told: Vec<_> = ended
        .places()
        .into_iter()
        .map(|(file, .., rule)| (file, rule))
        .collect();
    assert_eq!(
        told,
        [
            (Some("_parts/a.csv"), "rows"),
            (Some("_parts/b.csv"), "rows"),
            (Some("_parts/c.csv"), "checksum"),
        ]
    );
    assert_eq!(bench.count("prices").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_files_are_the_same_delivery_in_any_order() {
    let mut bench = Bench::with_ports().await;
    let a = csv(&["CNGGZ,EETLL,2021-01-01,1"]);
    let b = csv(&["CNGGZ,EETLL,2021-01-02,2"]);
    let first = deliver(
        &mut bench,
        "prices/1.manifest",
        &[
            part("_parts/a.csv", a.clone()),
            part("_parts/b.csv", b.clone()),
        ],
    )
    .await;
    assert_eq!(first.loaded.state, State::Committed);
    let again = deliver(
        &mut bench,
        "prices/2.manifest",
        &[part("_parts/x.csv", b), part("_parts/y.csv", a.clone())],
    )
    .await;
    assert_eq!(again.loaded.state, State::Duplicate);
    assert_eq!(again.batch.duplicate_of, Some(first.batch.id));
    // One listed file is what it would be by itself.
    let alone = bench.submit("prices/a.csv", a.clone()).await;
    assert_eq!(alone.loaded.state, State::Committed);
    let listed = deliver(&mut bench, "prices/3.manifest", &[part("_parts/a.csv", a)]).await;
    assert_eq!(listed.batch.duplicate_of, Some(alone.batch.id));
    assert_eq!(bench.count("prices").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_two_files_is_told_with_both() {
    let mut bench = Bench::empty().await;
    let parts = [
        part("_parts/a.csv", "slug,name,parent_slug\nwest,West,\n"),
        part(
            "_parts/b.csv",
            "slug,name,parent_slug\neast,East,\nwest,Wild West,\n",
        ),
    ];
    let ended = deliver(&mut bench, "regions/two.manifest", &parts).await;
    assert_eq!(ended.places(), [(Some("_parts/b.csv"), 2, 3, 33, "unique")]);
    let message = &ended.report[0].message;
    assert!(message.ends_with("(line 2 of _parts/a.csv)"), "{message}");
    // Rows of one file may refer to rows of another.
    let parts = [
        part("_parts/a.csv", "slug,name,parent_slug\ncoast,Coast,west\n"),
        part("_parts/b.csv", "slug,name,parent_slug\nwest,West,\n"),
    ];
    let ended = deliver(&mut bench, "regions/three.manifest", &parts).await;
    assert_eq!(
        ended.loaded.state,
        State::Committed,
        "{:?}",
        ended.batch.error
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_object_that_is_not_there_is_waited_for_and_then_told() {
    let mut bench = Bench::with_ports().await;
    let missing = Part {
        source: Box::new(Missing),
        ..part("_parts/late.csv", "")
    };
    let parts = [
        part("_parts/a.csv", csv(&["CNGGZ,EETLL,2021-01-01,1"])),
        missing,
    ];
    let mut held = bench
        .claim("prices/late.manifest", Options::default())
        .await;
    let contract = contract_of(&held);
    let mut waited = 0;
    let loaded = loop {
        match bench.load_files(contract, &held, &files(&parts)).await {
            Ok(loaded) => break loaded,
            Err(error) => {
                assert_eq!(error.kind(), LoadErrorKind::Retry);
                assert_eq!(
                    error.to_string(),
                    "the manifest lists _parts/late.csv, which is not there"
                );
            }
        }
        waited += 1;
        let problem = Problem::new(Problem::INTERRUPTED, "The load was interrupted");
        let now = Duration::ZERO;
        ledger::postpone(&mut bench.ledger, &held, problem, now, None)
            .await
            .expect("postponed");
        ledger::release_claim(&bench.ledger, &held)
            .await
            .expect("released");
        held = match ledger::claim(&mut bench.ledger, held.id, bench.settings.lease, "test")
            .await
            .expect("asked")
        {
            Claim::Held(held) => held,
            other => panic!("not held: {other:?}"),
        };
    };
    assert_eq!((loaded.state, waited), (State::Rejected, 7));
    let batch = ledger::find(&bench.ledger, held.id)
        .await
        .expect("asked")
        .expect("there");
    let detail = batch
        .error
        .and_then(|problem| problem.detail)
        .expect("a reason");
    assert!(
        detail.contains("the manifest lists _parts/late.csv, which is not there; deliver it again"),
        "{detail}"
    );
    assert_eq!(bench.count("prices").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_files_are_read_in_their_order() {
    let mut bench = Bench::with_ports().await;
    let mut parts: Vec<Part> = (0..200)
        .map(|number| {
            part(
                "_parts/x.csv",
                csv(&[&format!("CNGGZ,EETLL,2021-01-01,{}", number + 1)]),
            )
        })
        .collect();
    let ended = deliver(&mut bench, "prices/many.manifest", &parts).await;
    assert_eq!(
        (ended.loaded.state, ended.loaded.rows),
        (State::Committed, 200)
    );
    for bad in [3, 150] {
        parts[bad] = part(
            "_parts/bad.csv",
            csv(&[&format!("CNGGZ,EETLL,2021-01-01,-{bad}")]),
        );
    }
    let ended = deliver(&mut bench, "prices/many-bad.manifest", &parts).await;
    let values: Vec<_> = ended
        .report
        .iter()
        .map(|entry| entry.value.as_deref())
        .collect();
    assert_eq!(values, [Some("-3"), Some("-150")]);
}

fn sha256(content: &str) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(content).into()
}
