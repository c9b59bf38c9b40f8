//! `errors`: a batch's report, page after page, in the form that was asked for.

use std::io::Write as _;

use reqwest::header::LINK;
use reqwest::{Method, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::ReportFormat;
use crate::client::{Client, segment};
use crate::failure::{self, Exit, OrFail as _, Outcome};
use crate::show;
use crate::terminal::{Terminal, grouped};

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
        ReportFormat::Csv => passed_on(client, id, "csv").await,
        ReportFormat::Rows => passed_on(client, id, "rows").await,
        ReportFormat::Json => document(client, id, terminal).await,
        ReportFormat::Text if terminal.json => document(client, id, terminal).await,
        ReportFormat::Text => text(client, id, terminal).await,
    }
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
            let (total, listed) = (grouped(page.total), grouped(page.listed));
            terminal.note(if page.total == page.listed {
                format!("{total} findings")
            } else {
                format!("{total} findings, the first {listed} of them listed")
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
                .request(Method::GET, &format!("/v1/batches/{}/errors", segment(id)?))
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
