//! The figures as `docs/canary.md` shows them.

use std::path::PathBuf;

use crate::tally::{RELEASES, Tally, Truth};
use crate::world::Outcome;

/// What writes the page.
const WRITE: &str = "WAYBILL_WRITE=1 cargo test --profile quick -p canary --test simulation";

/// Every world, a line each.
pub fn table(tallies: &[Tally]) -> String {
    let mut text = String::from(
        "| old fails | new fails | the new one is | promoted | taken back | wrong | decided after, min | \
         real requests to the new one | of them failed | synthetic |\n\
         | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for tally in tallies {
        let truth = match tally.truth() {
            Truth::NoWorse => "no worse",
            Truth::Between => "in between",
            Truth::Worse => "worse",
        };
        let wrong = match tally.truth() {
            Truth::NoWorse => tally.taken_back().to_string(),
            Truth::Between => "-".to_owned(),
            Truth::Worse => tally.live().to_string(),
        };
        text += &row(&[
            percent(tally.world.old),
            percent(tally.world.new),
            truth.to_owned(),
            tally.live().to_string(),
            tally.taken_back().to_string(),
            wrong,
            range(tally, |outcome| outcome.seconds.div_ceil(60)),
            range(tally, |outcome| outcome.reached),
            range(tally, |outcome| outcome.failed),
            range(tally, |outcome| outcome.synthetic),
        ]);
    }
    text + &sums(tallies)
}

/// The worlds in which the new version is worse.
pub fn table_of_the_missed(tallies: &[Tally]) -> String {
    let mut text = String::from(
        "| old fails | new fails | promoted, wrongly | decided after, min | real requests to the new one | of them failed |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for tally in tallies.iter().filter(|one| one.truth() == Truth::Worse) {
        text += &row(&[
            percent(tally.world.old),
            percent(tally.world.new),
            tally.live().to_string(),
            range(tally, |outcome| outcome.seconds.div_ceil(60)),
            range(tally, |outcome| outcome.reached),
            range(tally, |outcome| outcome.failed),
        ]);
    }
    text
}

fn sums(tallies: &[Tally]) -> String {
    let sum = |truth, wrong: fn(&Tally) -> usize| {
        let tallies = tallies.iter().filter(|one| one.truth() == truth);
        let (wrong, worlds) =
            tallies.fold((0, 0), |(sum, worlds), one| (sum + wrong(one), worlds + 1));
        (wrong, worlds * RELEASES)
    };
    let (promoted, bad) = sum(Truth::Worse, Tally::live);
    let (taken_back, good) = sum(Truth::NoWorse, Tally::taken_back);
    format!(
        "\n**Wrong promotions: {promoted} of {bad}. Wrong take-backs: {taken_back} of {good}.**\n"
    )
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The median, and what nine in ten stay below.
fn range(tally: &Tally, of: fn(&Outcome) -> u64) -> String {
    format!("{} / {}", tally.quantile(50, of), tally.quantile(90, of))
}

fn percent(share: f64) -> String {
    // Rounded, since a tenth of a percent is no binary fraction.
    format!("{} %", (share * 1_000.0).round() / 10.0)
}

/// Fails where the page has other figures than these; with `WAYBILL_WRITE` in the environment it is given them.
pub fn compare(figures: &[(&str, String)]) {
    let path = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"))
        .join("../../docs/canary.md");
    let shown = std::fs::read_to_string(&path).expect("docs/canary.md");
    let wanted = figures.iter().fold(shown.clone(), |page, (mark, table)| {
        let (begin, end) = (
            format!("<!-- BEGIN_{mark} -->\n"),
            format!("<!-- END_{mark} -->"),
        );
        let (before, rest) = page.split_once(&begin).expect("where the figures begin");
        let (_, after) = rest.split_once(&end).expect("where they end");
        format!("{before}{begin}\n{table}\n{end}{after}")
    });
    if std::env::var_os("WAYBILL_WRITE").is_some() {
        std::fs::write(&path, wanted).expect("the page is written");
    } else {
        assert!(
            shown == wanted,
            "docs/canary.md is behind: {WRITE}\n{}",
            figures
                .iter()
                .map(|(_, table)| table.as_str())
                .collect::<String>()
        );
    }
}
