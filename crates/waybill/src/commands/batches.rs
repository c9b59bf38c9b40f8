//! `batches`, `show`, `undo`, `cancel`, `replay`: what became of deliveries, and what to do with one.

use std::time::Duration;

use ledger::{Batch, State};
use reqwest::Method;
use serde_json::Value;

use super::follow;
use crate::cli::Batches;
use crate::client::{Client, Shown, batch_path};
use crate::failure::{Exit, Outcome};
use crate::show;
use crate::terminal::{Terminal, grouped};

/// How long `--wait` waits for an order to be carried out.
const ORDER: Duration = Duration::from_secs(3600);

/// Lists batches, newest first.
pub(crate) async fn list(client: &Client, asked: &Batches, terminal: Terminal) -> Outcome {
    let filter: Vec<(&str, String)> = [
        ("dataset", &asked.dataset),
        ("state", &asked.state),
        ("since", &asked.since),
        ("until", &asked.until),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value.clone()?)))
    .collect();
    let (found, more) = client.batches(&filter, asked.limit as usize).await?;
    if terminal.json {
        for shown in &found {
            terminal.value(&shown.document)?;
        }
    } else if found.is_empty() {
        terminal.note("no batches");
    } else {
        let batches: Vec<_> = found.iter().map(|shown| &shown.batch).collect();
        terminal.data(&show::list(&batches))?;
    }
    if more {
        terminal.note(format!(
            "only the newest {} of them; --limit shows more",
            grouped(found.len() as u64)
        ));
    }
    Ok(Exit::Done)
}

/// Shows one batch.
pub(crate) async fn show(client: &Client, id: &str, terminal: Terminal) -> Outcome {
    let shown = client.batch(id).await?;
    terminal.either(&shown.document, || show::page(&shown.batch))?;
    Ok(Exit::Done)
}

/// Orders a batch's rows to be taken out.
pub(crate) async fn undo(client: &Client, id: &str, wait: bool, terminal: Terminal) -> Outcome {
    let mut shown = order(client, id, "undo").await?;
    if wait {
        shown = follow::until(client, id, ORDER, terminal, |batch| {
            batch.state != State::Committed
        })
        .await?;
    }
    terminal.either(&shown.document, || match shown.batch.state {
        State::Undone => format!("{id}: undone"),
        _ => format!("{id}: will be undone"),
    })?;
    Ok(if wait && shown.batch.state != State::Undone {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// Orders a batch to be stopped.
pub(crate) async fn cancel(client: &Client, id: &str, wait: bool, terminal: Terminal) -> Outcome {
    let mut shown = order(client, id, "cancel").await?;
    if wait {
        shown = follow::until(client, id, ORDER, terminal, Batch::is_over).await?;
    }
    terminal.either(&shown.document, || match shown.batch.state {
        State::Failed => format!("{id}: cancelled"),
        State::Loading => format!("{id}: will stop"),
        state => format!("{id}: {state}"),
    })?;
    Ok(if wait && shown.batch.state != State::Failed {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// Orders a failed batch to be tried again.
pub(crate) async fn replay(client: &Client, id: &str, wait: bool, terminal: Terminal) -> Outcome {
    let mut shown = order(client, id, "replay").await?;
    if wait {
        let attempt = shown.batch.attempt;
        shown = follow::until(client, id, ORDER, terminal, |batch| {
            batch.is_over() && (batch.attempt != attempt || batch.state != State::Failed)
        })
        .await?;
        terminal.either(&shown.document, || show::page(&shown.batch))?;
        return Ok(follow::exit(&shown.batch));
    }
    terminal.either(&shown.document, || format!("{id}: will be tried again"))?;
    Ok(Exit::Done)
}

async fn order(client: &Client, id: &str, what: &str) -> Outcome<Shown> {
    let request = client.request(Method::POST, &format!("{}/{what}", batch_path(id)?));
    let document: Value = client.json(request).await?;
    Shown::read(document)
}
