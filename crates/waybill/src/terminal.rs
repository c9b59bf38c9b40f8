//! The one place that writes: data to stdout, everything else to stderr. Knows whether `--json` was asked for,
//! whether to be quiet, and whether a progress bar would be seen by anyone.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::failure::{self, Failure, Outcome};

/// Where the command's words go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// Data as JSON, one value a line.
    pub(crate) json: bool,
    quiet: bool,
    watched: bool,
}

/// Nobody is left to be told when stderr is closed.
fn say(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

impl Terminal {
    /// A terminal as the flags ask for it.
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Self {
            json,
            quiet,
            watched: !quiet && io::stderr().is_terminal(),
        }
    }

    /// Lines of data for a person.
    pub(crate) fn data(self, text: &str) -> Outcome<()> {
        let mut out = anstream::stdout().lock();
        writeln!(out, "{}", text.trim_end_matches('\n'))
            .and_then(|()| out.flush())
            .map_err(failure::output)
    }

    /// One value as a line of JSON.
    pub(crate) fn value(self, value: &impl Serialize) -> Outcome<()> {
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, value)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out))
            .and_then(|()| out.flush())
            .map_err(failure::output)
    }

    /// The value as JSON where that was asked for, else the lines.
    pub(crate) fn either(
        self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Outcome<()> {
        if self.json {
            self.value(value)
        } else {
            self.data(&text())
        }
    }

    /// Something a person may want to know; not data.
    pub(crate) fn note(self, text: impl AsRef<str>) {
        if !self.quiet {
            say(text.as_ref());
        }
    }

    /// A failure with its causes and what to do.
    pub(crate) fn failure(self, failure: &Failure) {
        if failure.is_silent() {
            return;
        }
        let (red, bold, reset) = ("\u{1b}[31m", "\u{1b}[1m", "\u{1b}[0m");
        say(&format!("{red}{bold}error:{reset} {failure}"));
        if let Some(hint) = failure.hint() {
            say(&format!("  {bold}next:{reset} {hint}"));
        }
    }

    /// A bar over bytes: rate and time left. Seen only where stderr is a terminal.
    pub(crate) fn bytes_bar(self, total: Option<u64>, what: &str) -> ProgressBar {
        let bar = self.bar(total);
        let template = if total.is_some() {
            "{msg} {wide_bar} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left"
        } else {
            "{msg} {spinner} {bytes}  {bytes_per_sec}"
        };
        bar.set_style(style(template));
        bar.set_message(what.to_owned());
        bar
    }

    /// A spinner beside a changing text.
    pub(crate) fn spinner(self, what: &str) -> ProgressBar {
        let bar = self.bar(None);
        bar.set_style(style("{spinner} {msg} {elapsed}"));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    fn bar(self, total: Option<u64>) -> ProgressBar {
        let target = if self.watched {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        ProgressBar::with_draw_target(total, target)
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Columns that line up, with a head. The last column is not padded.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            let padding = (width + 2).saturating_sub(cell.chars().count());
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', padding));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A number with its thousands apart: `56,689`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 row`, `56,689 rows`.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_no_plural() {
        assert_eq!(counted(0, "row"), "0 rows");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1_000, "row"), "1,000 rows");
    }

    #[test]
    fn columns_line_up_and_lines_have_no_trailing_space() {
        let rows = vec![
            vec!["a".to_owned(), "Måløy".to_owned()],
            vec!["bcd".to_owned(), String::new()],
        ];
        assert_eq!(
            table(&["id", "name"], &rows),
            "id   name\na    Måløy\nbcd\n"
        );
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(56_689), "56,689");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }
}
