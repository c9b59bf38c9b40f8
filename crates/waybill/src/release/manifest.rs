//! What a release consists of.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aws_sdk_s3::Client;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platform::names::Function;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::{Failure, OrFail as _, Outcome};

/// The manifest's name in a release's folder, here and in the bucket.
pub(crate) const MANIFEST: &str = "release.json";

/// The folder of the Spark lane's job in a release's.
pub(crate) const SPARK: &str = "spark";

/// The folder of releases in the artifact bucket.
pub(crate) const RELEASES: &str = "releases";
/// The folder of what only previews run.
pub(crate) const PREVIEWS: &str = "previews";

/// What `release build` packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The release's name: the commit.
    pub(crate) release: String,
    /// The zip of each function, by the function's name.
    pub(crate) functions: BTreeMap<String, Zip>,
    /// The files of the Spark lane's job, by their names in the folder; none where the release was built without.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) spark: BTreeMap<String, Zip>,
}

/// One file: a zip, or a part of the Spark lane's job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Zip {
    /// Its SHA-256 in base64, as Lambda and S3 give it.
    pub(crate) sha256: String,
    /// Its size.
    pub(crate) bytes: u64,
}

impl Zip {
    /// Of a file's content.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self {
            sha256: STANDARD.encode(Sha256::digest(bytes)),
            bytes: bytes.len() as u64,
        }
    }
}

impl Manifest {
    /// Reads a folder's.
    pub(crate) fn read(folder: &Path) -> Outcome<Self> {
        let path = folder.join(MANIFEST);
        let text = fs::read_to_string(&path).or_misuse(format!("reading {}", path.display()))?;
        serde_json::from_str(&text)
            .or_misuse(format!("{} is not a release's manifest", path.display()))
    }

    /// Its text, the same for the same release.
    pub(crate) fn text(&self) -> Outcome<String> {
        serde_json::to_string_pretty(self)
            .map(|text| text + "\n")
            .or_failed("writing the manifest")
    }

    /// The key of something in the artifact bucket, below one of the folders there.
    pub(crate) fn key(&self, root: &str, file: &str) -> String {
        format!("{root}/{}/{file}", self.release)
    }
}

/// Reads the manifest of a release that was uploaded.
pub(crate) async fn fetch(
    client: &Client,
    bucket: &str,
    root: &str,
    release: &str,
) -> Outcome<Manifest> {
    let key = format!("{root}/{release}/{MANIFEST}");
    let what = || format!("reading s3://{bucket}/{key}");
    let found = match client.get_object().bucket(bucket).key(&key).send().await {
        Ok(found) => found,
        Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => {
            return Err(Failure::misuse(format!(
                "release {release} was not uploaded: there is no s3://{bucket}/{key}"
            ))
            .advice("`waybill release upload` does it"));
        }
        Err(error) => return Err(error).or_unreachable(what()),
    };
    let bytes = found
        .body
        .collect()
        .await
        .or_unreachable(what())?
        .into_bytes();
    serde_json::from_slice(&bytes)
        .or_failed(format!("s3://{bucket}/{key} is not a release's manifest"))
}

/// The file of a function's zip.
pub(crate) fn zip_name(function: Function) -> String {
    format!("{}.zip", function.as_str())
}
