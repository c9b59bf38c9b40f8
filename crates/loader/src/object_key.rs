//! What an object's key says: the dataset, the format, the compression, and for what the API wrote,
//! the batch. The rule is the design's: `<dataset>/<any path>.<csv|jsonl|json|xml>[.gz|.zst]`, and
//! `<dataset>/api/<batch id>/<name>` for what came through the API.

use contract::Format;
use ledger::BatchId;
use reader::Compression;

/// A key that names something that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectKey {
    /// The dataset's name; not yet known to exist.
    pub dataset: String,
    /// How records are written.
    pub format: Format,
    /// How the content is packed.
    pub compression: Compression,
    /// The batch that the API registered before it wrote this object.
    pub api_batch: Option<BatchId>,
}

/// How much more a compressed object is taken for than it has bytes: text of this kind packs about so.
const PACKED: u64 = 5;

impl ObjectKey {
    /// How large the content of an object of so many bytes is, as it is guessed before it is read.
    pub fn content_bytes(&self, stored: u64) -> u64 {
        match self.compression {
            Compression::None => stored,
            _ => stored.saturating_mul(PACKED),
        }
    }
}

/// Why a key names nothing that can be loaded; its text is for the sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// No folder in front.
    #[error(
        "the key has no dataset in front: put the object under <dataset>/<any path>.<csv|jsonl|json|xml>[.gz|.zst]"
    )]
    NoDataset,
    /// The ending is none that can be read.
    #[error(
        "the key ends in none of .csv, .jsonl, .json, .xml (each also with .gz or .zst): name the object after its format"
    )]
    UnknownFormat {
        /// The folder in front.
        dataset: String,
    },
}

/// Reads a key as S3 has it (URL-decoded). Endings are matched without regard to case.
pub fn parse_key(key: &str) -> Result<ObjectKey, KeyProblem> {
    let (dataset, path) = key
        .split_once('/')
        .filter(|(d, _)| !d.is_empty())
        .ok_or(KeyProblem::NoDataset)?;
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let (stem, compression) = match name.rsplit_once('.') {
        Some((stem, "gz")) => (stem, Compression::Gzip),
        Some((stem, "zst")) => (stem, Compression::Zstd),
        _ => (name.as_str(), Compression::None),
    };
    let format = stem
        .rsplit_once('.')
        .and_then(|(_, ending)| Format::from_extension(ending))
        .ok_or_else(|| KeyProblem::UnknownFormat {
            dataset: dataset.to_owned(),
        })?;
    let api_batch = path
        .strip_prefix("api/")
        .and_then(|rest| rest.split_once('/'))
        .and_then(|(id, _)| id.parse().ok());
    Ok(ObjectKey {
        dataset: dataset.to_owned(),
        format,
        compression,
        api_batch,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_dataset_format_and_compression() {
        let plain = parse_key("prices/2021/01/carrier a+b.csv").expect("a key");
        assert_eq!(
            (plain.dataset.as_str(), plain.format, plain.compression),
            ("prices", Format::Csv, Compression::None)
        );
        let packed = parse_key("prices/x.JSONL.GZ").expect("a key");
        assert_eq!(
            (packed.format, packed.compression),
            (Format::JsonLines, Compression::Gzip)
        );
        assert_eq!(
            parse_key("ports/ü.csv.zst").expect("a key").compression,
            Compression::Zstd
        );
    }

    #[test]
    fn a_key_written_by_the_api_names_its_batch() {
        let id = "018f4e3e-7b5c-7cc0-8000-000000000001";
        let key = parse_key(&format!("prices/api/{id}/prices.csv")).expect("a key");
        assert_eq!(key.api_batch.map(|b| b.to_string()).as_deref(), Some(id));
        assert_eq!(
            parse_key("prices/api/not-an-id/p.csv")
                .expect("a key")
                .api_batch,
            None
        );
    }

    #[test]
    fn a_key_without_dataset_or_known_ending_is_refused_with_the_reason() {
        assert_eq!(parse_key("prices.csv"), Err(KeyProblem::NoDataset));
        assert_eq!(parse_key("/prices.csv"), Err(KeyProblem::NoDataset));
        for key in ["prices/x.xlsx", "prices/x", "prices/x.gz", "prices/csv"] {
            assert!(
                matches!(parse_key(key), Err(KeyProblem::UnknownFormat { .. })),
                "{key}"
            );
        }
    }
}
