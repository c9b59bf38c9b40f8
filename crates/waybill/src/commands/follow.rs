//! Following batches: `watch`, and the waiting that `submit`, `undo` and `replay` offer.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ledger::{Batch, State};

use crate::client::{Client, Shown};
use crate::failure::{Exit, Failure, Outcome};
use crate::show;
use crate::terminal::{Terminal, counted};

/// How many of the newest batches `watch` looks at.
const WATCHED: usize = 100;

/// Asks for a batch until `done` says so; a bar shows how far its load has come.
pub(crate) async fn until(
    client: &Client,
    id: &str,
    patience: Duration,
    terminal: Terminal,
    done: impl Fn(&Batch) -> bool,
) -> Outcome<Shown> {
    let end = Instant::now() + patience;
    let mut pause = Duration::from_millis(100);
    let mut bar = None;
    loop {
        let shown = client.batch(id).await?;
        let batch = &shown.batch;
        if done(batch) {
            return Ok(shown);
        }
        let total = batch.progress.end();
        let bar = bar.get_or_insert_with(|| terminal.bytes_bar(total, ""));
        bar.set_position(batch.progress.bytes);
        bar.set_message(format!(
            "{} {}",
            batch.state.as_str(),
            counted(batch.progress.rows, "row")
        ));
        if Instant::now() + pause >= end {
            bar.finish_and_clear();
            return Err(Failure::failed(format!(
                "batch {id} is still {} after {patience:?}",
                batch.state.as_str()
            ))
            .advice(format!(
                "it goes on without this command: `waybill watch {id}`"
            )));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_secs(1));
    }
}

/// What a settled batch means for the exit status: rows that are in the table, or would be, are success. A duplicate
/// is success too: its rows are in the table, once.
pub(crate) fn exit(batch: &Batch) -> Exit {
    match batch.state {
        State::Committed | State::Checked | State::Duplicate => Exit::Done,
        _ => Exit::Failed,
    }
}

/// Prints every change of one batch until it is settled, or of all batches until interrupted.
pub(crate) async fn watch(
    client: &Client,
    id: Option<&str>,
    interval: f64,
    terminal: Terminal,
) -> Outcome {
    let pause = Duration::from_secs_f64(interval);
    let mut seen: HashMap<String, (State, u64, u64)> = HashMap::new();
    let mut first = true;
    loop {
        let mut found = match id {
            Some(id) => vec![client.batch(id).await?],
            None => client.batches(&[], WATCHED).await?.0,
        };
        found.reverse();
        for shown in &found {
            let batch = &shown.batch;
            let now = (batch.state, batch.progress.rows, batch.progress.copied);
            let before = seen.insert(batch.id.to_string(), now);
            // What was settled before anyone looked is not news.
            let old = first && id.is_none() && batch.state.is_settled();
            if before != Some(now) && !old {
                terminal.either(&shown.document, || show::change(batch))?;
            }
        }
        first = false;
        if let (Some(_), [shown]) = (id, found.as_slice())
            && shown.batch.is_over()
        {
            return Ok(exit(&shown.batch));
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
        }
    }
}
