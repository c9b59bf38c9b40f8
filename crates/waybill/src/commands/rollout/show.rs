//! What is shown of an environment's releases: what is live, what was, and how one ended.

use jiff::Timestamp;
use platform::names::ALIAS;
use serde::Serialize;

use super::{MEMORY, Place, released};
use crate::failure::{Exit, OrFail as _, Outcome};
use crate::release::machine::{Execution, Status};
use crate::terminal::{Terminal, table};

/// One function's alias.
#[derive(Debug, Serialize)]
pub(super) struct Alias {
    pub(super) function: String,
    pub(super) version: String,
    /// The version beside it, and its share.
    beside: Option<(String, f64)>,
}

/// Where every alias leads.
pub(super) async fn aliases(place: &Place) -> Outcome<Vec<Alias>> {
    let client = aws_sdk_lambda::Client::new(&place.config);
    let mut aliases = Vec::new();
    for function in place.names.functions() {
        let name = place.names.function(function);
        let found = client
            .get_alias()
            .function_name(&name)
            .name(ALIAS)
            .send()
            .await;
        let found = match found {
            Ok(found) => found,
            // One that the environment does not have, or not yet.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_resource_not_found_exception()) =>
            {
                continue;
            }
            Err(error) => {
                return Err(error).or_unreachable(format!("looking at alias {ALIAS} of {name}"));
            }
        };
        let weights = found
            .routing_config
            .and_then(|routing| routing.additional_version_weights)
            .unwrap_or_default();
        aliases.push(Alias {
            function: function.as_str().to_owned(),
            version: found.function_version.unwrap_or_default(),
            beside: weights.into_iter().next(),
        });
    }
    Ok(aliases)
}

/// What is live, and what is on its way.
pub(crate) async fn status(environment: &str, terminal: Terminal) -> Outcome {
    let place = Place::find(environment).await?;
    let running = place.machine.running().await?;
    let recent = place.machine.recent(MEMORY).await?;
    let aliases = aliases(&place).await?;
    let versions = aliases
        .iter()
        .map(|alias| (alias.function.clone(), alias.version.clone()))
        .collect();
    let live = released(&recent, &versions);
    let value = serde_json::json!({
        "environment": place.environment,
        "release": live,
        "running": running,
        "last": recent.first(),
        "aliases": aliases,
    });
    terminal.either(&value, || {
        let mut lines = vec![match live {
            Some(release) => format!("{environment}: release {release} is live"),
            None => format!("{environment}: no release on record led to what is live"),
        }];
        if let Some(running) = &running {
            lines.push(format!(
                "{} is on its way since {}",
                running.order.title(),
                moment(running.started_at)
            ));
        } else if let Some(last) = recent.first().filter(|last| last.status != Status::Live) {
            lines.push(last.failure(environment).to_string());
        }
        let rows: Vec<Vec<String>> = aliases
            .iter()
            .map(|alias| {
                let beside = alias
                    .beside
                    .as_ref()
                    .map_or_else(String::new, |(version, share)| {
                        format!("{version} at {} %", share * 100.0)
                    });
                vec![alias.function.clone(), alias.version.clone(), beside]
            })
            .collect();
        lines.push(table(&["function", "version", "beside"], &rows));
        lines.join("\n")
    })?;
    Ok(Exit::Done)
}

/// The newest executions.
pub(crate) async fn list(environment: &str, most: usize, terminal: Terminal) -> Outcome {
    let place = Place::find(environment).await?;
    let recent = place.machine.recent(most).await?;
    if terminal.json {
        for execution in &recent {
            terminal.value(execution)?;
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = recent
        .iter()
        .map(|execution| {
            let title = execution.order.release.clone().unwrap_or_default();
            let title = if execution.order.is_back() {
                format!("back to {title}")
            } else {
                title
            };
            vec![
                moment(execution.started_at),
                title,
                status_word(execution.status).to_owned(),
                execution.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    terminal.data(&table(&["started", "release", "ended", "reason"], &rows))?;
    Ok(Exit::Done)
}

pub(super) fn page(place: &Place, ended: &Execution) -> String {
    let moved = ended
        .output
        .as_ref()
        .map(|output| output.targets.as_slice());
    let rows: Vec<Vec<String>> = moved
        .unwrap_or_default()
        .iter()
        .map(|one| vec![one.function.clone(), one.from.clone(), one.to.clone()])
        .collect();
    format!(
        "{}: {} is live\n{}",
        place.environment,
        ended.order.title(),
        table(&["function", "from", "to"], &rows)
    )
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Running => "on its way",
        Status::Live => "live",
        Status::TakenBack => "taken back",
        Status::NotBegun => "not begun",
        Status::Stuck => "stuck",
        Status::Unknown => "not known",
        Status::Stopped => "stopped",
    }
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| {
        at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
    })
}
