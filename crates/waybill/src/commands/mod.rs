//! One module a command or a family of them. Each gets what was typed and the terminal, and returns an exit status.

mod batches;
mod completions;
mod database;
mod datasets;
mod dead_letters;
mod doctor;
mod errors;
mod follow;
mod keys;
mod local;
mod release;
mod rollout;
mod sample;
mod submit;
mod upload;

use crate::cli::{Cli, Command};
use crate::failure::{Exit, Outcome};
use crate::target;
use crate::terminal::Terminal;

/// Runs one command.
pub(crate) async fn run(cli: Cli, terminal: Terminal) -> Outcome {
    let common = cli.common;
    match cli.command {
        Command::Local(command) => local::run(command, terminal).await,
        Command::Submit(submit) => submit::run(&target::api(&common)?, &submit, terminal).await,
        Command::Batches(filter) => batches::list(&target::api(&common)?, &filter, terminal).await,
        Command::Show { id } => batches::show(&target::api(&common)?, &id, terminal).await,
        Command::Errors { id, format } => {
            errors::run(&target::api(&common)?, &id, format, terminal).await
        }
        Command::Watch { id, interval } => {
            follow::watch(&target::api(&common)?, id.as_deref(), interval, terminal).await
        }
        Command::Undo { id, wait } => {
            batches::undo(&target::api(&common)?, &id, wait, terminal).await
        }
        Command::Cancel { id, wait } => {
            batches::cancel(&target::api(&common)?, &id, wait, terminal).await
        }
        Command::Replay(replay) => match replay.id {
            Some(id) => batches::replay(&target::api(&common)?, &id, replay.wait, terminal).await,
            None => dead_letters::replay(replay.environment.as_deref(), terminal).await,
        },
        Command::Datasets { check: true, .. } => datasets::check(terminal),
        Command::Datasets { name, .. } => {
            datasets::run(&target::api(&common)?, name.as_deref(), terminal).await
        }
        Command::Sample(sample) => sample::run(&sample).map(|()| Exit::Done),
        Command::Migrate(owned) => database::migrate(&owned, terminal).await,
        Command::Keys(command) => keys::run(command, terminal).await,
        Command::Release(command) => release::run(command, terminal).await,
        Command::Doctor => doctor::run(&common, terminal).await,
        Command::Completions { shell } => completions::run(shell),
    }
}
