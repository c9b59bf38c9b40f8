//! In how many pieces an upload comes, and whether that can be.

use super::UploadRequest;
use crate::limits;
use crate::problem::{Kind, Problem};
use crate::submit;

/// What will be put.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Plan {
    OnePiece {
        sha256: Option<[u8; 32]>,
    },
    Parts {
        count: u16,
        bytes: Option<u64>,
        sha256: Vec<[u8; 32]>,
    },
}

/// The size of parts where neither sizes nor counts say otherwise.
const USUAL_PART: u64 = 64 * 1024 * 1024;

impl Plan {
    pub(super) fn of(asked: &UploadRequest) -> Result<Self, Problem> {
        if asked
            .bytes
            .is_some_and(|bytes| bytes > limits::OBJECT_BYTES)
        {
            return Err(Problem::new(
                Kind::ContentTooLarge,
                format!(
                    "An object may have at most {} bytes: split the file.",
                    limits::OBJECT_BYTES
                ),
            )
            .with("limit_bytes", limits::OBJECT_BYTES));
        }
        let hashes = asked.part_sha256.as_deref().unwrap_or_default();
        let hashes = hashes
            .iter()
            .map(|text| submit::sha256("part_sha256", text))
            .collect::<Result<Vec<_>, _>>()?;
        let told = asked
            .parts
            .or_else(|| asked.part_sha256.as_ref().map(|hashes| hashes.len() as u32));
        let too_large = asked
            .bytes
            .filter(|bytes| *bytes > limits::SINGLE_PUT_BYTES);
        let count = match (told, too_large) {
            (Some(count), _) => count,
            (None, Some(bytes)) => {
                bytes.div_ceil(USUAL_PART.max(bytes.div_ceil(u64::from(limits::PARTS)))) as u32
            }
            (None, None) => {
                let sha256 = asked
                    .sha256
                    .as_deref()
                    .map(|text| submit::sha256("sha256", text))
                    .transpose()?;
                return Ok(Self::OnePiece { sha256 });
            }
        };
        if !(1..=limits::PARTS).contains(&count) {
            return Err(Problem::argument(
                "parts",
                format!("parts must be 1 to {}; {count} is not.", limits::PARTS),
            ));
        }
        if asked.sha256.is_some() {
            return Err(Problem::argument(
                "sha256",
                "sha256 is for uploads in one piece; send part_sha256 for one in parts.",
            ));
        }
        if !hashes.is_empty() && hashes.len() != count as usize {
            return Err(Problem::argument(
                "part_sha256",
                format!("There are {count} parts and {} checksums.", hashes.len()),
            ));
        }
        let bytes = asked.bytes.map(|bytes| bytes.div_ceil(u64::from(count)));
        if let Some(bytes) = bytes {
            if count > 1 && bytes < limits::PART_BYTES {
                return Err(Problem::argument(
                    "parts",
                    format!(
                        "Parts must have at least {} bytes each: ask for fewer.",
                        limits::PART_BYTES
                    ),
                ));
            }
            if bytes > limits::SINGLE_PUT_BYTES {
                return Err(Problem::argument(
                    "parts",
                    format!(
                        "Parts may have at most {} bytes each: ask for more.",
                        limits::SINGLE_PUT_BYTES
                    ),
                ));
            }
        }
        Ok(Self::Parts {
            count: count as u16,
            bytes,
            sha256: hashes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn plan(bytes: Option<u64>, parts: Option<u32>, hashes: Option<usize>) -> Option<Plan> {
        let hash = "ab".repeat(32);
        let asked = serde_json::json!({
            "dataset": "prices", "bytes": bytes, "parts": parts, "part_sha256": hashes.map(|count| vec![hash; count]),
        });
        Plan::of(&serde_json::from_value(asked).expect("a request")).ok()
    }

    #[test]
    fn a_file_comes_in_one_piece_unless_told_or_too_large_for_that() {
        assert_eq!(
            plan(None, None, None),
            Some(Plan::OnePiece { sha256: None })
        );
        assert_eq!(
            plan(Some(5 * 1024 * MIB), None, None),
            Some(Plan::OnePiece { sha256: None })
        );
        assert_eq!(
            plan(Some(6 * 1024 * MIB), None, None),
            Some(Plan::Parts {
                count: 96,
                bytes: Some(64 * MIB),
                sha256: vec![]
            })
        );
        assert_eq!(
            plan(None, Some(2), None),
            Some(Plan::Parts {
                count: 2,
                bytes: None,
                sha256: vec![]
            })
        );
    }

    #[test]
    fn the_largest_object_fits_the_most_parts() {
        let Some(Plan::Parts { count, bytes, .. }) = plan(Some(limits::OBJECT_BYTES), None, None)
        else {
            panic!("parts")
        };
        assert!(u32::from(count) <= limits::PARTS);
        assert!(
            bytes.is_some_and(|bytes| bytes * u64::from(count) >= limits::OBJECT_BYTES
                && bytes <= limits::SINGLE_PUT_BYTES)
        );
    }

    #[test]
    fn parts_that_the_storage_would_refuse_are_refused() {
        assert_eq!(plan(Some(limits::OBJECT_BYTES + 1), None, None), None);
        assert_eq!(plan(Some(8 * MIB), Some(2), None), None);
        assert_eq!(plan(Some(100 * 1024 * MIB), Some(2), None), None);
        assert_eq!(plan(None, Some(0), None), None);
        assert_eq!(plan(None, Some(2_001), None), None);
    }

    #[test]
    fn checksums_are_as_many_as_parts_and_can_count_them() {
        assert!(matches!(
            plan(None, None, Some(3)),
            Some(Plan::Parts { count: 3, .. })
        ));
        assert_eq!(plan(None, Some(2), Some(3)), None);
    }
}
