//! `release upload`: a release's zips and manifest go into the artifact bucket under its name, once. Storage checks every
//! byte, and what is there already is never overwritten: the same bytes are fine, others are refused.

use std::fs;
use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::manifest::{MANIFEST, Manifest, PREVIEWS, SPARK, Zip};
use crate::failure::{Failure, OrFail as _, Outcome};

/// Uploads a folder that `build` wrote. The manifest comes last: where it is, all is.
pub(crate) async fn upload(
    client: &Client,
    folder: &Path,
    bucket: &str,
    root: &str,
) -> Outcome<Manifest> {
    let manifest = Manifest::read(folder)?;
    let zips = manifest
        .functions
        .iter()
        .map(|(function, zip)| (format!("{function}.zip"), zip));
    // Previews have no Spark lane.
    let job = manifest.spark.iter().filter(|_| root != PREVIEWS);
    let files = zips.chain(job.map(|(name, file)| (format!("{SPARK}/{name}"), file)));
    for (file, what) in files {
        let path = folder.join(&file);
        let bytes = fs::read(&path).or_misuse(format!("reading {}", path.display()))?;
        if Zip::of(&bytes) != *what {
            return Err(Failure::misuse(format!(
                "{} is not what the manifest says",
                path.display()
            ))
            .advice("pack the release again"));
        }
        put(client, bucket, &manifest.key(root, &file), bytes).await?;
    }
    let text = manifest.text()?.into_bytes();
    put(client, bucket, &manifest.key(root, MANIFEST), text).await?;
    Ok(manifest)
}

async fn put(client: &Client, bucket: &str, key: &str, bytes: Vec<u8>) -> Outcome<()> {
    let sha256 = STANDARD.encode(Sha256::digest(&bytes));
    let what = || format!("uploading s3://{bucket}/{key}");
    let sent = client
        .put_object()
        .bucket(bucket)
        .key(key)
        .if_none_match("*")
        .checksum_sha256(&sha256)
        .body(ByteStream::from(bytes))
        .send()
        .await;
    let Err(error) = sent else { return Ok(()) };
    let taken = error
        .raw_response()
        .is_some_and(|response| response.status().as_u16() == 412);
    if !taken {
        return Err(error).or_failed(what());
    }
    let there = client
        .head_object()
        .bucket(bucket)
        .key(key)
        .checksum_mode(ChecksumMode::Enabled)
        .send()
        .await
        .or_failed(what())?;
    if there.checksum_sha256() == Some(sha256.as_str()) {
        return Ok(());
    }
    Err(Failure::failed(what())
        .because("another release was uploaded under that name, with other bytes")
        .advice("a release is named by its commit: build the commit again, in a clean checkout"))
}
