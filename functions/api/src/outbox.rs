//! What the API hands on: content to the incoming bucket, orders to the intake queue.
//!
//! A trait, because both are services of AWS and everything else here is tested without them.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use platform::messages::Control;
use platform::objects::{Labels, ObjectError, ObjectErrorKind, Objects, Part, Presigned, Stored};
use platform::queue::{Queue, QueueError};
use tokio::time::{Instant, timeout_at};

use crate::limits;

/// A call on its way.
pub type Sending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// Storage or queue did not do as asked. The caller of the API learns the kind at most.
#[derive(Debug)]
pub struct Failure {
    kind: ObjectErrorKind,
    source: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// A failure with its cause.
    pub fn new(kind: ObjectErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: source.into(),
        }
    }

    /// What can be done about it.
    pub fn kind(&self) -> ObjectErrorKind {
        self.kind
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the storage or the queue did not do as asked")
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

impl From<ObjectError> for Failure {
    fn from(error: ObjectError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        Self::new(ObjectErrorKind::Unreachable, error)
    }
}

/// The incoming bucket and the intake queue. Checksums are SHA-256 in base64; with one the storage refuses other bytes.
pub trait Outbox: Send + Sync {
    /// Stores an object whole.
    fn put<'a>(
        &'a self,
        key: &'a str,
        content: Bytes,
        content_type: &'a str,
    ) -> Sending<'a, Stored>;
    /// Looks at an object; none where there is no such object.
    fn head<'a>(&'a self, key: &'a str) -> Sending<'a, Option<Stored>>;
    /// An address for the whole object.
    fn presign_put<'a>(
        &'a self,
        key: &'a str,
        sha256: Option<&'a str>,
        expires: Duration,
    ) -> Sending<'a, Presigned>;
    /// Begins an object that comes in parts; answers the storage's id of it.
    fn begin_parts<'a>(
        &'a self,
        key: &'a str,
        content_type: &'a str,
        checksums: bool,
    ) -> Sending<'a, String>;
    /// An address for one part, counted from 1.
    fn presign_part<'a>(
        &'a self,
        key: &'a str,
        upload: &'a str,
        number: u16,
        sha256: Option<&'a str>,
        expires: Duration,
    ) -> Sending<'a, Presigned>;
    /// Joins the parts; only then the object exists.
    fn complete_parts<'a>(
        &'a self,
        key: &'a str,
        upload: &'a str,
        parts: &'a [Part],
    ) -> Sending<'a, Stored>;
    /// Sends an order to the intake function.
    fn order<'a>(&'a self, order: &'a Control) -> Sending<'a, ()>;
}

/// The real ones.
pub struct Aws {
    objects: Objects,
    queue: Queue,
}

impl Aws {
    /// The incoming bucket and the intake queue.
    pub fn new(objects: Objects, queue: Queue) -> Self {
        Self { objects, queue }
    }
}

impl Outbox for Aws {
    fn put<'a>(
        &'a self,
        key: &'a str,
        content: Bytes,
        content_type: &'a str,
    ) -> Sending<'a, Stored> {
        let labels = Labels {
            content_type: Some(content_type),
            ..Labels::default()
        };
        Box::pin(async move { Ok(self.objects.put(key, content, labels).await?) })
    }

    fn head<'a>(&'a self, key: &'a str) -> Sending<'a, Option<Stored>> {
        Box::pin(async move { Ok(self.objects.head(key).await?) })
    }

    fn presign_put<'a>(
        &'a self,
        key: &'a str,
        sha256: Option<&'a str>,
        expires: Duration,
    ) -> Sending<'a, Presigned> {
        let labels = Labels {
            sha256,
            ..Labels::default()
        };
        Box::pin(async move { Ok(self.objects.presign_put(key, labels, expires).await?) })
    }

    fn begin_parts<'a>(
        &'a self,
        key: &'a str,
        content_type: &'a str,
        checksums: bool,
    ) -> Sending<'a, String> {
        let labels = Labels {
            content_type: Some(content_type),
            ..Labels::default()
        };
        Box::pin(async move { Ok(self.objects.begin_parts(key, labels, checksums).await?) })
    }

    fn presign_part<'a>(
        &'a self,
        key: &'a str,
        upload: &'a str,
        number: u16,
        sha256: Option<&'a str>,
        expires: Duration,
    ) -> Sending<'a, Presigned> {
        Box::pin(async move {
            Ok(self
                .objects
                .presign_part(key, upload, number, sha256, expires)
                .await?)
        })
    }

    fn complete_parts<'a>(
        &'a self,
        key: &'a str,
        upload: &'a str,
        parts: &'a [Part],
    ) -> Sending<'a, Stored> {
        Box::pin(async move { Ok(self.objects.complete_parts(key, upload, parts).await?) })
    }

    fn order<'a>(&'a self, order: &'a Control) -> Sending<'a, ()> {
        Box::pin(async move { Ok(self.queue.send(order).await?) })
    }
}

tokio::task_local! {
    /// When calls to storage and queue have to end in the request that makes them.
    pub(crate) static UNTIL: Instant;
}

/// Calls that end in time. A request that is cut off as a whole could not withdraw its batch any more.
pub(crate) struct Punctual(pub(crate) Box<dyn Outbox>);

/// What was cut off may have been done all the same, like any call whose answer is lost.
fn within<'a, T: Send + 'a>(call: Sending<'a, T>) -> Sending<'a, T> {
    Box::pin(async move {
        let until = UNTIL
            .try_with(|until| *until)
            .unwrap_or_else(|_| Instant::now() + limits::STORAGE);
        timeout_at(until, call)
            .await
            .unwrap_or_else(|elapsed| Err(Failure::new(ObjectErrorKind::Unreachable, elapsed)))
    })
}

impl Outbox for Punctual {
    fn put<'a>(
        &'a self,
        key: &'a str,
        content: Bytes,
        content_type: &'a str,
    ) -> Sending<'a, Stored> {
        within(self.0.put(key, content, content_type))
    }

    fn head<'a>(&'a self, key: &'a str) -> Sending<'a, Option<Stored>> {
        within(self.0.head(key))
    }

    fn presign_put<'a>(
        &'a self,
        key: &'a str,
        sha256: Option<&'a str>,
        expires: Duration,
    ) -> Sending<'a, Presigned> {
        within(self.0.presign_put(key, sha256, expires))
    }

    fn begin_parts<'a>(
        &'a self,
        key: &'a str,
        content_type: &'a str,
        checksums: bool,
    ) -> Sending<'a, String> {
        within(self.0.begin_parts(key, content_type, checksums))
    }

    fn presign_part<'a>(
        &'a self,
        key: &'a str,
        upload: &'a str,
        number: u16,
        sha256: Option<&'a str>,
        expires: Duration,
    ) -> Sending<'a, Presigned> {
        within(self.0.presign_part(key, upload, number, sha256, expires))
    }

    fn complete_parts<'a>(
        &'a self,
        key: &'a str,
        upload: &'a str,
        parts: &'a [Part],
    ) -> Sending<'a, Stored> {
        within(self.0.complete_parts(key, upload, parts))
    }

    fn order<'a>(&'a self, order: &'a Control) -> Sending<'a, ()> {
        within(self.0.order(order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_that_is_not_answered_fails_in_time() {
        let soon = Instant::now() + Duration::from_millis(10);
        let silent: Sending<'_, ()> = Box::pin(std::future::pending());
        let failure = UNTIL.scope(soon, within(silent)).await;
        assert_eq!(
            failure.map_err(|failure| failure.kind()),
            Err(ObjectErrorKind::Unreachable)
        );
    }

    #[test]
    fn enough_of_a_request_remains_to_write_a_failure_down() {
        assert!(limits::STORAGE + Duration::from_secs(5) < limits::REQUEST);
    }
}
