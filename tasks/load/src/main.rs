//! The task lane: loads one batch, or takes it back, however long it takes.
//!
//! `waybill-task load --batch ID` and `waybill-task undo --batch ID`, with the settings of `platform::settings::Task` in its
//! environment.
//!
//! Exit statuses, which the job definition's retries are made of: 0, the ledger has a verdict, whichever; 75 (`EX_TEMPFAIL`),
//! try again; 2, misuse; anything else, an operator must look.

mod undo;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use lane::{End, Loading, Sessions, Stop};
use ledger::{BatchId, Claim, ErrorKind, Held, Lane};
use loader::{LoadSettings, ScratchSettings};
use platform::database::Databases;
use platform::secrets::Parameters;
use platform::{aws, settings, telemetry};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

/// `EX_TEMPFAIL`: another attempt may do.
const AGAIN: u8 = 75;
/// How often a batch that another loader holds is looked at. Its lease is longer.
const LOOK: Duration = Duration::from_secs(5);
/// How long before the end of its time its work is stopped, so that there is some left to say so in.
const MARGIN: Duration = Duration::from_secs(30);

/// Loads batches that are too large for a function, and takes them back.
#[derive(Debug, Parser)]
#[command(name = "waybill-task", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Loads one batch that the ledger knows.
    Load {
        /// The batch.
        #[arg(long)]
        batch: BatchId,
    },
    /// Takes one batch that is committed back.
    Undo {
        /// The batch.
        #[arg(long)]
        batch: BatchId,
        /// Who asked for it, for the batch's timeline. [default: who did last, by the timeline]
        #[arg(long)]
        by: Option<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let (Command::Load { batch } | Command::Undo { batch, .. }) = command;
    telemetry::init();
    match run(command).await {
        Ok(code) => code,
        Err(error) => {
            tracing::error!(batch = %batch, error = format!("{error:#}"), "the task cannot go on");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    // From the first instant on: a machine that is taken away says so once.
    let mut asked = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let settings = settings::Task::from_env().context("reading the settings")?;
    let late = settings
        .time_limit
        .map(|limit| Instant::now() + limit.saturating_sub(MARGIN));
    let mut loading = loading(settings).await?;
    match command {
        Command::Load { batch } => load(&mut loading, batch, &mut asked, late).await,
        Command::Undo { batch, by } => {
            undo::undo(loading.sessions, batch, by, stop(&mut asked, late)).await
        }
    }
}

async fn load(
    loading: &mut Loading,
    batch: BatchId,
    asked: &mut Signal,
    late: Option<Instant>,
) -> anyhow::Result<ExitCode> {
    let held = tokio::select! {
        held = claim(loading, batch) => held?,
        _ = asked.recv() => return Ok(ExitCode::from(AGAIN)),
    };
    let held = match held {
        Claimed::Held(held) => held,
        Claimed::Over(code) => return Ok(code),
    };
    Ok(
        match Box::pin(loading.run(&held, stop(asked, late))).await {
            End::Settled(_) | End::Moved(_) | End::Superseded => ExitCode::SUCCESS,
            End::Postponed(_) | End::Untold => ExitCode::from(AGAIN),
        },
    )
}

/// Why the work must stop, when it must.
async fn stop(asked: &mut Signal, late: Option<Instant>) -> Stop {
    tokio::select! {
        _ = asked.recv() => Stop::Interrupted,
        // Ended by the engine, it would look as if the machine were taken away, and go round for ever.
        () = until(late) => Stop::OutOfTime,
    }
}

async fn until(late: Option<Instant>) {
    match late {
        Some(late) => sleep_until(late).await,
        None => std::future::pending().await,
    }
}

enum Claimed {
    Held(Box<Held>),
    Over(ExitCode),
}

/// Claims the batch; one whose loader lives is waited for, since that loader may be about to lose it.
async fn claim(loading: &mut Loading, batch: BatchId) -> anyhow::Result<Claimed> {
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        match loading.claim(batch).await {
            Ok(Claim::Held(held)) => return Ok(Claimed::Held(Box::new(held))),
            Ok(Claim::Busy { lease_until }) => {
                tracing::info!(batch = %batch, %lease_until, "another loader is at work on the batch");
            }
            Ok(Claim::Settled(found)) => {
                tracing::info!(batch = %batch, state = %found.state, "the batch is settled already");
                return Ok(Claimed::Over(ExitCode::SUCCESS));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                anyhow::bail!("the ledger does not know batch {batch}");
            }
            Err(error) => {
                tracing::warn!(batch = %batch, error = ledger::chain(&error), "the batch could not be claimed");
                return Ok(Claimed::Over(ExitCode::from(AGAIN)));
            }
        }
    }
}

async fn loading(settings: settings::Task) -> anyhow::Result<Loading> {
    let defaults = LoadSettings::default();
    let config = aws::config().await;
    let release = settings.common.release.clone();
    let passwords = Parameters::new(aws::ssm(&config), settings.common.parameters.as_str());
    let databases = Arc::new(Databases::new(
        settings.common.database.clone(),
        format!("waybill task {release}"),
        Arc::new(passwords),
    )?);
    Ok(Loading {
        settings: lane::Settings {
            environment: settings.common.environment,
            release,
            lane: Lane::Task,
            largest: None,
            overflow: None,
            load: LoadSettings {
                lease: settings.lease,
                scratch: ScratchSettings {
                    folder: settings.scratch.unwrap_or_else(std::env::temp_dir),
                    bytes: settings.scratch_bytes.unwrap_or(defaults.scratch.bytes),
                },
                ..defaults
            },
        },
        sessions: Sessions::of(&databases),
        open: lane::from_s3(aws::s3(&config)),
    })
}
