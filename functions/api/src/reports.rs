//! `GET /v1/batches/{id}/errors`: what was wrong with a batch, as entries or as the partner's own rows.
//!
//! Own rows go out byte for byte as they came in, header line first, so that they can be corrected and sent again. A
//! page ends at its limit or where it grows too large for an answer; put together, the pages are the whole report.

use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use contract::Format;
use ledger::keys::Scope;
use ledger::{BatchId, Entry, Report, ReportSize};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::arguments::{Arguments, Id, no_such_batch};
use crate::auth::Caller;
use crate::own_rows::Frame;
use crate::problem::{self, Problem};
use crate::{batches, cursor, documents, limits, media};

/// Which part of the report, in which form.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// `json`: entries with the total; `jsonl`: an entry a line; `csv`: the partner's own rows under the file's own
    /// header; `rows`: the own rows in the format they came in. Without it, the Accept header decides.
    #[param(example = "csv")]
    format: Option<String>,
    /// How many entries on a page: 1 to 10,000, usually 1,000.
    #[param(minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
}

/// Part of a report, in file order.
#[derive(ToSchema)]
#[schema(as = Errors)]
#[expect(dead_code, reason = "the shape for the OpenAPI document")]
pub(crate) struct ErrorsDocument {
    /// How many errors the file has; always exact.
    total: u64,
    /// How many of them the report lists.
    listed: u64,
    /// The entries.
    errors: Vec<EntryDocument>,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
}

/// One error.
#[derive(ToSchema)]
#[schema(as = Error)]
#[expect(
    dead_code,
    reason = "the shape for the OpenAPI document; the ledger serialises its own type, and a test compares the two"
)]
pub(crate) struct EntryDocument {
    /// The file that it is in, as its manifest names it; left out where the batch is one object.
    file: Option<String>,
    /// The data record, from 1; the header does not count.
    record: u64,
    /// The physical line where the record starts, from 1.
    line: u64,
    /// The byte where the record starts, from 0, in the decompressed content.
    byte: u64,
    /// The column; null where the record as a whole is wrong.
    column: Option<String>,
    /// The rule that is broken, one of the documented list.
    #[schema(example = "min")]
    rule: String,
    /// The value, shortened.
    value: Option<String>,
    /// What is wrong and what to send instead.
    message: String,
    /// The partner's own record.
    row: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    JsonLines,
    OwnRows,
}

const LISTING: &str = "errors";
/// Entries fetched at once: a row may be large, a page of them must not fill the memory.
const FETCH: u32 = 200;
/// Ends a row that was too long for an answer in JSON.
const CUT: &str = "…";
const TOTAL: HeaderName = HeaderName::from_static("report-total");
const LISTED: HeaderName = HeaderName::from_static("report-listed");

/// Read a batch's report
///
/// Every bad row of the file in file order. Batches without errors have an empty report.
#[utoipa::path(
    get, path = "/v1/batches/{id}/errors", tag = "batches",
    params(("id" = uuid::Uuid, Path, description = "The batch"), Wanted),
    security(("bearer" = ["batches:read"]), ("api_key" = ["batches:read"])),
    responses(
        (status = 200, description = "A page of the report", content(
            (ErrorsDocument = "application/json"),
            (EntryDocument = "application/x-ndjson"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The next page, rel=\"next\""),
            ("Report-Total" = u64, description = "How many errors the file has"),
            ("Report-Listed" = u64, description = "How many of them the report lists"),
        )),
        (status = 400, description = "An argument is malformed, or rows of a file that is no CSV are asked for as CSV", body = problem::Body, content_type = "application/problem+json"),
        (status = 401, description = "No valid API key", body = problem::Body, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `batches:read`", body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "There is no such batch for this key", body = problem::Body, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached", body = problem::Body, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn errors(
    Shared(app): Shared<App>,
    caller: Caller,
    Id(id): Id,
    Arguments(wanted): Arguments<Wanted>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    caller.may(Scope::BatchesRead)?;
    let limit = batches::limit(
        wanted.limit,
        limits::FINDINGS_PAGE_DEFAULT,
        limits::FINDINGS_PAGE,
    )?;
    let after = wanted
        .cursor
        .as_deref()
        .map_or(Ok(0), |text| cursor::read(LISTING, text))?;
    let after = u32::try_from(after).unwrap_or(0);
    let batch = batches::find(&app, &caller, id).await?;
    let own_format = media::format_of(&batch.source.key);
    let delivered = media::is_manifest(&batch.source.key);
    let form = form(wanted.format.as_deref(), &headers, own_format)?;
    if delivered && form == Form::OwnRows {
        return Err(Problem::argument(
            "format",
            "The batch is several files: ask for `json` or `jsonl`, whose entries name the file.",
        ));
    }
    let mut page = page(&app, id, after, limit).await?;
    if form != Form::OwnRows {
        shorten(&mut page.entries);
    }
    let next = page
        .next
        .map(|ordinal| cursor::write(LISTING, i64::from(ordinal)));
    let mut response = match form {
        Form::Json => {
            let body = json!({ "total": page.size.total, "listed": page.size.listed, "errors": page.entries, "next": next });
            documents::fresh(StatusCode::OK, &body)
        }
        Form::JsonLines => stream(json_lines(&page.entries), "application/x-ndjson"),
        Form::OwnRows => {
            let frame = Frame::of(own_format, contract::find(&batch.dataset), &page);
            let content = frame.rows(&page, after == 0);
            let mut response = stream(content, media::content_type(own_format));
            if let Ok(name) =
                HeaderValue::try_from(format!("attachment; filename=\"{id}-rows.{own_format}\""))
            {
                response
                    .headers_mut()
                    .insert(header::CONTENT_DISPOSITION, name);
            }
            response
        }
    };
    response
        .headers_mut()
        .insert(TOTAL, HeaderValue::from(page.size.total));
    response
        .headers_mut()
        .insert(LISTED, HeaderValue::from(page.size.listed));
    cursor::link(&mut response, &uri, next.as_deref());
    Ok(response)
}

fn form(asked: Option<&str>, headers: &HeaderMap, own: Format) -> Result<Form, Problem> {
    let csv = || match own {
        Format::Csv => Ok(Form::OwnRows),
        other => {
            let name = match other {
                Format::JsonLines => "JSON Lines",
                Format::Xml => "XML",
                Format::Json | Format::Csv => "JSON",
            };
            Err(Problem::argument(
                "format",
                format!(
                    "The batch came as {name}: ask for `format=rows` to get its own rows, or for `json` or `jsonl`."
                ),
            ))
        }
    };
    match asked {
        Some("json") => Ok(Form::Json),
        Some("jsonl") => Ok(Form::JsonLines),
        Some("rows") => Ok(Form::OwnRows),
        Some("csv") => csv(),
        Some(other) => Err(Problem::argument(
            "format",
            format!("format must be json, jsonl, csv or rows; `{other}` is not."),
        )),
        None => {
            let accept = headers
                .get(header::ACCEPT)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            // The first type that is known, as the caller wrote them: quality values change nothing here.
            for range in accept
                .split(',')
                .map(|range| range.split(';').next().unwrap_or_default().trim())
            {
                match range {
                    "text/csv" => return csv(),
                    "application/x-ndjson" | "application/jsonl" => return Ok(Form::JsonLines),
                    "application/json" => return Ok(Form::Json),
                    _ => {}
                }
            }
            Ok(Form::Json)
        }
    }
}

pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// The record of the entry before the page.
    pub(crate) before: Option<u64>,
    pub(crate) next: Option<u32>,
    size: ReportSize,
    pub(crate) header: Option<Vec<u8>>,
    /// Whether a page before has a row in it.
    pub(crate) rows_before: bool,
}

#[cfg(test)]
impl Page {
    /// The only page of a report.
    pub(crate) fn of(header: Option<&[u8]>, before: Option<u64>, entries: Vec<Entry>) -> Self {
        Self {
            entries,
            before,
            next: None,
            size: ReportSize::default(),
            header: header.map(<[u8]>::to_vec),
            rows_before: before.is_some(),
        }
    }
}

/// Reads a page, and with it the entry before: a row with several errors is one row, also across pages.
async fn page(app: &App, id: BatchId, after: u32, limit: u32) -> Result<Page, Problem> {
    let client = app.ledger().get().await?;
    let missing = || no_such_batch(&id.to_string());
    let Report {
        mut entries,
        mut next,
        size,
        header,
        ..
    } = ledger::errors(&client, id, after.saturating_sub(1), FETCH.min(limit) + 1)
        .await?
        .ok_or_else(missing)?;
    let before = (after > 0 && entries.first().is_some_and(|entry| entry.ordinal <= after))
        .then(|| entries.remove(0).record);
    let mut bytes: usize = entries.iter().map(size_of_entry).sum();
    while let Some(last) = next
        && entries.len() < limit as usize
        && bytes < limits::FINDINGS_BYTES
    {
        let more = ledger::errors(&client, id, last, FETCH)
            .await?
            .ok_or_else(missing)?;
        bytes += more.entries.iter().map(size_of_entry).sum::<usize>();
        next = more.next;
        entries.extend(more.entries);
    }
    // Almost always the first entry has a row; a document's empty element has none.
    let mut rows_before = false;
    let mut looked_at = 0;
    while !rows_before && looked_at < after {
        let earlier = ledger::errors(&client, id, looked_at, FETCH)
            .await?
            .ok_or_else(missing)?;
        let before = |entry: &&Entry| entry.ordinal <= after;
        rows_before = earlier
            .entries
            .iter()
            .filter(before)
            .any(|entry| !entry.row.is_empty());
        looked_at = earlier.next.unwrap_or(after);
    }
    client.settle();
    let kept = fitting(&entries, limit as usize);
    if kept < entries.len() {
        entries.truncate(kept);
        next = entries.last().map(|entry| entry.ordinal);
    }
    Ok(Page {
        entries,
        before,
        next,
        size,
        header,
        rows_before,
    })
}

/// How many entries fit an answer; one at least, or the report could not be read on.
fn fitting(entries: &[Entry], limit: usize) -> usize {
    let mut bytes = 0;
    let fits = entries
        .iter()
        .take(limit)
        .take_while(|entry| {
            bytes += size_of_entry(entry);
            bytes <= limits::FINDINGS_BYTES
        })
        .count();
    fits.max(1).min(entries.len())
}

/// What the entry takes in an answer at most: as JSON, where a NUL is six bytes.
fn size_of_entry(entry: &Entry) -> usize {
    size_without_row(entry) + documents::json_bytes(&String::from_utf8_lossy(&entry.row))
}

fn size_without_row(entry: &Entry) -> usize {
    let texts = [
        Some(&entry.message),
        entry.value.as_ref(),
        entry.column.as_ref(),
    ];
    let texts = texts.into_iter().flatten().chain([&entry.rule]);
    texts.map(|text| documents::json_bytes(text)).sum::<usize>() + 200
}

/// Cuts the row of an entry that is too large for an answer even by itself.
fn shorten(entries: &mut [Entry]) {
    for entry in entries {
        if size_of_entry(entry) <= limits::FINDINGS_BYTES {
            continue;
        }
        let mut room = limits::FINDINGS_BYTES.saturating_sub(size_without_row(entry) + CUT.len());
        let row = String::from_utf8_lossy(&entry.row);
        let mut kept: String = row
            .chars()
            .take_while(|letter| {
                let bytes = documents::json_bytes(letter.encode_utf8(&mut [0; 4]));
                let fits = bytes <= room;
                room = room.saturating_sub(bytes);
                fits
            })
            .collect();
        kept.push_str(CUT);
        entry.row = kept.into_bytes();
    }
}

fn json_lines(entries: &[Entry]) -> Vec<u8> {
    let mut lines = Vec::new();
    for entry in entries {
        // Writing plain data into memory cannot fail.
        if serde_json::to_writer(&mut lines, entry).is_ok() {
            lines.push(b'\n');
        }
    }
    lines
}

fn stream(content: Vec<u8>, content_type: &'static str) -> Response {
    let mut response = Response::new(Body::from(content));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(ordinal: u32, record: u64, row: &[u8]) -> Entry {
        Entry {
            file: None,
            ordinal,
            record,
            line: record + 1,
            byte: 0,
            column: None,
            rule: "columns".to_owned(),
            value: None,
            message: String::new(),
            row: row.to_vec(),
        }
    }

    #[test]
    fn a_page_ends_before_an_answer_grows_too_large_but_never_empty() {
        let large = vec![b'x'; limits::FINDINGS_BYTES];
        assert_eq!(fitting(&[entry(1, 1, &large), entry(2, 2, b"y")], 10), 1);
        assert_eq!(fitting(&[entry(1, 1, b"x"), entry(2, 2, b"y")], 10), 2);
        assert_eq!(fitting(&[], 10), 0);
    }

    #[test]
    fn no_page_of_json_outgrows_an_answer_whatever_its_rows_are_made_of() {
        for row in ["\0", "\"", "\\", "ü", "\u{1f}"] {
            let row = row.repeat(1024 * 1024);
            let mut entries: Vec<Entry> = (1..4)
                .map(|ordinal| entry(ordinal, 1, row.as_bytes()))
                .collect();
            entries.truncate(fitting(&entries, 10));
            shorten(&mut entries);
            let bytes = json_lines(&entries).len();
            assert!(bytes <= limits::FINDINGS_BYTES, "{bytes}");
            assert!(bytes > limits::FINDINGS_BYTES / 3, "{bytes}");
        }
        let mut invalid = vec![entry(1, 1, &vec![0xFF; limits::FINDINGS_BYTES])];
        shorten(&mut invalid);
        assert!(json_lines(&invalid).len() <= limits::FINDINGS_BYTES);
        let mut small = vec![entry(1, 1, b"a,\xFF")];
        shorten(&mut small);
        assert_eq!(small[0].row, b"a,\xFF");
    }

    #[test]
    fn the_form_is_asked_for_by_argument_or_by_accept() {
        let accept = |text: &'static str| {
            HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(text))])
        };
        let none = HeaderMap::new();
        assert_eq!(form(None, &none, Format::Csv).ok(), Some(Form::Json));
        assert_eq!(
            form(None, &accept("text/csv"), Format::Csv).ok(),
            Some(Form::OwnRows)
        );
        assert_eq!(
            form(
                None,
                &accept("text/html, application/x-ndjson;q=0.5"),
                Format::Csv
            )
            .ok(),
            Some(Form::JsonLines)
        );
        assert_eq!(
            form(Some("json"), &accept("text/csv"), Format::Csv).ok(),
            Some(Form::Json)
        );
        for format in [Format::JsonLines, Format::Json, Format::Xml] {
            assert!(form(Some("csv"), &none, format).is_err());
        }
        assert_eq!(
            form(Some("rows"), &none, Format::JsonLines).ok(),
            Some(Form::OwnRows)
        );
        assert!(form(Some("xml"), &none, Format::Csv).is_err());
    }
}
