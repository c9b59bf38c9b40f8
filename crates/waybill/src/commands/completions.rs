//! Completions for shells.

use std::io::Write as _;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::{self, Exit, Outcome};

/// Prints the completions of a shell.
pub(crate) fn run(shell: Shell) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "waybill", &mut text);
    std::io::stdout()
        .lock()
        .write_all(&text)
        .map_err(failure::output)?;
    Ok(Exit::Done)
}
