//! A database, and batches put through the loader as a function would.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fmt::Write as _;
use std::path::PathBuf;

use bytes::Bytes;
use contract::Contract;
use ledger::{Batch, BatchId, Claim, Entry, Held, NewBatch, ObjectName, Options, Session, State};
use loader::{BytesSource, File, Load, LoadError, LoadSettings, Loaded, Source};
use testkit::{Role, TestDatabase};

pub(crate) const REGIONS: &str = "slug,name,parent_slug\nwest,West,\ncoast,Coast,west\n";
pub(crate) const PORTS: &str =
    "code,name,parent_slug\nCNGGZ,Guangzhou,coast\nEETLL,Tallinn,west\nDEHAM,Hamburg,west\n";
pub(crate) const HEADER: &str = "orig_code,dest_code,day,price\n";

/// As many as fill about twenty runs of [`Bench::with_small_runs`].
pub(crate) const ROWS: usize = 30_000;

/// Prices of 2021 in no order, the same every time.
pub(crate) fn unsorted(rows: usize) -> String {
    let ports = ["CNGGZ", "EETLL", "DEHAM"];
    let mut content = HEADER.to_owned();
    for i in 0..rows as u64 {
        let at = (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize;
        let (from, to, day) = (ports[at % 3], ports[at / 3 % 3], at / 9 % 28 + 1);
        let month = at / 252 % 12 + 1;
        writeln!(content, "{from},{to},2021-{month:02}-{day:02},{}", i + 1).expect("written");
    }
    content
}

/// One database with a loader's two sessions.
pub(crate) struct Bench {
    pub(crate) database: TestDatabase,
    pub(crate) ledger: Session,
    pub(crate) session: Session,
    pub(crate) settings: LoadSettings,
    /// Size and tag that the store gives the next objects.
    pub(crate) stored: Option<(u64, String)>,
}

/// How a batch ended, with the ledger's entry and its report.
pub(crate) struct Ended {
    pub(crate) loaded: Loaded,
    pub(crate) batch: Batch,
    pub(crate) report: Vec<Entry>,
}

impl Bench {
    /// A database with no rows in it.
    pub(crate) async fn empty() -> Self {
        let database = testkit::database().await;
        let (ledger, session) = (
            database.connect(Role::Loader).await,
            database.connect(Role::Loader).await,
        );
        Self {
            database,
            ledger,
            session,
            settings: LoadSettings::default(),
            stored: None,
        }
    }

    /// A database with two regions and three ports.
    pub(crate) async fn with_ports() -> Self {
        let mut bench = Self::empty().await;
        for (dataset, content) in [("regions", REGIONS), ("ports", PORTS)] {
            let ended = bench.submit(&format!("{dataset}/base.csv"), content).await;
            assert_eq!(
                ended.loaded.state,
                State::Committed,
                "{:?}",
                ended.batch.error
            );
        }
        bench
    }

    /// The same, with runs that hold some thousand rows.
    pub(crate) async fn with_small_runs() -> Self {
        let mut bench = Self::with_ports().await;
        bench.settings.run_bytes = 128 << 10;
        bench.settings.limits.block_bytes = 16 << 10;
        bench
    }

    /// Makes a batch known and claims it.
    pub(crate) async fn claim(&mut self, key: &str, options: Options) -> Held {
        let id = BatchId::fresh();
        let dataset = key.split('/').next().expect("a dataset").to_owned();
        let source = ObjectName {
            bucket: "test".into(),
            key: key.into(),
            version: None,
        };
        let batch = NewBatch {
            id,
            dataset: &dataset,
            source,
            object_bytes: self.stored.as_ref().map(|s| s.0),
            etag: self.stored.as_ref().map(|s| s.1.as_str()),
            submitted_by: "test",
            options,
        };
        ledger::receive(&self.ledger, &batch)
            .await
            .expect("received");
        match ledger::claim(&mut self.ledger, id, self.settings.lease, "test")
            .await
            .expect("claimed")
        {
            Claim::Held(held) => held,
            other => panic!("not held: {other:?}"),
        }
    }

    /// Loads what a source delivers under a claim.
    pub(crate) async fn load(
        &mut self,
        contract: &'static Contract,
        held: &Held,
        source: &dyn Source,
    ) -> Result<Loaded, LoadError> {
        let key = loader::parse_key(&held.source.key).expect("a good key");
        let files = [File::only(key.format, key.compression, source)];
        self.load_files(contract, held, &files).await
    }

    /// Loads several files under a claim.
    pub(crate) async fn load_files(
        &mut self,
        contract: &'static Contract,
        held: &Held,
        files: &[File<'_>],
    ) -> Result<Loaded, LoadError> {
        let settings = self.settings.clone();
        let load = Load {
            contract,
            files,
            held,
            settings: &settings,
        };
        loader::load(load, &mut self.ledger, &mut self.session).await
    }

    /// Submits content for a shipped dataset.
    pub(crate) async fn submit(&mut self, key: &str, content: impl Into<Bytes>) -> Ended {
        self.submit_with(key, content, Options::default()).await
    }

    /// The same with options.
    pub(crate) async fn submit_with(
        &mut self,
        key: &str,
        content: impl Into<Bytes>,
        options: Options,
    ) -> Ended {
        let dataset = key.split('/').next().expect("a dataset");
        let contract = contract::find(dataset).expect("a shipped dataset");
        self.submit_as(contract, key, content, options).await
    }

    /// The same for any contract.
    pub(crate) async fn submit_as(
        &mut self,
        contract: &'static Contract,
        key: &str,
        content: impl Into<Bytes>,
        options: Options,
    ) -> Ended {
        let held = self.claim(key, options).await;
        let source = BytesSource::new(content);
        let loaded = self.load(contract, &held, &source).await;
        ledger::release_claim(&self.ledger, &held)
            .await
            .expect("released");
        let loaded = loaded.unwrap_or_else(|error| panic!("{key}: {}", ledger::chain(&error)));
        let batch = ledger::find(&self.ledger, held.id)
            .await
            .expect("asked")
            .expect("there");
        assert_eq!(
            batch.state, loaded.state,
            "the ledger says what the loader said"
        );
        let report = ledger::errors(&self.ledger, held.id, 0, 20_000)
            .await
            .expect("asked");
        Ended {
            loaded,
            batch,
            report: report.map(|r| r.entries).unwrap_or_default(),
        }
    }

    /// How many rows a query counts.
    pub(crate) async fn count(&self, from: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {from}");
        self.session
            .query_one(&sql, &[])
            .await
            .expect("counted")
            .get(0)
    }
}

/// Record, line, byte, column, rule and value of an entry.
pub(crate) type Place<'a> = (u64, u64, u64, Option<&'a str>, &'a str, Option<&'a str>);

impl Ended {
    /// Where each entry is and what it says.
    pub(crate) fn places(&self) -> Vec<Place<'_>> {
        let place = |e: &'_ Entry| (e.record, e.line, e.byte);
        self.report
            .iter()
            .map(|e| {
                let (record, line, byte) = place(e);
                (
                    record,
                    line,
                    byte,
                    e.column.as_deref(),
                    e.rule.as_str(),
                    e.value.as_deref(),
                )
            })
            .collect()
    }

    /// The rules of the entries.
    pub(crate) fn rules(&self) -> Vec<&str> {
        self.report.iter().map(|e| e.rule.as_str()).collect()
    }
}

/// The real freight rates, where they are; says loudly when not.
#[expect(clippy::print_stderr, reason = "a skipped test must be heard of")]
pub(crate) fn real_rates() -> Option<PathBuf> {
    let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    let beside = format!("{here}/../../../shared/data/rates");
    let folder = PathBuf::from(std::env::var("WAYBILL_REFERENCE_DATA").unwrap_or(beside));
    if folder.join("prices.csv").exists() {
        return Some(folder);
    }
    eprintln!(
        "SKIPPED: no real freight rates in {}; set WAYBILL_REFERENCE_DATA",
        folder.display()
    );
    None
}
