//! `release start|status|watch|rollback|stop|recover|list`: an environment's release machine, told and followed. The
//! machine does the work; a command that ends early changes nothing of it.

mod show;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use jiff::Timestamp;
use platform::names::Names;

use show::{aliases, page};
pub(crate) use show::{list, status};

use crate::cli::{Rollback, Start};
use crate::failure::{Exit, Failure, Outcome};
use crate::release::machine::{Execution, Machine, Status, at};
use crate::release::order::{self, Order};
use crate::release::progress::Progress;
use crate::release::{self, PREVIEWS, RELEASES};
use crate::target;
use crate::terminal::Terminal;

/// How often an execution is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How many executions are looked through for the one before.
const MEMORY: usize = 50;

/// Where everything is done.
struct Place {
    environment: String,
    names: Names,
    config: SdkConfig,
    machine: Machine,
}

impl Place {
    async fn find(environment: &str) -> Outcome<Self> {
        let names = target::names(environment)?;
        let config = target::cloud(environment).await?;
        Ok(Self {
            environment: environment.to_owned(),
            machine: Machine::find(&config, &names).await?,
            names,
            config,
        })
    }
}

/// Starts a release that was uploaded.
pub(crate) async fn start(start: &Start, terminal: Terminal) -> Outcome {
    let place = Place::find(&start.environment).await?;
    let folder = if start.preview { PREVIEWS } else { RELEASES };
    let bucket = start
        .bucket
        .clone()
        .unwrap_or_else(|| place.names.artifact_bucket());
    let s3 = platform::aws::s3(&place.config);
    let manifest = release::fetch(&s3, &bucket, folder, &start.release).await?;
    let steps = if start.straight {
        Some(Vec::new())
    } else {
        Some(start.steps.clone()).filter(|steps| !steps.is_empty())
    };
    order::fit(steps.as_deref().unwrap_or_default())?;
    let order = Order::release(&manifest, folder, steps);
    let execution = place.machine.start(&order).await?;
    begun(&place, &execution, start.watch, terminal).await
}

/// Goes back to the release before.
pub(crate) async fn rollback(rollback: &Rollback, terminal: Terminal) -> Outcome {
    let place = Place::find(&rollback.environment).await?;
    let from = rollback.from.as_deref();
    if let Some(running) = place.machine.running().await? {
        if running.order.is_back() {
            terminal.note(format!("{} is on its way already", running.order.title()));
            return begun(&place, &running.arn, rollback.watch, terminal).await;
        }
        if from.is_some_and(|from| running.order.release.as_deref() != Some(from)) {
            return Err(Failure::misuse(format!(
                "{} is on its way, not {}",
                running.order.title(),
                from.unwrap_or_default()
            )));
        }
        if !place.machine.has_moved(&running.arn).await? {
            terminal.note(format!(
                "{} is on its way: it is stopped, and what it moved is put back",
                running.order.title()
            ));
            return halt(&place, &running, terminal).await;
        }
        terminal.note(format!(
            "{} is live already: once it has ended, it is gone back from",
            running.order.title()
        ));
        follow(&place, &running.arn, terminal).await?;
    }
    let live = aliases(&place).await?;
    let versions: BTreeMap<String, String> = live
        .iter()
        .map(|alias| (alias.function.clone(), alias.version.clone()))
        .collect();
    let recent = place.machine.recent(MEMORY).await?;
    let now = released(&recent, &versions).unwrap_or("not on record");
    if let Some(from) = from.filter(|from| *from != now) {
        return Err(
            Failure::misuse(format!("release {from} is not live: {now} is")).advice(
                "somebody, or the canary, was there before: look at `waybill release list`",
            ),
        );
    }
    let ended = recent
        .iter()
        .filter_map(|execution| Some((&execution.order, execution.output.as_ref()?)));
    let back = order::replaced(ended, &versions)?;
    let label = released(&recent, &back).unwrap_or("the versions before");
    let order = Order::back(label.to_owned(), back);
    let execution = place.machine.start(&order).await?;
    begun(&place, &execution, rollback.watch, terminal).await
}

/// The release that brought these versions.
fn released<'a>(recent: &'a [Execution], versions: &BTreeMap<String, String>) -> Option<&'a str> {
    let brought = |execution: &&Execution| {
        execution.output.as_ref().is_some_and(|output| {
            !output.targets.is_empty()
                && output.targets.iter().all(|moved| {
                    versions
                        .get(&moved.function)
                        .is_none_or(|to| *to == moved.to)
                })
        })
    };
    recent.iter().find(brought)?.order.release.as_deref()
}

/// Stops the release that is on its way; what it moved is put back.
pub(crate) async fn stop(environment: &str, terminal: Terminal) -> Outcome {
    let place = Place::find(environment).await?;
    if let Some(running) = place.machine.running().await? {
        if place.machine.has_moved(&running.arn).await? {
            let what = format!(
                "{} is live already, and only tidies up",
                running.order.title()
            );
            return Err(
                Failure::failed(what).advice("`waybill release rollback` goes back from it")
            );
        }
        return halt(&place, &running, terminal).await;
    }
    terminal.note("no release is on its way");
    Ok(Exit::Done)
}

async fn halt(place: &Place, running: &Execution, terminal: Terminal) -> Outcome {
    place.machine.stop(&running.arn).await?;
    terminal.note(format!("{} is stopped", running.order.title()));
    put_back(place, Some(running.arn.clone()), terminal).await
}

/// Puts back what a dead execution left.
pub(crate) async fn recover(environment: &str, terminal: Terminal) -> Outcome {
    put_back(&Place::find(environment).await?, None, terminal).await
}

async fn put_back(place: &Place, stopped: Option<String>, terminal: Terminal) -> Outcome {
    let execution = place.machine.start(&Order::recover(stopped)).await?;
    let ended = follow(place, &execution, terminal).await?;
    if ended.status != Status::Live {
        return Err(ended.failure(&place.environment));
    }
    let recovered = ended.output.as_ref().and_then(|output| output.recovered) == Some(true);
    terminal.either(&ended, || {
        if recovered {
            "every alias is where it was before the release".to_owned()
        } else {
            "nothing was left to put back".to_owned()
        }
    })?;
    Ok(Exit::Done)
}

/// Follows an execution, or the one that is on its way, or the newest.
pub(crate) async fn watch(
    environment: &str,
    execution: Option<&str>,
    terminal: Terminal,
) -> Outcome {
    let place = Place::find(environment).await?;
    let execution = match execution {
        Some(execution) => execution.to_owned(),
        None => newest(&place).await?.arn,
    };
    end(&place, &execution, terminal).await
}

async fn newest(place: &Place) -> Outcome<Execution> {
    if let Some(running) = place.machine.running().await? {
        return Ok(running);
    }
    let recent = place.machine.recent(1).await?;
    recent.into_iter().next().ok_or_else(|| {
        Failure::failed(format!("{} has had no release yet", place.environment))
            .advice("`waybill release start` makes the first")
    })
}

async fn begun(place: &Place, execution: &str, watch: bool, terminal: Terminal) -> Outcome {
    if watch {
        return end(place, execution, terminal).await;
    }
    let begun = place.machine.describe(execution).await?;
    terminal.either(&begun, || begun.arn.clone())?;
    terminal.note(format!(
        "{} is on its way: `waybill release watch --environment {}` follows it",
        begun.order.title(),
        place.environment
    ));
    Ok(Exit::Done)
}

async fn end(place: &Place, execution: &str, terminal: Terminal) -> Outcome {
    let ended = follow(place, execution, terminal).await?;
    if terminal.json {
        terminal.value(&ended)?;
    }
    if ended.status != Status::Live {
        return Err(ended.failure(&place.environment));
    }
    if !terminal.json {
        terminal.data(&page(place, &ended))?;
    }
    Ok(Exit::Done)
}

/// Shows an execution's progress until it has ended.
async fn follow(place: &Place, execution: &str, terminal: Terminal) -> Outcome<Execution> {
    let bar = terminal.spinner("looking");
    let mut progress = Progress::default();
    let mut seen = 0;
    loop {
        // Looked at before its events: what ended by then has told all of them.
        let now = place.machine.describe(execution).await?;
        for event in place.machine.events(execution, seen).await? {
            seen = event.id;
            if let Some(line) = progress.line(&event) {
                bar.suspend(|| terminal.note(format!("{}  {line}", clock(at(&event)))));
                bar.set_message(line);
            }
        }
        if now.status != Status::Running {
            bar.finish_and_clear();
            return Ok(now);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn clock(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| at.strftime("%H:%M:%S").to_string())
}
