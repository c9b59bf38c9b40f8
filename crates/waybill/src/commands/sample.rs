//! `sample`: made-up records on stdout.

use std::io;

use crate::cli::{Sample, SampleFormat};
use crate::failure::{self, Failure, OrFail as _, Outcome};
use crate::sample::{self, Prices, Written};

/// Writes the records.
pub(crate) fn run(asked: &Sample) -> Outcome<()> {
    let unknown = || {
        Failure::misuse(format!("there are no samples of `{}`", asked.dataset))
            .advice("regions, ports and prices can be made up")
    };
    let contract = contract::find(&asked.dataset).ok_or_else(unknown)?;
    let out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut out = Written::new(out, asked.format.format(), contract);
    if asked.bad > 0.0 && asked.format != SampleFormat::Csv {
        return Err(Failure::misuse("only CSV can be made up badly"));
    }
    if asked.dataset != "prices" && asked.bad > 0.0 {
        return Err(Failure::misuse("only prices can be made up badly"));
    }
    let written = match asked.dataset.as_str() {
        "regions" => sample::regions(&mut out, asked.rows, asked.seed),
        "ports" => sample::ports(&mut out, asked.rows, asked.seed),
        "prices" => prices(asked)?.write(&mut out, asked.rows),
        _ => return Err(unknown()),
    };
    written.and_then(|()| out.finish()).map_err(failure::output)
}

fn prices(asked: &Sample) -> Outcome<Prices> {
    let codes = match &asked.ports {
        None => sample::codes(sample::EXAMPLE_PORTS),
        Some(path) => {
            let csv = std::fs::read_to_string(path)
                .or_misuse(format!("{} cannot be read", path.display()))?;
            sample::codes(&csv)
        }
    };
    Prices::new(&codes, asked.from, asked.days, asked.seed, asked.bad).ok_or_else(|| {
        Failure::misuse("no prices can be made up").advice(
            "two ports with codes of five letters are needed, and days that the calendar has",
        )
    })
}
