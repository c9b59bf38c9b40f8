//! `errors`: a batch's report, page after page, in the form that was asked for.

use std::io::Write as _;

use reqwest::header::LINK;
use reqwest::{Method, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::ReportFormat;
use crate::client::{Client, batch_path};
use crate::failure::{self, Exit, OrFail as _, Outcome};
use crate::show;
use crate::terminal::{Terminal, counted, grouped};

#[derive(Debug, Deserialize)]
struct Page {
    total: u64,
    listed: u64,
    errors: Vec<Value>,
    next: Option<String>,
}

/// Prints the report.
pub(crate) async fn run(
    client: &Client,
    id: &str,
    format: ReportFormat,
    terminal: Terminal,
) -> Outcome {
    match format {
        ReportFormat::Jsonl => passed_on(client, id, "jsonl").await,
        ReportFormat::Csv => own_rows(client, id, "csv", terminal).await,
        ReportFormat::Rows => own_rows(client, id, "rows", terminal).await,
        ReportFormat::Json => document(client, id, terminal).await,
        ReportFormat::Text if terminal.json => document(client, id, terminal).await,
        ReportFormat::Text => text(client, id, terminal).await,
    }
}

/// The sender's own rows. Where no row is to blame there are none, and only the batch says what was wrong.
async fn own_rows(client: &Client, id: &str, format: &str, terminal: Terminal) -> Outcome {
    let exit = passed_on(client, id, format).await?;
    note_the_whole(client, id, terminal).await?;
    Ok(exit)
}

/// Of a batch without a wrong row, what is wrong with it as a whole, if anything is.
async fn note_the_whole(client: &Client, id: &str, terminal: Terminal) -> Outcome<()> {
    let batch = client.batch(id).await?.batch;
    if batch.rejected.unwrap_or_default() == 0 {
        terminal.note(match &batch.error {
            Some(problem) => format!(
                "no single row is wrong; of the batch as a whole: {}",
                problem.detail.as_deref().unwrap_or(&problem.title)
            ),
            None => format!("no row is wrong: the batch is {}", show::state(&batch)),
        });
    }
    Ok(())
}

/// Bytes as the API gives them: own rows must come out exactly as they went in.
async fn passed_on(client: &Client, id: &str, format: &str) -> Outcome {
    let mut cursor = None;
    loop {
        let answer = ask(client, id, format, cursor.as_deref()).await?;
        cursor = next_cursor(&answer);
        let bytes = answer
            .bytes()
            .await
            .or_unreachable("the report broke off")?;
        let mut out = std::io::stdout().lock();
        out.write_all(&bytes)
            .and_then(|()| out.flush())
            .map_err(failure::output)?;
        if cursor.is_none() {
            return Ok(Exit::Done);
        }
    }
}

async fn document(client: &Client, id: &str, terminal: Terminal) -> Outcome {
    let mut errors = Vec::new();
    let mut cursor = None;
    loop {
        let page = page(client, id, cursor.as_deref()).await?;
        errors.extend(page.errors);
        cursor = page.next;
        if cursor.is_none() {
            terminal
                .value(&json!({"total": page.total, "listed": page.listed, "errors": errors}))?;
            return Ok(Exit::Done);
        }
    }
}

async fn text(client: &Client, id: &str, terminal: Terminal) -> Outcome {
    let mut cursor = None;
    loop {
        let page = page(client, id, cursor.as_deref()).await?;
        for entry in &page.errors {
            terminal.data(&show::finding(entry))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            if page.total == 0 {
                note_the_whole(client, id, terminal).await?;
                return Ok(Exit::Done);
            }
            let total = counted(page.total, "finding");
            terminal.note(if page.total == page.listed {
                total
            } else {
                format!("{total}, the first {} of them listed", grouped(page.listed))
            });
            return Ok(Exit::Done);
        }
    }
}

async fn page(client: &Client, id: &str, cursor: Option<&str>) -> Outcome<Page> {
    let answer = ask(client, id, "json", cursor).await?;
    answer
        .json()
        .await
        .or_failed("the report could not be read")
}

async fn ask(client: &Client, id: &str, format: &str, cursor: Option<&str>) -> Outcome<Response> {
    let mut query = vec![("format", format)];
    query.extend(cursor.map(|cursor| ("cursor", cursor)));
    client
        .send(
            client
                .request(Method::GET, &format!("{}/errors", batch_path(id)?))
                .query(&query),
        )
        .await
}

/// The cursor in `Link: <…?cursor=…>; rel="next"`.
fn next_cursor(answer: &Response) -> Option<String> {
    answer
        .headers()
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(cursor_in)
}

fn cursor_in(link: &str) -> Option<String> {
    let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    if !rest.contains("rel=\"next\"") {
        return None;
    }
    let (_, query) = address.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("cursor="))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_named_by_the_link_header() {
        let link = "</v1/batches/x/errors?format=csv&cursor=ZXJyb3JzOjEw>; rel=\"next\"";
        assert_eq!(cursor_in(link).as_deref(), Some("ZXJyb3JzOjEw"));
        assert_eq!(cursor_in("</v1/batches>; rel=\"first\""), None);
        assert_eq!(cursor_in("nonsense"), None);
    }
}
