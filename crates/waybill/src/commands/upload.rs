//! Files that are too large for a request: put straight into the storage, in one piece or in parts, each with its
//! checksum, so that the storage refuses what was changed on the way. A piece that breaks off is sent again.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use futures_util::stream;
use indicatif::ProgressBar;
use reqwest::{Body, Method, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::client::{self, Client};
use crate::failure::{Failure, OrFail as _, Outcome};
use crate::terminal::Terminal;

/// Above this a file goes in parts: less to send again when the way breaks.
const ONE_PIECE: u64 = 64 * 1024 * 1024;
/// The most parts that the API gives addresses for.
const PARTS: u64 = 2000;
/// How much is read at once.
const BLOCK: usize = 256 * 1024;
/// How often a piece is sent.
const TRIES: u32 = 5;

/// Where to put what, as the API answers.
#[derive(Debug, Deserialize)]
struct Upload {
    complete: String,
    put: Option<Put>,
    #[serde(rename = "upload_id")]
    parts_id: Option<String>,
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
struct Put {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
struct Part {
    number: u16,
    #[serde(flatten)]
    put: Put,
}

/// A stretch of the file.
#[derive(Debug, Clone, Copy)]
struct Piece {
    offset: u64,
    bytes: u64,
}

/// Uploads the file. Returns the batch's document.
pub(crate) async fn run(
    client: &Client,
    path: &Path,
    size: u64,
    options: &[(&'static str, Value)],
    key: &str,
    terminal: Terminal,
) -> Outcome<Value> {
    let pieces = pieces(size);
    let hashes = hashes(path, &pieces, &terminal.bytes_bar(Some(size), "hashing"))?;
    let request = client
        .request(Method::POST, "/v1/uploads")
        .header("idempotency-key", key)
        .json(&order(options, size, &hashes));
    let upload: Upload = client.json(request).await?;

    let bar = terminal.bytes_bar(Some(size), "uploading");
    let completion = match (&upload.put, &upload.parts_id) {
        (Some(put), _) => {
            send(
                client,
                put,
                path,
                Piece {
                    offset: 0,
                    bytes: size,
                },
                &bar,
            )
            .await?;
            json!({})
        }
        (None, Some(id)) if upload.parts.len() == pieces.len() => {
            let mut parts = Vec::new();
            for ((part, piece), hash) in upload.parts.iter().zip(&pieces).zip(&hashes) {
                let answer = send(client, &part.put, path, *piece, &bar).await?;
                let etag = answer
                    .headers()
                    .get("etag")
                    .and_then(|etag| etag.to_str().ok())
                    .unwrap_or_default();
                parts.push(json!({"number": part.number, "etag": etag, "sha256": hash}));
            }
            json!({"upload_id": id, "parts": parts})
        }
        _ => {
            return Err(Failure::failed(
                "the API's answer has no place for the file",
            ));
        }
    };
    bar.finish_and_clear();
    let request = client
        .request(Method::POST, &upload.complete)
        .json(&completion);
    client.json(request).await
}

/// The file in equal pieces, the last of which may be shorter.
fn pieces(size: u64) -> Vec<Piece> {
    let count = size.div_ceil(ONE_PIECE).clamp(1, PARTS);
    let each = size.div_ceil(count);
    (0..count)
        .map(|number| number * each)
        .filter(|offset| *offset < size || size == 0)
        .map(|offset| Piece {
            offset,
            bytes: each.min(size - offset),
        })
        .collect()
}

/// What is asked of the API.
fn order(options: &[(&'static str, Value)], size: u64, hashes: &[String]) -> Value {
    let mut order = Map::new();
    let mut details = Map::new();
    for (name, value) in options {
        let place = if matches!(*name, "dataset" | "filename") {
            &mut order
        } else {
            &mut details
        };
        place.insert((*name).to_owned(), value.clone());
    }
    order.insert("bytes".to_owned(), size.into());
    if let [hash] = hashes {
        order.insert("sha256".to_owned(), hash.as_str().into());
    } else {
        order.insert("parts".to_owned(), hashes.len().into());
        order.insert("part_sha256".to_owned(), hashes.into());
    }
    order.insert("options".to_owned(), Value::Object(details));
    Value::Object(order)
}

fn hashes(path: &Path, pieces: &[Piece], bar: &ProgressBar) -> Outcome<Vec<String>> {
    let what = || format!("reading {}", path.display());
    let mut file = File::open(path).or_failed(what())?;
    let mut block = vec![0; BLOCK];
    let mut hashes = Vec::new();
    for piece in pieces {
        let mut hasher = Sha256::new();
        let mut left = piece.bytes;
        while left > 0 {
            let wanted = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            file.read_exact(&mut block[..wanted]).or_failed(what())?;
            hasher.update(&block[..wanted]);
            left -= wanted as u64;
            bar.inc(wanted as u64);
        }
        hashes.push(ledger::hex(&hasher.finalize()));
    }
    bar.finish_and_clear();
    Ok(hashes)
}

async fn send(
    client: &Client,
    put: &Put,
    path: &Path,
    piece: Piece,
    bar: &ProgressBar,
) -> Outcome<Response> {
    let method: Method = put
        .method
        .parse()
        .or_failed("the API's answer names no method")?;
    let mut pause = Duration::from_millis(500);
    let mut attempt = 1;
    loop {
        bar.set_position(piece.offset);
        let mut request = client
            .foreign(method.clone(), &put.url)
            .header("content-length", piece.bytes);
        for (name, value) in put
            .headers
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
        {
            if !name.eq_ignore_ascii_case("host") {
                request = request.header(name, value);
            }
        }
        let body =
            body(path, piece, bar.clone()).or_failed(format!("reading {}", path.display()))?;
        let failure = match request.body(body).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(answer),
            Ok(answer) if answer.status().is_server_error() => client::problem(answer).await,
            Ok(answer) => return Err(refused(answer).await),
            Err(error) => Failure::unreachable("the storage could not be reached")
                .because(error.without_url()),
        };
        if attempt >= TRIES {
            return Err(failure);
        }
        attempt += 1;
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

/// What the storage says, without the address, which is a secret while it is good.
async fn refused(answer: Response) -> Failure {
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    let between = |from: &str, to: &str| {
        text.split_once(from)?
            .1
            .split_once(to)
            .map(|(inner, _)| inner.to_owned())
    };
    let why = between("<Message>", "</Message>").unwrap_or_default();
    Failure::failed(format!("the storage refuses the file ({status}): {why}"))
        .advice("was the file changed while it was sent? Send it again")
}

/// A stretch of the file as a body that moves the bar.
fn body(path: &Path, piece: Piece, bar: ProgressBar) -> io::Result<Body> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(piece.offset))?;
    let blocks = stream::try_unfold(
        (file, piece.bytes, bar),
        |(mut file, left, bar)| async move {
            if left == 0 {
                return Ok::<_, io::Error>(None);
            }
            let wanted = BLOCK.min(usize::try_from(left).unwrap_or(usize::MAX));
            let mut block = vec![0; wanted];
            file.read_exact(&mut block)?;
            bar.inc(wanted as u64);
            Ok(Some((block, (file, left - wanted as u64, bar))))
        },
    );
    Ok(Body::wrap_stream(blocks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_file_without_gap_or_overlap() {
        for size in [
            1,
            ONE_PIECE,
            ONE_PIECE + 1,
            10 * ONE_PIECE + 7,
            PARTS * ONE_PIECE * 3 + 1,
        ] {
            let pieces = pieces(size);
            assert!(pieces.len() as u64 <= PARTS, "{size}");
            let mut end = 0;
            for piece in &pieces {
                assert_eq!(piece.offset, end, "{size}");
                assert!(piece.bytes > 0, "{size}");
                end += piece.bytes;
            }
            assert_eq!(end, size);
        }
    }

    #[test]
    fn an_order_has_the_options_apart() {
        let options = [
            ("dataset", json!("prices")),
            ("filename", json!("a.csv")),
            ("dry_run", json!(true)),
        ];
        let one = order(&options, 5, &["ab".to_owned()]);
        assert_eq!(
            one,
            json!({"dataset": "prices", "filename": "a.csv", "bytes": 5, "sha256": "ab", "options": {"dry_run": true}})
        );
        let two = order(&options, 5, &["ab".to_owned(), "cd".to_owned()]);
        assert_eq!(two["parts"], 2);
        assert_eq!(two["part_sha256"], json!(["ab", "cd"]));
    }
}
