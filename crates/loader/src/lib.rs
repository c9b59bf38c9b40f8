//! One batch, from bytes to a committed ledger entry.
//!
//! Every lane that is not Spark runs [`load`]: it reads a [`Source`] once, checks each record on all
//! cores, sorts the batch by the target's widest index, on disk where it must, and writes rows and
//! ledger entry in one transaction. It knows PostgreSQL and bytes; it knows nothing of AWS.

mod check;
mod copying;
mod direct;
mod early;
mod encode;
mod error;
mod feed;
mod file;
mod findings;
mod gather;
mod load;
mod manifest;
#[doc(hidden)]
pub mod measured;
mod merge;
mod meter;
mod object_key;
mod outgoing;
mod pieces;
mod pipeline;
mod reading;
mod references;
mod runs;
mod scratch;
mod settings;
mod sorter;
mod source;
mod sql;
mod staging;
mod verdict;

pub use error::{LoadError, LoadErrorKind};
pub use file::File;
pub use load::{Load, Loaded, load};
pub use manifest::{Listed, Manifest, ManifestProblem, is_manifest, is_part};
pub use object_key::{KeyProblem, ObjectKey, parse_key};
pub use settings::{DEFAULT_LEASE, LoadSettings, ScratchSettings};
pub use source::{BytesSource, Opened, Source, SourceError, SourceErrorKind};
