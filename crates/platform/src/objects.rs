//! Objects in a bucket: putting, looking, handing out addresses to put with, uploads in parts; and
//! the source that a load reads from (`S3Source`).
//!
//! Nothing here moves, overwrites on purpose, or deletes: what a partner delivered stays.

mod error;
mod source;

use std::time::Duration;

pub use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;

pub use error::{ObjectError, ObjectErrorKind};
pub use source::S3Source;

/// One bucket.
#[derive(Debug, Clone)]
pub struct Objects {
    client: Client,
    bucket: String,
}

/// How content is labelled when it is put.
#[derive(Debug, Clone, Copy, Default)]
pub struct Labels<'a> {
    /// The media type.
    pub content_type: Option<&'a str>,
    /// The packing, as `gzip`.
    pub content_encoding: Option<&'a str>,
    /// SHA-256 of the stored bytes in base64: the store refuses other bytes.
    pub sha256: Option<&'a str>,
}

/// What the store says about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its version, where the bucket keeps versions.
    pub version: Option<String>,
    /// The tag of its content, without quotes.
    pub etag: Option<String>,
    /// Its size, where the answer tells it.
    pub bytes: Option<u64>,
}

/// A request that anyone who holds it may make until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presigned {
    /// `PUT`.
    pub method: String,
    /// The address, signature included.
    pub url: String,
    /// Headers that must be sent exactly so.
    pub headers: Vec<(String, String)>,
}

/// One uploaded part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    pub number: u16,
    /// The tag that the store answered.
    pub etag: String,
    /// SHA-256 of the part in base64, where the upload was begun with checksums.
    pub sha256: Option<String>,
}

impl Objects {
    /// A bucket by its name.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Objects {
            client,
            bucket: bucket.into(),
        }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Puts bytes under a key. The SDK sends a checksum along unless `labels` has one.
    pub async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        labels: Labels<'_>,
    ) -> Result<Stored, ObjectError> {
        let size = bytes.len() as u64;
        let answer = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .set_content_type(labels.content_type.map(str::to_owned))
            .set_content_encoding(labels.content_encoding.map(str::to_owned))
            .set_checksum_sha256(labels.sha256.map(str::to_owned))
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| ObjectError::of(&self.bucket, key, error))?;
        Ok(Stored {
            version: answer.version_id,
            etag: answer.e_tag.as_deref().map(unquoted),
            bytes: Some(size),
        })
    }

    /// Looks at the current version of a key; `None` where there is none.
    pub async fn head(&self, key: &str) -> Result<Option<Stored>, ObjectError> {
        let answer = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(Some(Stored {
                bytes: answer.content_length.and_then(|n| u64::try_from(n).ok()),
                version: answer.version_id,
                etag: answer.e_tag.as_deref().map(unquoted),
            })),
            Err(error) => match ObjectError::of(&self.bucket, key, error) {
                gone if gone.kind() == ObjectErrorKind::Gone => Ok(None),
                other => Err(other),
            },
        }
    }

    /// An address to put one object to. Every label becomes a header that must be sent.
    pub async fn presign_put(
        &self,
        key: &str,
        labels: Labels<'_>,
        expires: Duration,
    ) -> Result<Presigned, ObjectError> {
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .set_content_type(labels.content_type.map(str::to_owned))
            .set_content_encoding(labels.content_encoding.map(str::to_owned))
            .set_checksum_sha256(labels.sha256.map(str::to_owned))
            .presigned(self.expiring(key, expires)?)
            .await
            .map_err(|error| ObjectError::of(&self.bucket, key, error))?;
        Ok(Presigned::from(&request))
    }

    /// Begins an upload in parts and returns its id. With `checksums` every part must bring its
    /// SHA-256.
    pub async fn begin_parts(
        &self,
        key: &str,
        labels: Labels<'_>,
        checksums: bool,
    ) -> Result<String, ObjectError> {
        let answer = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .set_content_type(labels.content_type.map(str::to_owned))
            .set_content_encoding(labels.content_encoding.map(str::to_owned))
            .set_checksum_algorithm(checksums.then_some(ChecksumAlgorithm::Sha256))
            .send()
            .await
            .map_err(|error| ObjectError::of(&self.bucket, key, error))?;
        answer.upload_id.ok_or_else(|| {
            ObjectError::new(
                &self.bucket,
                key,
                ObjectErrorKind::Unreachable,
                "the store began an upload without an id",
            )
        })
    }

    /// An address to put one part to.
    pub async fn presign_part(
        &self,
        key: &str,
        upload: &str,
        number: u16,
        sha256: Option<&str>,
        expires: Duration,
    ) -> Result<Presigned, ObjectError> {
        let request = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .part_number(i32::from(number))
            .set_checksum_sha256(sha256.map(str::to_owned))
            .presigned(self.expiring(key, expires)?)
            .await
            .map_err(|error| ObjectError::of(&self.bucket, key, error))?;
        Ok(Presigned::from(&request))
    }

    /// Makes one object of the parts; only now does it exist, and its event is sent.
    pub async fn complete_parts(
        &self,
        key: &str,
        upload: &str,
        parts: &[Part],
    ) -> Result<Stored, ObjectError> {
        let parts = parts
            .iter()
            .map(|part| {
                CompletedPart::builder()
                    .part_number(i32::from(part.number))
                    .e_tag(&part.etag)
                    .set_checksum_sha256(part.sha256.clone())
                    .build()
            })
            .collect();
        let answer = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .multipart_upload(
                CompletedMultipartUpload::builder()
                    .set_parts(Some(parts))
                    .build(),
            )
            .send()
            .await
            .map_err(|error| ObjectError::of(&self.bucket, key, error))?;
        Ok(Stored {
            version: answer.version_id,
            etag: answer.e_tag.as_deref().map(unquoted),
            bytes: None,
        })
    }

    fn expiring(&self, key: &str, expires: Duration) -> Result<PresigningConfig, ObjectError> {
        PresigningConfig::expires_in(expires).map_err(|error| {
            ObjectError::new(
                &self.bucket,
                key,
                ObjectErrorKind::Refused,
                "an address cannot hold for so long",
            )
            .caused_by(error)
        })
    }
}

impl From<&PresignedRequest> for Presigned {
    fn from(request: &PresignedRequest) -> Self {
        Presigned {
            method: request.method().to_owned(),
            url: request.uri().to_owned(),
            headers: request
                .headers()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

/// A tag as S3 events and the ledger write it.
fn unquoted(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}
