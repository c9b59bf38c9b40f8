//! A duplicate told before its rows are loaded.
//!
//! The commit finds every duplicate, by the content's hash, but only after all the rows were written,
//! and rows rolled back still cost the server their space. An object with the size and the tag of one
//! that was committed is most likely the same: its content is hashed first, which proves it.

use std::sync::Arc;

use ledger::{Outcome, Repeats, Session, Summary};
use sha2::{Digest, Sha256};

use crate::error::{LoadError, LoadErrorKind};
use crate::feed::{FeedReader, Feeds};
use crate::file::File;
use crate::load::{Load, database};
use crate::meter::Meter;
use crate::object_key;
use crate::verdict::{self, Verdict};

/// The verdict on an object whose content was committed before, if that can be told from its tag and hash.
pub(crate) async fn duplicate(
    load: &Load<'_>,
    ledger: &Session,
    meter: &Arc<Meter>,
) -> Result<Option<Verdict>, LoadError> {
    let held = load.held;
    // Of a delivery of several files, the manifest's tag says nothing of their content.
    let [file] = load.files else { return Ok(None) };
    if file.name.is_some() {
        return Ok(None);
    }
    let options = &held.options;
    // What the sender declared is held against the records, so they have to be read.
    let declared = options.expect_rows.is_some() || options.expect_sha256.is_some();
    let (false, Some(bytes), Some(etag)) =
        (options.force || declared, held.object_bytes, &held.etag)
    else {
        return Ok(None);
    };
    // Where only the last content counts, the commit alone can tell.
    if verdict::repeats(load.contract) != Repeats::Any {
        return Ok(None);
    }
    let likely = ledger::committed_with_etag(ledger, &held.dataset, bytes, etag, held.id);
    let Some(of) = likely.await.map_err(database)? else {
        return Ok(None);
    };
    let Some(first) = ledger::find(ledger, of).await.map_err(database)? else {
        return Ok(None);
    };
    // The same bytes under another ending are not the same records.
    let same_format = object_key::parse_key(&first.source.key)
        .is_ok_and(|key| (key.format, key.compression) == (file.format, file.compression));
    if !same_format {
        return Ok(None);
    }
    let Some((sha256, content_bytes)) = hash(load, file, meter).await? else {
        return Ok(None);
    };
    if first.sha256.as_deref() != Some(&ledger::hex(&sha256)) {
        return Ok(None);
    }
    let summary = Summary {
        rows: 0,
        content_bytes,
        sha256,
        header: None,
    };
    Ok(Some(Verdict::Not(Outcome::Duplicate {
        of,
        summary: Some(summary),
    })))
}

/// The content's hash and size; none where it cannot be read to its end: the load then says why.
async fn hash(
    load: &Load<'_>,
    file: &File<'_>,
    meter: &Arc<Meter>,
) -> Result<Option<([u8; 32], u64)>, LoadError> {
    meter.begin(false);
    let (feeds, mut readers) = Feeds::new(1, meter);
    let Some(reader) = readers.pop() else {
        return Ok(None);
    };
    let (compression, limits) = (file.compression, load.settings.limits.clone());
    let hashing = tokio::task::spawn_blocking(move || hash_all(reader, compression, &limits));
    let (_, hashed) = tokio::join!(feeds.pump(std::slice::from_ref(file)), hashing);
    hashed.map_err(|panic| {
        LoadError::new(
            LoadErrorKind::Failed,
            "a defect stopped the hashing of the content",
        )
        .caused_by(panic)
    })
}

fn hash_all(
    reader: FeedReader,
    compression: reader::Compression,
    limits: &reader::Limits,
) -> Option<([u8; 32], u64)> {
    let mut content = reader::decompress(compression, Box::new(reader), limits);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        match reader::Content::read(&mut content, &mut buffer).ok()? {
            0 => return Some((hash.finalize().into(), bytes)),
            read => {
                hash.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}
