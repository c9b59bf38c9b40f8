//! One delivery of several files: a manifest lists them, and they are one batch, all or nothing.
//!
//! A manifest is an object that ends in `.manifest`; what it lists lies in a folder named `_parts`, and nothing under
//! such a folder is ever a batch of its own. So it does not matter in which order the objects' events arrive.

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::StreamExt;
use serde::Deserialize;

use crate::object_key::{ObjectKey, parse_key};
use crate::source::{Source, SourceError, SourceErrorKind};

/// The folder whose objects are parts of a delivery and no batches.
const PARTS: &str = "_parts";
/// How a manifest's name ends.
const ENDING: &str = ".manifest";

/// The largest manifest.
const MANIFEST_BYTES: usize = 4 << 20;
/// The most files of one delivery.
const MOST: usize = 10_000;

/// Whether an object belongs to a delivery and is no batch of its own.
pub fn is_part(key: &str) -> bool {
    let mut folders = key.split('/').rev().skip(1);
    folders.any(|folder| folder == PARTS)
}

/// Whether an object is a manifest. A part is none, whatever it is called.
pub fn is_manifest(key: &str) -> bool {
    key.to_ascii_lowercase().ends_with(ENDING) && !is_part(key)
}

/// The files of one delivery, in the order in which they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// At least one.
    pub files: Vec<Listed>,
}

/// A file that a manifest lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// As the manifest names it.
    pub name: String,
    /// Its key in the bucket.
    pub key: String,
    /// The version to read; without one, that which is there.
    pub version: Option<String>,
    /// What the key says of it.
    pub what: ObjectKey,
    /// How many records it must have.
    pub rows: Option<u64>,
    /// What its content, decompressed, must hash to.
    pub sha256: Option<[u8; 32]>,
}

/// Why a manifest cannot be followed; its text is for the sender.
#[derive(Debug, thiserror::Error)]
pub enum ManifestProblem {
    /// It is not as it must be: the same object never will be.
    #[error("{0}")]
    Wrong(String),
    /// It could not be read.
    #[error("the manifest could not be read")]
    Source(#[source] SourceError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    objects: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    version: Option<String>,
    rows: Option<u64>,
    sha256: Option<String>,
}

impl Manifest {
    /// Reads the manifest with the key `key`.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or lists what no delivery can have.
    pub async fn read(source: &dyn Source, key: &str) -> Result<Self, ManifestProblem> {
        let bytes = all(source).await?;
        Self::parse(&bytes, key).map_err(ManifestProblem::Wrong)
    }

    /// Reads a manifest's text; the error says what is wrong with it.
    ///
    /// # Errors
    ///
    /// Where it lists what no delivery can have.
    pub fn parse(text: &[u8], key: &str) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(text)
            .map_err(|error| format!("the manifest is not as it must be: {error}"))?;
        if document.objects.is_empty() || document.objects.len() > MOST {
            return Err(format!(
                "the manifest lists {} objects: from 1 to {MOST} make a delivery",
                document.objects.len()
            ));
        }
        let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut met = HashSet::new();
        let mut files = Vec::with_capacity(document.objects.len());
        for entry in document.objects {
            let file = entry.listed(folder)?;
            if !met.insert(file.key.clone()) {
                return Err(format!("the manifest lists {:?} twice", file.name));
            }
            files.push(file);
        }
        Ok(Self { files })
    }
}

impl Entry {
    fn listed(self, folder: &str) -> Result<Listed, String> {
        let name = self.key;
        let wrong = |why: &str| Err(format!("the manifest lists {name:?}, {why}"));
        let sound = |part: &str| !matches!(part, "" | "." | "..");
        if !name.split('/').all(sound) {
            return wrong("which is no path from the manifest's own folder: write _parts/a.csv");
        }
        let key = format!("{folder}/{name}");
        if !is_part(&key) {
            return wrong(
                "which would be a batch by itself: put what a manifest lists into a folder _parts",
            );
        }
        let what = match parse_key(&key) {
            Ok(what) => what,
            Err(problem) => return wrong(&format!("but {problem}")),
        };
        let sha256 = match self.sha256.as_deref().map(hash) {
            Some(None) => return wrong("whose sha256 is not 64 hexadecimal digits"),
            Some(hash) => hash,
            None => None,
        };
        Ok(Listed {
            key,
            version: self.version,
            what,
            rows: self.rows,
            sha256,
            name,
        })
    }
}

fn hash(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// The whole of a small object.
async fn all(source: &dyn Source) -> Result<Vec<u8>, ManifestProblem> {
    let mut opened = source.open(0).await.map_err(ManifestProblem::Source)?;
    let mut bytes = Vec::new();
    while let Some(piece) = opened.stream.next().await {
        let piece: Bytes = piece.map_err(ManifestProblem::Source)?;
        bytes.extend_from_slice(&piece);
        if bytes.len() > MANIFEST_BYTES {
            let why = format!("the manifest has more than {MANIFEST_BYTES} bytes");
            return Err(ManifestProblem::Wrong(why));
        }
    }
    match opened.bytes {
        Some(whole) if whole != bytes.len() as u64 => {
            Err(ManifestProblem::Source(SourceError::new(
                SourceErrorKind::Unreachable,
                "the manifest's stream broke off",
            )))
        }
        _ => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "prices/2021/february.manifest";

    fn wrong(text: &str) -> String {
        Manifest::parse(text.as_bytes(), KEY).expect_err(text)
    }

    #[test]
    fn a_part_is_what_lies_in_a_folder_of_parts_and_a_manifest_what_ends_so() {
        for key in ["prices/_parts/a.csv", "prices/x/_parts/y/a.manifest"] {
            assert!(is_part(key) && !is_manifest(key), "{key}");
        }
        for key in ["prices/parts/a.csv", "prices/_parts.csv", "prices/_parts"] {
            assert!(!is_part(key) && !is_manifest(key), "{key}");
        }
        assert!(is_manifest("prices/a.MANIFEST"));
        assert!(!is_manifest("prices/a.manifest.json"));
    }

    #[test]
    fn objects_are_found_from_the_manifests_own_folder() {
        let hash = "00ff".repeat(16);
        let text = format!(
            r#"{{"objects":[{{"key":"_parts/a.csv.gz","rows":2,"sha256":"{hash}"}},
                {{"key":"_parts/more/b.json","version":"v1"}}]}}"#
        );
        let manifest = Manifest::parse(text.as_bytes(), KEY).expect("it is right");
        let keys: Vec<_> = manifest
            .files
            .iter()
            .map(|file| file.key.as_str())
            .collect();
        assert_eq!(
            keys,
            [
                "prices/2021/_parts/a.csv.gz",
                "prices/2021/_parts/more/b.json"
            ]
        );
        assert_eq!(manifest.files[0].rows, Some(2));
        assert_eq!(manifest.files[0].sha256.map(|hash| hash[1]), Some(0xff));
        assert_eq!(manifest.files[1].version.as_deref(), Some("v1"));
        assert_eq!(manifest.files[1].what.dataset, "prices");
    }

    #[test]
    fn a_manifest_lists_parts_below_its_folder_once_each_and_nothing_else() {
        let one = |key: &str| wrong(&format!(r#"{{"objects":[{{"key":"{key}"}}]}}"#));
        for key in [
            "../_parts/a.csv",
            "/_parts/a.csv",
            "_parts//a.csv",
            "_parts/../a.csv",
            "",
        ] {
            assert!(
                one(key).contains("no path from the manifest's own folder"),
                "{key}"
            );
        }
        assert!(one("a.csv").contains("would be a batch by itself"));
        assert!(one("_parts/a.xlsx").contains("ends in none of .csv"));
        assert!(wrong(r#"{"objects":[]}"#).contains("lists 0 objects"));
        assert!(
            wrong(r#"{"objects":[{"key":"_parts/a.csv"},{"key":"_parts/a.csv"}]}"#)
                .contains("twice")
        );
        assert!(
            wrong(r#"{"objects":[{"key":"_parts/a.csv","sha256":"xyz"}]}"#)
                .contains("64 hexadecimal digits")
        );
        assert!(wrong(r#"{"objects":[{"key":"_parts/a.csv","row":1}]}"#).contains("unknown field"));
        assert!(wrong("hello").contains("not as it must be"));
    }
}
