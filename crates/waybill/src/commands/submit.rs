//! `submit`: one file becomes one batch. Small files go in the request, larger ones straight to the storage.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use ledger::{Batch, State};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::{follow, upload};
use crate::cli::Submit;
use crate::client::{Client, Shown};
use crate::failure::{Exit, Failure, OrFail as _, Outcome};
use crate::show;
use crate::terminal::Terminal;

/// What fits into a request to the API.
const IN_REQUEST: u64 = 4 * 1024 * 1024;
/// What must not go into an address unasked.
const NAME_BYTES: usize = 200;

/// Sends the file, and waits where that was asked for.
pub(crate) async fn run(client: &Client, asked: &Submit, terminal: Terminal) -> Outcome {
    let (name, size) = look_at(&asked.file)?;
    // Sending again after a broken connection must not make a second batch.
    let key = asked
        .idempotency_key
        .clone()
        .unwrap_or_else(|| Uuid::now_v7().to_string());
    let options = options(asked, &name);
    let document = if size <= IN_REQUEST {
        in_request(client, asked, &options, &key, terminal).await?
    } else {
        upload::run(client, &asked.file, size, &options, &key, terminal).await?
    };
    let sent = Shown::read(document)?;
    let id = sent.batch.id.to_string();
    if !asked.wait {
        terminal.either(&sent.document, || id.clone())?;
        terminal.note(format!("sent; `waybill watch {id}` follows it"));
        return Ok(Exit::Done);
    }
    // Whoever stops waiting can still find it.
    terminal.note(format!("sent as batch {id}"));
    let patience = Duration::from_secs_f64(asked.timeout);
    let settled = follow::until(client, &id, patience, terminal, Batch::is_over).await?;
    terminal.either(&settled.document, || show::page(&settled.batch))?;
    match settled.batch.state {
        State::Rejected => terminal.note(format!("`waybill errors {id}` shows what is wrong")),
        State::Duplicate => {
            terminal.note("the same content was loaded before; --force loads it again");
        }
        State::Failed => terminal.note(format!(
            "once the reason is gone, `waybill replay {id}` tries it again"
        )),
        _ => {}
    }
    Ok(follow::exit(&settled.batch))
}

fn look_at(path: &Path) -> Outcome<(String, u64)> {
    let shown = path.display();
    // Its size and checksum must be known before it is sent, and it may have to be sent twice.
    let no_file = |what: String| {
        Failure::misuse(what)
            .advice("a file is needed: save what comes through a pipe to one first")
    };
    if path == Path::new("-") {
        return Err(no_file("standard input cannot be sent".to_owned()));
    }
    let about = fs::metadata(path).map_err(|error| {
        Failure::misuse(format!("{shown} cannot be read"))
            .because(error)
            .advice("is the path right?")
    })?;
    if !about.is_file() {
        return Err(no_file(format!("{shown} is not a file")));
    }
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .filter(|name| name.len() <= NAME_BYTES);
    let name = name.ok_or_else(|| {
        Failure::misuse(format!("{shown} has a name that cannot be sent"))
            .advice("rename it: UTF-8, at most 200 bytes")
    })?;
    if !has_known_ending(name) {
        return Err(
            Failure::misuse(format!("what is in {shown} cannot be told from its name")).advice(
                "it must end in .csv, .jsonl, .json or .xml, and .gz or .zst after that where it is compressed; a manifest is put into the bucket, beside its files",
            ),
        );
    }
    Ok((name.to_owned(), about.len()))
}

fn has_known_ending(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let plain = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"))
        .unwrap_or(&name);
    let ending = Path::new(plain)
        .extension()
        .and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| contract::Format::from_extension(ending).is_some())
}

fn options(asked: &Submit, name: &str) -> Vec<(&'static str, Value)> {
    let mut options = vec![
        ("dataset", Value::from(asked.dataset.as_str())),
        ("filename", Value::from(name)),
    ];
    options.extend(asked.dry_run.then_some(("dry_run", Value::from(true))));
    options.extend(asked.force.then_some(("force", Value::from(true))));
    options.extend(asked.urgent.then_some(("urgent", Value::from(true))));
    options.extend(
        asked
            .expect_rows
            .map(|rows| ("expect_rows", Value::from(rows))),
    );
    options.extend(
        asked
            .expect_sha256
            .as_deref()
            .map(|hash| ("expect_sha256", Value::from(hash))),
    );
    options
}

async fn in_request(
    client: &Client,
    asked: &Submit,
    options: &[(&'static str, Value)],
    key: &str,
    terminal: Terminal,
) -> Outcome<Value> {
    let mut content = Vec::new();
    fs::File::open(&asked.file)
        .and_then(|mut file| file.read_to_end(&mut content))
        .or_failed(format!("reading {}", asked.file.display()))?;
    let query: Vec<(&str, String)> = options
        .iter()
        .map(|(name, value)| (*name, text(value)))
        .collect();
    let spinner = terminal.spinner("sending");
    let request = client
        .request(Method::POST, "/v1/batches")
        .query(&query)
        // The name says what is inside.
        .header("content-type", "application/octet-stream")
        .header("idempotency-key", key)
        .body(content);
    let answer = client.json(request).await;
    spinner.finish_and_clear();
    answer
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_by_its_ending() {
        for good in [
            "a.csv",
            "a.jsonl",
            "a.json",
            "a.xml.gz",
            "a.csv.gz",
            "A.CSV.GZ",
            "a.b.jsonl.zst",
        ] {
            assert!(has_known_ending(good), "{good}");
        }
        for bad in ["a", "a.txt", "a.gz", "a.csv.zip", "csv"] {
            assert!(!has_known_ending(bad), "{bad}");
        }
    }
}
