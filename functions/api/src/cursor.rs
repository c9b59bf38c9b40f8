//! Cursors: where a page ended, opaque to the caller. They name a place in an order that never changes (a batch's
//! number, a finding's ordinal), so that what arrives meanwhile neither repeats nor hides an entry.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;

use crate::problem::Problem;

/// Writes the cursor of a kind of listing.
pub(crate) fn write(listing: &str, position: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{listing}:{position}"))
}

/// Reads it back; a cursor of another listing is refused.
pub(crate) fn read(listing: &str, cursor: &str) -> Result<i64, Problem> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix(listing)?.strip_prefix(':')?.parse().ok())
        .ok_or_else(|| {
            Problem::argument(
                "cursor",
                "The cursor is not one that this listing gave out; begin without one.",
            )
        })
}

/// Names the next page in a `Link` header, for those who do not read the body: the same question with the cursor.
pub(crate) fn link(response: &mut Response, uri: &Uri, next: Option<&str>) {
    let Some(next) = next else { return };
    let kept = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<String> = kept
        .map(str::to_owned)
        .chain([format!("cursor={next}")])
        .collect();
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"));
    if let Ok(link) = HeaderValue::try_from(link) {
        response.headers_mut().insert(header::LINK, link);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_written_and_only_to_its_own_listing() {
        let cursor = write("batches", 42);
        assert_eq!(read("batches", &cursor).expect("own cursor"), 42);
        assert!(read("errors", &cursor).is_err());
        assert!(read("batches", "no such thing").is_err());
    }
}
