//! Newtypes for what must not be mixed up.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The namespace of the ids of batches that began as an object: fixed for ever, since the same object
/// must be the same batch in every release.
const OBJECTS: Uuid = Uuid::from_u128(0x6f1c_9b0e_52d7_4a6b_9a3f_0c5d_7781_be42);

/// The name of a batch for the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchId(pub Uuid);

/// The number of a batch inside one database: what rows carry and what the ledger orders by. From 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchNumber(pub i64);

/// How often a batch has been claimed: the fencing token. 0 before the first claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attempt(pub i32);

impl BatchId {
    /// A fresh id for a batch that is announced before its object exists (UUIDv7).
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }
}

/// The id of the batch that an object is: UUIDv5 of bucket, key and version, each preceded by its length,
/// so that no two objects share a name. An unversioned object has the version `""` or `"null"`, alike.
pub fn batch_id_for_object(bucket: &str, key: &str, version: Option<&str>) -> BatchId {
    let version = version.filter(|v| *v != "null").unwrap_or_default();
    let mut name = Vec::with_capacity(bucket.len() + key.len() + version.len() + 24);
    for part in [bucket, key, version] {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    BatchId(Uuid::new_v5(&OBJECTS, &name))
}

macro_rules! plain {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.parse().map(Self).map_err(|_| InvalidId)
            }
        }
    };
}
plain!(BatchId);
plain!(BatchNumber);
plain!(Attempt);

/// The text is not an id of the kind that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct InvalidId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_one_id_and_no_two_share_it() {
        let id = batch_id_for_object("b", "prices/a.csv", Some("v1"));
        assert_eq!(id, batch_id_for_object("b", "prices/a.csv", Some("v1")));
        assert_ne!(id, batch_id_for_object("b", "prices/a.csv", Some("v2")));
        assert_ne!(
            batch_id_for_object("b", "xy", Some("z")),
            batch_id_for_object("bx", "y", Some("z"))
        );
        assert_eq!(
            batch_id_for_object("b", "k", None),
            batch_id_for_object("b", "k", Some("null"))
        );
    }

    #[test]
    fn the_id_of_an_object_is_the_same_in_every_release() {
        assert_eq!(
            batch_id_for_object("waybill-dev-incoming", "prices/a.csv", Some("v1")).to_string(),
            "7c3be49a-c01f-5e98-bdf3-33cf60c0a1cf"
        );
    }
}
