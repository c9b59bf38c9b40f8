//! One version of one object as a load reads it: opened, and opened again where the stream
//! broke off, always the same version.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use loader::{Opened, Source, SourceError, SourceErrorKind};

use super::error::{ObjectError, ObjectErrorKind};
use super::unquoted;

/// How long the next piece of a stream may take.
const PIECE: Duration = Duration::from_secs(30);

/// What a stored object is told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pin {
    version: Option<String>,
    etag: Option<String>,
    bytes: Option<u64>,
}

/// An object in S3.
///
/// The first opening asks for the key alone: an object that was deleted since its event must not
/// be loaded, although its version is still there behind the delete marker. Where the key has a
/// newer version by now, the event's own is read: the newer one has an event of its own.
#[derive(Debug)]
pub struct S3Source {
    client: Client,
    bucket: String,
    key: String,
    version: Option<String>,
    etag: Option<String>,
    pin: Mutex<Option<Pin>>,
}

impl S3Source {
    /// A version of an object; without one (a bucket that keeps no versions), the content with
    /// this tag.
    pub fn new(
        client: Client,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        etag: Option<&str>,
    ) -> Self {
        S3Source {
            client,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: version.map(str::to_owned),
            etag: etag.map(unquoted),
            pin: Mutex::new(None),
        }
    }

    async fn first(&self, offset: u64) -> Result<Opened, ObjectError> {
        let mut answer = self.get(None, None, offset).await?;
        let mut pin = Pin::of(&answer);
        if self.version.is_some() && pin.version != self.version {
            answer = self.get(self.version.as_deref(), None, offset).await?;
            pin = Pin::of(&answer);
            // A store that does not tell versions apart was asked for this one all the same.
            pin.version.clone_from(&self.version);
        } else if self.version.is_none() && self.etag.is_some() && pin.etag != self.etag {
            return Err(ObjectError::new(
                &self.bucket,
                &self.key,
                ObjectErrorKind::Changed,
                "the object was replaced before it was read",
            ));
        }
        *self.pin.lock().unwrap_or_else(PoisonError::into_inner) = Some(pin.clone());
        Ok(self.opened(answer.body, pin))
    }

    async fn again(&self, pin: Pin, offset: u64) -> Result<Opened, ObjectError> {
        if pin.bytes == Some(offset) {
            // All was read: a range behind the end would be refused.
            return Ok(Opened {
                stream: stream::empty().boxed(),
                bytes: pin.bytes,
                etag: pin.etag,
            });
        }
        let answer = self
            .get(pin.version.as_deref(), pin.etag.as_deref(), offset)
            .await?;
        Ok(self.opened(answer.body, pin))
    }

    async fn get(
        &self,
        version: Option<&str>,
        etag: Option<&str>,
        offset: u64,
    ) -> Result<GetObjectOutput, ObjectError> {
        self.client
            .get_object()
            .bucket(&self.bucket)
            .key(&self.key)
            .set_version_id(version.map(str::to_owned))
            .set_if_match(etag.map(|etag| format!("\"{etag}\"")))
            .set_range((offset > 0).then(|| format!("bytes={offset}-")))
            .send()
            .await
            .map_err(|error| ObjectError::of(&self.bucket, &self.key, error))
    }

    fn opened(&self, body: ByteStream, pin: Pin) -> Opened {
        Opened {
            stream: pieces(body, format!("s3://{}/{}", self.bucket, self.key)),
            bytes: pin.bytes,
            etag: pin.etag,
        }
    }
}

impl Source for S3Source {
    fn open(&self, offset: u64) -> BoxFuture<'_, Result<Opened, SourceError>> {
        let pin = self
            .pin
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Box::pin(async move {
            Ok(match pin {
                None => self.first(offset).await?,
                Some(pin) => self.again(pin, offset).await?,
            })
        })
    }
}

impl Pin {
    fn of(answer: &GetObjectOutput) -> Self {
        Pin {
            version: answer.version_id.clone(),
            etag: answer.e_tag.as_deref().map(unquoted),
            bytes: whole_size(answer.content_range.as_deref(), answer.content_length),
        }
    }
}

/// The size of the whole object: of a range it stands behind the slash.
fn whole_size(content_range: Option<&str>, content_length: Option<i64>) -> Option<u64> {
    match content_range {
        Some(range) => range.rsplit_once('/')?.1.parse().ok(),
        None => u64::try_from(content_length?).ok(),
    }
}

fn pieces(body: ByteStream, name: String) -> BoxStream<'static, Result<Bytes, SourceError>> {
    stream::unfold(Some((body, name)), |state| async move {
        let (mut body, name) = state?;
        match tokio::time::timeout(PIECE, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some((body, name)))),
            Ok(Some(Err(error))) => {
                let broken = SourceError::new(
                    SourceErrorKind::Unreachable,
                    format!("the stream broke off: {name}"),
                );
                Some((Err(broken.caused_by(error)), None))
            }
            Err(_) => {
                let silent = SourceError::new(
                    SourceErrorKind::Unreachable,
                    format!("no bytes came for {} s: {name}", PIECE.as_secs()),
                );
                Some((Err(silent), None))
            }
        }
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_size_is_known_from_a_part_as_well() {
        assert_eq!(whole_size(None, Some(7)), Some(7));
        assert_eq!(whole_size(Some("bytes 3-6/7"), Some(4)), Some(7));
        assert_eq!(whole_size(Some("bytes 3-6/*"), Some(4)), None);
        assert_eq!(whole_size(None, None), None);
    }
}
