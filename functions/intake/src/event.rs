//! What a message on the intake queue says: objects that appeared, or a word of our own.
//!
//! Of the bucket's notification only what a batch is made of is read, so that a field more or
//! less in it does not matter.

use percent_encoding::percent_decode_str;
use platform::messages::Control;
use serde::Deserialize;
use serde_json::Value;

/// A message, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Nothing to do: the test event of a new notification, or removals.
    Nothing,
    /// Objects that appeared, in the message's order.
    Objects(Vec<Object>),
    /// From the HTTP API or the command line.
    Control(Control),
}

/// An object that appeared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version, where the bucket keeps versions.
    pub version: Option<String>,
    /// The tag of the content, without quotes.
    pub etag: Option<String>,
    /// The size as stored.
    pub bytes: Option<u64>,
}

/// A message that nobody can act on. The text does not repeat the message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No JSON object.
    #[error("the message is no JSON object: {0}")]
    Json(String),
    /// A message of our own with a word or a field that this release does not know.
    #[error("the control message is not known to this release: {0}")]
    Control(String),
    /// JSON, but neither an event of a bucket nor a message of our own.
    #[error("the message is neither a bucket's event nor a message of ours: {0}")]
    Event(String),
    /// A key whose escapes are no UTF-8.
    #[error("a key in the message is not UTF-8 after decoding")]
    Key,
}

/// Reads a message's body.
pub fn parse(body: &str) -> Result<Message, Unreadable> {
    let value: Value =
        serde_json::from_str(body).map_err(|error| Unreadable::Json(error.to_string()))?;
    let Value::Object(fields) = &value else {
        return Err(Unreadable::Json("it is another kind of value".to_owned()));
    };
    if fields.contains_key(Control::MARK) {
        return Control::deserialize(&value)
            .map(Message::Control)
            .map_err(|error| Unreadable::Control(error.to_string()));
    }
    if fields.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(Message::Nothing);
    }
    let notification =
        Notification::deserialize(&value).map_err(|error| Unreadable::Event(error.to_string()))?;
    let objects = notification
        .records
        .into_iter()
        .filter(|record| record.name.starts_with("ObjectCreated:"))
        .map(|record| object(record.s3))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(if objects.is_empty() {
        Message::Nothing
    } else {
        Message::Objects(objects)
    })
}

fn object(entity: Entity) -> Result<Object, Unreadable> {
    Ok(Object {
        bucket: entity.bucket.name,
        key: decode_key(&entity.object.key)?,
        version: entity
            .object
            .version
            .filter(|version| !version.is_empty() && version != "null"),
        etag: entity
            .object
            .etag
            .map(|etag| etag.trim_matches('"').to_owned())
            .filter(|etag| !etag.is_empty()),
        bytes: entity.object.size,
    })
}

/// Keys in events are form-encoded: `+` is a space, all else behind `%`.
fn decode_key(encoded: &str) -> Result<String, Unreadable> {
    let spaced = encoded.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Unreadable::Key)
}

#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    name: String,
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Entry,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    size: Option<u64>,
    #[serde(rename = "eTag")]
    etag: Option<String>,
    #[serde(rename = "versionId")]
    version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn created(key: &str) -> Value {
        json!({
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0",
                "bucket": {"name": "waybill-dev-incoming", "arn": "arn:aws:s3:::x"},
                "object": {"key": key, "size": 12, "eTag": "abc", "versionId": "v1", "sequencer": "0"},
            },
        })
    }

    fn keys(message: Message) -> Vec<String> {
        match message {
            Message::Objects(objects) => objects.into_iter().map(|object| object.key).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_names_bucket_key_version_tag_and_size() {
        let body = json!({"Records": [created("prices/a.csv")]}).to_string();
        assert_eq!(
            parse(&body),
            Ok(Message::Objects(vec![Object {
                bucket: "waybill-dev-incoming".to_owned(),
                key: "prices/a.csv".to_owned(),
                version: Some("v1".to_owned()),
                etag: Some("abc".to_owned()),
                bytes: Some(12),
            }]))
        );
    }

    #[test]
    fn keys_are_decoded_as_forms_are() {
        for (encoded, key) in [
            ("prices/a+b.csv", "prices/a b.csv"),
            ("prices/a%2Bb.csv", "prices/a+b.csv"),
            ("prices/a%26b%25c.csv", "prices/a&b%c.csv"),
            ("prices/%C3%BC%E6%B8%AF.csv", "prices/ü港.csv"),
            ("prices/a%20b.csv", "prices/a b.csv"),
            ("prices/100%.csv", "prices/100%.csv"),
        ] {
            let body = json!({"Records": [created(encoded)]}).to_string();
            assert_eq!(keys(parse(&body).expect("an event")), [key]);
        }
    }

    #[test]
    fn a_key_that_is_not_utf8_is_unreadable() {
        let body = json!({"Records": [created("prices/%FF.csv")]}).to_string();
        assert_eq!(parse(&body), Err(Unreadable::Key));
    }

    #[test]
    fn several_records_keep_their_order() {
        let body = json!({"Records": [created("a/1.csv"), created("a/2.csv")]}).to_string();
        assert_eq!(
            keys(parse(&body).expect("an event")),
            ["a/1.csv", "a/2.csv"]
        );
    }

    #[test]
    fn the_test_event_and_removals_are_nothing_to_do() {
        let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"});
        assert_eq!(parse(&test.to_string()), Ok(Message::Nothing));
        let mut removed = created("a/1.csv");
        removed["eventName"] = json!("ObjectRemoved:DeleteMarkerCreated");
        let body = json!({"Records": [removed]}).to_string();
        assert_eq!(parse(&body), Ok(Message::Nothing));
    }

    #[test]
    fn an_object_without_version_is_known_by_its_tag() {
        let mut record = created("a/1.csv");
        record["s3"]["object"]["versionId"] = json!("null");
        let body = json!({"Records": [record]}).to_string();
        let Ok(Message::Objects(objects)) = parse(&body) else {
            panic!("an event");
        };
        assert_eq!(objects[0].version, None);
        assert_eq!(objects[0].etag.as_deref(), Some("abc"));
    }

    #[test]
    fn messages_of_our_own_are_told_from_events() {
        let id = "018f4e3e-7b5c-7cc0-8000-000000000001";
        let body = format!(r#"{{"waybill":"load","batch":"{id}"}}"#);
        let batch = id.parse().expect("an id");
        assert_eq!(parse(&body), Ok(Message::Control(Control::Load { batch })));
    }

    #[test]
    fn what_nobody_can_act_on_is_unreadable_and_not_repeated() {
        assert!(matches!(parse("hello"), Err(Unreadable::Json(_))));
        assert!(matches!(parse("[1]"), Err(Unreadable::Json(_))));
        assert!(matches!(parse("{}"), Err(Unreadable::Event(_))));
        assert!(matches!(
            parse(r#"{"Records":[{"eventName":"ObjectCreated:Put"}]}"#),
            Err(Unreadable::Event(_))
        ));
        assert!(matches!(
            parse(r#"{"waybill":"dance","batch":"x"}"#),
            Err(Unreadable::Control(_))
        ));
    }
}
