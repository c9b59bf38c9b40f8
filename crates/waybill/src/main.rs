//! The operator's command line. `main` reads the arguments, runs one command and turns its outcome into an exit
//! status; everything else has a module of its own.

mod cli;
mod client;
mod commands;
mod failure;
mod invoke;
mod owner;
mod package;
mod release;
mod sample;
mod show;
mod stack;
mod target;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::failure::Exit;
use crate::terminal::Terminal;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are data; everything else is misuse.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
                _ => Exit::Misuse,
            }
            .into();
        }
    };
    let terminal = Terminal::new(cli.common.json, cli.common.quiet);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal.failure(
                &failure::Failure::failed("the program could not start its threads").because(error),
            );
            return Exit::Failed.into();
        }
    };
    let outcome = runtime.block_on(commands::run(cli, terminal));
    runtime.shutdown_background();
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal.failure(&failure);
            failure.exit.into()
        }
    }
}
