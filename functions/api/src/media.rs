//! From the headers and the file's name of a submission to the name of its object.
//!
//! The object's extension is what the loader goes by, so the choice is made here once and told to the sender where
//! it cannot be made. Compressed content stays compressed: `.csv.gz`.

use axum::http::{HeaderMap, header};
use contract::{Contract, Format};

use crate::problem::{Kind, Problem};

/// How the content of an object is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// What a submission's content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Media {
    pub(crate) format: Format,
    pub(crate) packing: Packing,
}

impl Media {
    /// The type that the object is stored with: of the content as it lies there.
    pub(crate) fn content_type(self) -> &'static str {
        match self.packing {
            Packing::Plain => content_type(self.format),
            Packing::Gzip => "application/gzip",
            Packing::Zstd => "application/zstd",
        }
    }
}

/// Longest file name kept, in bytes; object keys end at 1,024.
const NAME_BYTES: usize = 200;

/// Decides by `Content-Type` and `Content-Encoding`; where the type only names a compression or nothing
/// (`application/gzip`, `application/octet-stream`), the file's name decides, and gzip without a name is CSV.
pub(crate) fn decide(
    headers: &HeaderMap,
    filename: Option<&str>,
    contract: &Contract,
) -> Result<Media, Problem> {
    let content_type = text(headers, &header::CONTENT_TYPE)?;
    let encoding = text(headers, &header::CONTENT_ENCODING)?;
    from_names(
        content_type.as_deref(),
        encoding.as_deref(),
        filename,
        contract,
    )
}

/// The same decision from plain strings.
pub(crate) fn from_names(
    content_type: Option<&str>,
    encoding: Option<&str>,
    filename: Option<&str>,
    contract: &Contract,
) -> Result<Media, Problem> {
    let refuse = |detail: String| {
        Problem::new(Kind::UnsupportedMediaType, detail).with("accepted", accepted(contract))
    };
    let essence = content_type.map(|value| {
        value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    });
    let named = filename.map(split).unwrap_or_default();
    let (format, packing) = match essence.as_deref() {
        Some("text/csv" | "application/csv" | "text/comma-separated-values") => {
            (Some(Format::Csv), None)
        }
        Some(
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/json-lines"
            | "text/jsonl",
        ) => (Some(Format::JsonLines), None),
        Some("application/json" | "text/json") => (Some(Format::Json), None),
        Some("application/xml" | "text/xml") => (Some(Format::Xml), None),
        Some("application/gzip" | "application/x-gzip") => (
            Some(named.format.unwrap_or(Format::Csv)),
            Some(Packing::Gzip),
        ),
        Some("application/zstd" | "application/x-zstd") => (
            Some(named.format.unwrap_or(Format::Csv)),
            Some(Packing::Zstd),
        ),
        Some("application/octet-stream") | None => (named.format, named.packing),
        Some(other) => {
            return Err(refuse(format!(
                "Content of type `{other}` is not accepted for `{}`; name it with Content-Type.",
                contract.name
            )));
        }
    };
    let Some(format) = format else {
        return Err(refuse(format!(
            "The format of the content is not known: send Content-Type, for example `text/csv`, or a file name that ends in `.csv` (dataset `{}`).",
            contract.name
        )));
    };
    let encoded = match encoding
        .map(|value| value.trim().to_ascii_lowercase())
        .as_deref()
    {
        None | Some("" | "identity") => None,
        Some("gzip" | "x-gzip") => Some(Packing::Gzip),
        Some("zstd") => Some(Packing::Zstd),
        Some(other) => {
            return Err(refuse(format!(
                "Content-Encoding `{other}` is not accepted; use gzip, zstd or none."
            )));
        }
    };
    let packing = match (packing, encoded) {
        (Some(first), Some(second))
            if first != second
                || content_type
                    .is_some_and(|value| value.contains("gzip") || value.contains("zstd")) =>
        {
            return Err(refuse(
                "The content is said to be compressed twice; send it compressed once.".to_owned(),
            ));
        }
        (first, second) => second.or(first).unwrap_or(Packing::Plain),
    };
    if !contract.formats.contains(&format) {
        return Err(refuse(format!(
            "The dataset `{}` does not accept {}.",
            contract.name,
            format.as_str()
        )));
    }
    Ok(Media { format, packing })
}

/// The object's file name: the sender's own without folders and known extensions, then ours.
pub(crate) fn object_name(filename: Option<&str>, media: Media) -> Result<String, Problem> {
    let stem = match filename {
        None => "content",
        Some(name) => {
            let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
            let stem = split(base).stem;
            if stem.is_empty() || stem == "." || stem == ".." {
                return Err(Problem::argument(
                    "filename",
                    format!("`{name}` is not a file's name."),
                ));
            }
            if stem.chars().any(char::is_control) {
                return Err(Problem::argument(
                    "filename",
                    "A file's name must not contain control characters.",
                ));
            }
            if stem.len() > NAME_BYTES {
                return Err(Problem::argument(
                    "filename",
                    format!("A file's name must not be longer than {NAME_BYTES} bytes."),
                ));
            }
            stem
        }
    };
    Ok(format!(
        "{stem}.{}{}",
        media.format.as_str(),
        media.packing.suffix()
    ))
}

/// The content types a dataset accepts, as a 415 lists them.
pub(crate) fn accepted(contract: &Contract) -> Vec<&'static str> {
    contract
        .formats
        .iter()
        .map(|format| content_type(*format))
        .collect()
}

/// The content type that picks a format.
pub(crate) fn content_type(format: Format) -> &'static str {
    match format {
        Format::Csv => "text/csv",
        Format::JsonLines => "application/x-ndjson",
        Format::Json => "application/json",
        Format::Xml => "application/xml",
    }
}

/// The format that an object's key ends in; what ends in nothing known was read as CSV or not at all.
pub(crate) fn format_of(key: &str) -> Format {
    split(key).format.unwrap_or(Format::Csv)
}

/// Whether an object's key is that of a manifest: the loader's rule, and the API never writes one.
pub(crate) fn is_manifest(key: &str) -> bool {
    strip_suffix(key, ".manifest").is_some()
}

#[derive(Default)]
struct Named<'a> {
    stem: &'a str,
    format: Option<Format>,
    packing: Option<Packing>,
}

/// Splits `prices.csv.gz` into its stem, format and packing.
fn split(name: &str) -> Named<'_> {
    let (rest, packing) = if let Some(rest) = strip_suffix(name, ".gz") {
        (rest, Some(Packing::Gzip))
    } else if let Some(rest) = strip_suffix(name, ".zst") {
        (rest, Some(Packing::Zstd))
    } else {
        (name, None)
    };
    for (suffix, format) in [
        (".csv", Format::Csv),
        (".jsonl", Format::JsonLines),
        (".ndjson", Format::JsonLines),
        (".json", Format::Json),
        (".xml", Format::Xml),
    ] {
        if let Some(stem) = strip_suffix(rest, suffix) {
            return Named {
                stem,
                format: Some(format),
                packing,
            };
        }
    }
    Named {
        stem: rest,
        format: None,
        packing,
    }
}

fn strip_suffix<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(suffix.len())?;
    (name.is_char_boundary(at) && name[at..].eq_ignore_ascii_case(suffix)).then(|| &name[..at])
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> Result<Option<String>, Problem> {
    headers
        .get(name)
        .map(|value| {
            value.to_str().map(str::to_owned).map_err(|_| {
                Problem::argument(
                    name.as_str(),
                    format!("The header {name} is not plain text."),
                )
            })
        })
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices() -> &'static Contract {
        contract::find("prices").expect("prices is shipped")
    }

    fn name(
        content_type: Option<&str>,
        encoding: Option<&str>,
        filename: Option<&str>,
    ) -> Option<String> {
        let media = from_names(content_type, encoding, filename, prices()).ok()?;
        object_name(filename, media).ok()
    }

    #[test]
    fn the_content_type_picks_the_format_whatever_the_file_is_called() {
        assert_eq!(
            name(Some("text/csv; charset=utf-8"), None, None).as_deref(),
            Some("content.csv")
        );
        assert_eq!(
            name(Some("application/x-ndjson"), None, Some("a.csv")).as_deref(),
            Some("a.jsonl")
        );
        for (content_type, file) in [
            ("application/json; charset=utf-8", "content.json"),
            ("application/xml", "content.xml"),
            ("text/xml", "content.xml"),
        ] {
            assert_eq!(name(Some(content_type), None, None).as_deref(), Some(file));
        }
    }

    #[test]
    fn compressed_content_stays_compressed() {
        assert_eq!(
            name(Some("text/csv"), Some("gzip"), Some("a.csv.gz")).as_deref(),
            Some("a.csv.gz")
        );
        assert_eq!(
            name(Some("application/x-ndjson"), Some("zstd"), None).as_deref(),
            Some("content.jsonl.zst")
        );
        assert_eq!(
            name(Some("application/gzip"), None, None).as_deref(),
            Some("content.csv.gz")
        );
        assert_eq!(
            name(Some("application/gzip"), None, Some("x.jsonl.gz")).as_deref(),
            Some("x.jsonl.gz")
        );
        assert_eq!(
            name(Some("application/zstd"), None, Some("x.xml")).as_deref(),
            Some("x.xml.zst")
        );
    }

    #[test]
    fn without_a_type_the_file_name_decides() {
        assert_eq!(
            name(None, None, Some("März +&%.JSONL.gz")).as_deref(),
            Some("März +&%.jsonl.gz")
        );
        assert_eq!(
            name(Some("application/octet-stream"), None, Some("a.csv")).as_deref(),
            Some("a.csv")
        );
        assert_eq!(name(None, None, Some("a.xlsx")), None);
        assert_eq!(name(None, None, None), None);
    }

    #[test]
    fn unknown_types_encodings_and_double_compression_are_refused() {
        assert_eq!(name(Some("application/pdf"), None, None), None);
        assert_eq!(name(Some("text/csv"), Some("br"), None), None);
        assert_eq!(name(Some("application/gzip"), Some("gzip"), None), None);
    }

    #[test]
    fn a_file_name_cannot_leave_its_folder() {
        assert_eq!(
            name(Some("text/csv"), None, Some("../../ports/a.csv")).as_deref(),
            Some("a.csv")
        );
        assert_eq!(name(Some("text/csv"), None, Some("..")), None);
        assert_eq!(name(Some("text/csv"), None, Some("a\u{7}.csv")), None);
        assert_eq!(name(Some("text/csv"), None, Some(&"x".repeat(300))), None);
    }
}
