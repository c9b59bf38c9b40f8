//! The stages of a load one by one, for `benches/`. Not an interface: nothing else may use it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use contract::{Contract, Reference};
use reader::{Block, Layout};
use tokio::sync::mpsc;

use crate::check::{Checker, Later};
use crate::encode::{Extra, RowPlan};
use crate::meter::Meter;
use crate::pieces::Pieces;
use crate::references::KnownKeys;
use crate::runs::Rows;
use crate::settings::LoadSettings;
use crate::sorter::Sorter;

/// One core's work on a dataset.
#[derive(Debug)]
pub struct Stages {
    contract: &'static Contract,
    plan: Arc<RowPlan>,
    known: Vec<Option<Arc<KnownKeys>>>,
    later: Later,
}

/// The rows of one block, checked and encoded.
#[derive(Debug)]
pub struct Encoded(Rows);

impl Encoded {
    /// Size of the rows.
    pub fn bytes(&self) -> usize {
        self.0.bytes.len()
    }
}

impl Stages {
    /// For a dataset whose rows are sorted by `order` and whose references know `keys`.
    pub fn new(contract: &'static Contract, order: &[&str], keys: &[String]) -> Self {
        let order: Vec<String> = order.iter().map(|column| (*column).to_owned()).collect();
        let jsonb = vec![false; contract.columns.len()];
        let known = |reference: &Reference| {
            Arc::new(KnownKeys::new(reference.clone(), keys.iter().cloned()))
        };
        let columns = contract.columns.iter();
        Self {
            contract,
            plan: Arc::new(RowPlan::new(contract, &order, &jsonb, Extra::Batch(1))),
            known: columns.map(|c| c.references.as_ref().map(known)).collect(),
            later: Later::default(),
        }
    }

    /// What a worker does with a block. Every record of it must be good.
    pub fn check(&self, block: &Block, layout: &Layout) -> Encoded {
        let checker = Checker {
            contract: self.contract,
            plan: &self.plan,
            known: &self.known,
            names: &[None],
            later: &self.later,
            encode: AtomicBool::new(true),
            list: AtomicBool::new(true),
        };
        let checked = checker.check(0, 0, block, layout);
        assert_eq!(checked.bad, 0, "the bench's records are good");
        Encoded(checked.rows)
    }

    /// What the sorter does with all blocks: runs, on disk where there are several, and their merge.
    pub fn sort(&self, blocks: &[Encoded], settings: &LoadSettings) {
        let (rows_to, mut rows) = mpsc::channel::<Bytes>(4);
        let taking = std::thread::spawn(move || while rows.blocking_recv().is_some() {});
        let pieces = Pieces::new(rows_to, Arc::new(Meter::default()));
        let mut sorter = Sorter::start(settings, Arc::clone(&self.plan), pieces);
        for Encoded(rows) in blocks {
            assert!(sorter.take(rows), "the rows are taken");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let finished = runtime.expect("a runtime").block_on(sorter.finish());
        finished.expect("the scratch file is read back");
        taking.join().expect("all pieces are taken");
    }
}
