//! The API's client: calls, pages, and problem documents turned into failures with the right exit status.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::failure::{Failure, OrFail as _, Outcome};

/// How often a call is tried when the API is busy or away for a moment.
const TRIES: u32 = 4;

/// One API, with one key.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    key: Option<String>,
}

/// A batch and the document that it came in.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// As the API sent it.
    pub(crate) document: Value,
    /// As the ledger means it.
    pub(crate) batch: ledger::Batch,
}

impl Shown {
    /// Reads a batch's document.
    pub(crate) fn read(document: Value) -> Outcome<Self> {
        let batch = ledger::Batch::deserialize(&document)
            .or_failed("the API's answer is not a batch that this version knows")?;
        Ok(Self { document, batch })
    }
}

/// A page of a list.
#[derive(Debug, Deserialize)]
struct Page {
    batches: Vec<Value>,
    #[serde(default)]
    next: Option<String>,
}

impl Client {
    /// A client of the API at `base`.
    pub(crate) fn new(base: &str, key: Option<&str>) -> Outcome<Self> {
        // One TLS provider for the whole program; a second call finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("waybill/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(base) {
            builder = builder.no_proxy();
        }
        Ok(Self {
            http: builder.build().or_failed("setting up the HTTP client")?,
            base: base.trim_end_matches('/').to_owned(),
            key: key.map(str::to_owned),
        })
    }

    /// Where the API is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// A request to a path of the API.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header(ACCEPT, "application/json, application/problem+json")
            .timeout(Duration::from_secs(60));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// A request to another address: a presigned one, which takes no key.
    pub(crate) fn foreign(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends a request that may be sent again. Waits and tries again while the API is busy or away.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Outcome<Response> {
        let mut pause = Duration::from_millis(300);
        for attempt in 1.. {
            let Some(this) = request.try_clone() else {
                break;
            };
            let answer = this.send().await;
            let again = attempt < TRIES
                && match &answer {
                    Ok(answer) => is_busy(answer.status()),
                    Err(error) => error.is_connect() || error.is_timeout(),
                };
            if !again {
                return self.checked(answer).await;
            }
            let wait = answer
                .as_ref()
                .map_or(pause, |answer| retry_after(answer).unwrap_or(pause));
            tokio::time::sleep(wait.min(Duration::from_secs(10))).await;
            pause *= 2;
        }
        let answer = request.send().await;
        self.checked(answer).await
    }

    async fn checked(&self, answer: reqwest::Result<Response>) -> Outcome<Response> {
        let answer = answer.map_err(|error| {
            Failure::unreachable(format!("the API at {} could not be reached", self.base))
                .because(error.without_url())
                .advice("is the address right (WAYBILL_URL)? The local stack is started with `waybill local up`")
        })?;
        if answer.status().is_success() {
            Ok(answer)
        } else {
            Err(problem(answer).await)
        }
    }

    /// Sends a request and reads the answer's JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Outcome<T> {
        let answer = self.send(request).await?;
        answer
            .json()
            .await
            .or_failed("the API's answer could not be read")
    }

    /// One batch.
    pub(crate) async fn batch(&self, id: &str) -> Outcome<Shown> {
        let document = self
            .json(self.request(Method::GET, &batch_path(id)?))
            .await?;
        Shown::read(document)
    }

    /// Batches, newest first, at most `limit`; and whether there are more.
    pub(crate) async fn batches(
        &self,
        filter: &[(&str, String)],
        limit: usize,
    ) -> Outcome<(Vec<Shown>, bool)> {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        while found.len() < limit {
            let mut query = filter.to_vec();
            query.push(("limit", (limit - found.len()).min(200).to_string()));
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            let page: Page = self
                .json(self.request(Method::GET, "/v1/batches").query(&query))
                .await?;
            let last = page.batches.is_empty();
            for document in page.batches {
                found.push(Shown::read(document)?);
            }
            cursor = page.next.filter(|_| !last);
            if cursor.is_none() {
                break;
            }
        }
        Ok((found, cursor.is_some()))
    }

    /// Whether the API lives and reaches its database. Tries once.
    pub(crate) async fn health(&self) -> Outcome<()> {
        let answer = self.request(Method::GET, "/health").send().await;
        let document: Value = self
            .checked(answer)
            .await?
            .json()
            .await
            .or_failed("the API's answer could not be read")?;
        let reaches = ["ledger", "reader"]
            .iter()
            .all(|role| document["database"][role] == "reachable");
        if reaches {
            return Ok(());
        }
        Err(
            Failure::unreachable("the API lives, but does not reach its database")
                .advice("does the database run? Locally, `waybill local up` starts it"),
        )
    }
}

/// Where a batch is. What is no id names no batch, and must not change the path.
pub(crate) fn batch_path(id: &str) -> Outcome<String> {
    match Uuid::try_parse(id) {
        Ok(id) => Ok(format!("/v1/batches/{id}")),
        Err(_) => Err(Failure::misuse(format!("`{id}` is no batch's id")).advice(
            "an id looks like 0198c0de-1234-7abc-8def-0123456789ab; `waybill batches` lists them",
        )),
    }
}

fn is_loopback(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|name| host.starts_with(name))
}

fn is_busy(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

fn retry_after(answer: &Response) -> Option<Duration> {
    answer
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// An answer that is no success, in words.
pub(crate) async fn problem(answer: Response) -> Failure {
    let status = answer.status();
    let is_json = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("json"));
    let body = answer.text().await.unwrap_or_default();
    let document: Value = if is_json {
        serde_json::from_str(&body).unwrap_or(Value::Null)
    } else {
        Value::Null
    };
    // The title says in general what the detail says of this case.
    let said = ["detail", "title"]
        .iter()
        .filter_map(|field| document[*field].as_str())
        .find(|text| !text.is_empty())
        .map_or_else(
            || format!("the API answers {status}"),
            |text| text.trim_end_matches('.').to_owned(),
        );
    // The API tells its callers which calls to make; here there are commands for them.
    match document["type"].as_str().unwrap_or_default() {
        "/problems/batch-not-found" => {
            return Failure::failed(said).advice("`waybill batches` lists the ids");
        }
        "/problems/dataset-not-found" => {
            let said = said.split("; GET ").next().unwrap_or_default();
            return Failure::failed(said).advice("`waybill datasets` lists them");
        }
        "/problems/not-found" => {
            return Failure::failed("the API does not know this call").advice(
                "is the address right (WAYBILL_URL), and the API not older than this command line?",
            );
        }
        _ => {}
    }
    match status {
        StatusCode::UNAUTHORIZED => {
            Failure::failed(said).advice("set WAYBILL_API_KEY to a valid key")
        }
        StatusCode::FORBIDDEN => Failure::failed(said)
            .advice("this key may not do that; `waybill keys list` shows what keys may do"),
        StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE => Failure::misuse(said),
        status if is_busy(status) => Failure::unreachable(said)
            .advice("try again in a moment; `waybill doctor` looks closer"),
        _ => Failure::failed(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_would_change_the_path_is_refused() {
        assert!(batch_path("0198c0de-1234-7abc-8def-0123456789ab").is_ok());
        for bad in ["", "../x", "a/b", "a?b", "a b", "xyz"] {
            assert!(batch_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_addresses_never_go_through_a_proxy() {
        assert!(is_loopback("http://127.0.0.1:4566/_aws/execute-api/x"));
        assert!(is_loopback("http://localhost:1"));
        assert!(!is_loopback("https://api.example.com"));
    }
}
