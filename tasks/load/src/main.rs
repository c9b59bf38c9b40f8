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
/// The part of its time after which a job does not begin the batch again itself: the next attempt has all of it.
const EARLY: u32 = 10;

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
    let time = Time {
        began: Instant::now(),
        limit: settings.time_limit,
    };
    let mut loading = loading(settings).await?;
    match command {
        Command::Load { batch } => load(&mut loading, batch, &mut asked, time).await,
        Command::Undo { batch, by } => {
            undo::undo(loading.sessions, batch, by, stop(&mut asked, time.late())).await
        }
    }
}

/// What a job has.
#[derive(Debug, Clone, Copy)]
struct Time {
    began: Instant,
    limit: Option<Duration>,
}

impl Time {
    /// When its work is stopped.
    fn late(self) -> Option<Instant> {
        let work = self.limit?.saturating_sub(MARGIN);
        Some(self.began + work)
    }

    /// Whether nearly all of it is left after a pause: what is begun then has its chance.
    fn is_whole_after(self, pause: Duration) -> bool {
        self.limit
            .is_none_or(|limit| self.began.elapsed() + pause < limit / EARLY)
    }
}

/// Loads a batch, and where that is interrupted, again after its pause.
async fn load(
    loading: &mut Loading,
    batch: BatchId,
    asked: &mut Signal,
    time: Time,
) -> anyhow::Result<ExitCode> {
    loop {
        let held = tokio::select! {
            held = claim(loading, batch) => held?,
            _ = asked.recv() => return Ok(ExitCode::from(AGAIN)),
        };
        let held = match held {
            Claimed::Held(held) => held,
            Claimed::Over(code) => return Ok(code),
        };
        let pause = match Box::pin(loading.run(&held, stop(asked, time.late()))).await {
            End::Settled(_) | End::Moved(_) | End::Superseded => return Ok(ExitCode::SUCCESS),
            // Without a pause: it was asked to stop.
            End::Untold | End::Postponed(Duration::ZERO) => return Ok(ExitCode::from(AGAIN)),
            End::Postponed(pause) => pause,
        };
        if !time.is_whole_after(pause) {
            return Ok(ExitCode::from(AGAIN));
        }
        // Kept here: the engine begins again at once, and only a few times.
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = asked.recv() => return Ok(ExitCode::from(AGAIN)),
        }
    }
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
