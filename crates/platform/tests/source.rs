//! What a load's source asks S3 for, against a store that answers from a table.

use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_types::body::SdkBody;
use futures_util::TryStreamExt as _;
use loader::{Opened, Source as _, SourceErrorKind};
use platform::objects::{Labels, Objects, S3Source};

/// One stored version of the only object.
#[derive(Debug, Clone)]
struct Version(&'static str, &'static str);

/// A bucket with one key: its versions, the newest last, and what was asked for.
#[derive(Debug, Clone, Default)]
struct Store {
    versions: Vec<Version>,
    deleted: bool,
    asked: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for Store {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(self.answer(&request)))
    }
}

impl Store {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let header = |name: &str| request.headers().get(name).unwrap_or("-").to_owned();
        let wanted = request
            .uri()
            .split(['?', '&'])
            .find_map(|part| part.strip_prefix("versionId="));
        self.asked.lock().expect("not poisoned").push(format!(
            "{} {} {}",
            wanted.unwrap_or("-"),
            header("range"),
            header("if-match")
        ));
        let found = match wanted {
            None if self.deleted => None,
            None => self.versions.last(),
            Some(wanted) => self.versions.iter().find(|version| version.0 == wanted),
        };
        let Some(Version(version, content)) = found else {
            let body = "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>";
            return respond(404, body, &[]);
        };
        let offset: usize = header("range")
            .strip_prefix("bytes=")
            .and_then(|range| range.strip_suffix('-'))
            .map_or(0, |offset| offset.parse().expect("a number"));
        let tag = format!("\"tag-{version}\"");
        let range = format!("bytes {offset}-{}/{}", content.len() - 1, content.len());
        let mut headers = vec![("etag", tag.as_str()), ("x-amz-version-id", version)];
        if offset > 0 {
            headers.push(("content-range", range.as_str()));
        }
        respond(
            if offset > 0 { 206 } else { 200 },
            &content[offset..],
            &headers,
        )
    }

    fn client(&self) -> aws_sdk_s3::Client {
        let connector = SharedHttpConnector::new(self.clone());
        aws_sdk_s3::Client::from_conf(
            aws_sdk_s3::Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(Region::new("eu-west-1"))
                .credentials_provider(Credentials::new("a", "b", None, None, "test"))
                .http_client(http_client_fn(move |_, _| connector.clone()))
                .build(),
        )
    }

    fn source(&self, version: Option<&str>, etag: Option<&str>) -> S3Source {
        S3Source::new(self.client(), "bucket", "prices/a.csv", version, etag)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

fn respond(status: u16, body: &str, headers: &[(&'static str, &str)]) -> HttpResponse {
    let status = status.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    let length = body.len().to_string();
    for (name, value) in headers.iter().chain([&("content-length", length.as_str())]) {
        response.headers_mut().insert(*name, (*value).to_owned());
    }
    response
}

async fn read(opened: Opened) -> String {
    let pieces: Vec<_> = opened
        .stream
        .try_collect()
        .await
        .expect("the stream is whole");
    String::from_utf8(pieces.concat()).expect("text")
}

#[tokio::test]
async fn the_current_version_is_read_at_once_and_read_on_by_version_and_tag() {
    let store = Store {
        versions: vec![Version("v1", "0123456789")],
        ..Store::default()
    };
    let source = store.source(Some("v1"), None);
    let opened = source.open(0).await.expect("it is there");
    assert_eq!(
        (opened.bytes, opened.etag.as_deref()),
        (Some(10), Some("tag-v1"))
    );
    assert_eq!(read(opened).await, "0123456789");
    let opened = source.open(4).await.expect("it is there");
    assert_eq!(opened.bytes, Some(10));
    assert_eq!(read(opened).await, "456789");
    assert_eq!(store.asked(), ["- - -", "v1 bytes=4- \"tag-v1\""]);
}

#[tokio::test]
async fn an_object_overwritten_since_its_event_is_read_in_the_events_version() {
    let store = Store {
        versions: vec![Version("v1", "old"), Version("v2", "newer")],
        ..Store::default()
    };
    let source = store.source(Some("v1"), None);
    let opened = source.open(0).await.expect("it is there");
    assert_eq!(opened.bytes, Some(3));
    assert_eq!(read(opened).await, "old");
}

#[tokio::test]
async fn an_object_deleted_since_its_event_is_gone_though_its_version_is_there() {
    let store = Store {
        versions: vec![Version("v1", "old")],
        deleted: true,
        ..Store::default()
    };
    let source = store.source(Some("v1"), None);
    let error = source.open(0).await.err().expect("a delete marker");
    assert_eq!(error.kind, SourceErrorKind::Gone);
}

#[tokio::test]
async fn without_versions_another_content_under_the_key_is_told() {
    let store = Store {
        versions: vec![Version("null", "newer")],
        ..Store::default()
    };
    let source = store.source(None, Some("tag-of-old"));
    let error = source.open(0).await.err().expect("another tag");
    assert_eq!(error.kind, SourceErrorKind::Changed);
}

#[tokio::test]
async fn reading_on_at_the_end_asks_for_nothing() {
    let store = Store {
        versions: vec![Version("v1", "abc")],
        ..Store::default()
    };
    let source = store.source(Some("v1"), None);
    source.open(0).await.expect("it is there");
    let opened = source.open(3).await.expect("its end");
    assert_eq!(read(opened).await, "");
    assert_eq!(store.asked().len(), 1);
}

#[tokio::test]
async fn a_presigned_address_binds_its_labels_and_no_checksum_of_an_empty_body() {
    let objects = Objects::new(Store::default().client(), "bucket");
    let labels = Labels {
        content_type: Some("text/csv"),
        ..Labels::default()
    };
    let hour = std::time::Duration::from_secs(3600);
    let put = objects
        .presign_put("prices/a b.csv", labels, hour)
        .await
        .expect("an address");
    assert_eq!(put.method, "PUT");
    assert!(put.url.contains("prices/a%20b.csv") && put.url.contains("X-Amz-Expires=3600"));
    assert!(!put.url.to_lowercase().contains("checksum"), "{}", put.url);
    let content_type = put.headers.iter().find(|(name, _)| name == "content-type");
    assert_eq!(
        content_type.map(|(_, value)| value.as_str()),
        Some("text/csv")
    );
}
