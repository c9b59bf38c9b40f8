//! What all blocks together amount to: totals, and the report in file order.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use crate::check::{Checked, Checker};
use crate::findings::Findings;
use crate::meter::Meter;
use crate::settings::LoadSettings;

/// The sum of a reading.
pub(crate) struct Gathered {
    /// Records that broke no rule.
    pub(crate) good: u64,
    /// Records that broke one.
    pub(crate) bad: u64,
    pub(crate) findings: Findings,
    /// A defect of ours kept a block from being checked: nothing here may be believed.
    pub(crate) broken: bool,
}

pub(crate) struct Gatherer<'a> {
    checker: &'a Checker<'a>,
    meter: &'a Meter,
    gathered: Gathered,
    /// Where records are that others' messages name.
    lines: HashMap<u64, String>,
}

impl<'a> Gatherer<'a> {
    pub(crate) fn new(checker: &'a Checker<'a>, settings: &LoadSettings, meter: &'a Meter) -> Self {
        let findings = Findings::new(settings.report_cap, settings.report_bytes);
        Self {
            checker,
            meter,
            gathered: Gathered {
                good: 0,
                bad: 0,
                findings,
                broken: false,
            },
            lines: HashMap::new(),
        }
    }

    /// Takes the next block in file order.
    pub(crate) fn take(&mut self, block: Checked) {
        let gathered = &mut self.gathered;
        gathered.good += block.good;
        gathered.bad += block.bad;
        self.lines.extend(block.named);
        for found in block.found {
            let mut finding = found.finding;
            if let Some(line) = found.first.and_then(|byte| self.lines.get(&byte)) {
                finding.message = format!("{} ({line})", finding.message);
            }
            gathered.findings.push(finding);
        }
        gathered.findings.count(block.uncounted);
        self.meter
            .rows
            .store(gathered.good + gathered.bad, Ordering::Relaxed);
        if gathered.findings.is_full() {
            self.checker.list.store(false, Ordering::Relaxed);
        }
        if gathered.bad > 0 && !self.checker.stages() {
            self.checker.encode.store(false, Ordering::Relaxed);
            self.meter.only_reads.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the batch may still be loaded, as far as is known.
    pub(crate) fn wants_rows(&self) -> bool {
        self.gathered.bad == 0 || self.checker.stages()
    }

    pub(crate) fn broken(self) -> Gathered {
        Gathered {
            broken: true,
            ..self.gathered
        }
    }

    pub(crate) fn finish(self) -> Gathered {
        self.gathered
    }
}
