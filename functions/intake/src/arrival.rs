//! An object appeared: its batch becomes known to the ledger and waits in a lane, and somebody is told that it does.
//!
//! Nothing is loaded here, so that a thousand objects are known within seconds, whoever's they are: only what is
//! known can be put in order.

use ledger::{
    Batch, BatchId, Error, Lane, NewBatch, ObjectName, Options, State, batch_id_for_object,
};
use reader::Compression;

use crate::event::Object;

/// Who sent a batch that just appeared in the bucket.
const BUCKET: &str = "bucket";
/// The dataset in the ledger of an object whose key names none.
const NO_DATASET: &str = "unknown";
/// How much more a compressed object is taken for than it has bytes: text of this kind packs about so.
const PACKED: u64 = 5;

/// An object's batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) id: BatchId,
    /// Whether somebody is to be told that it waits.
    pub(crate) waits: bool,
    pub(crate) lane: Lane,
}

/// Makes the object's batch known and puts it into its lane: the task lane where there is one and the object is
/// larger than the function lane takes.
pub(crate) async fn arrive(
    client: &ledger::Client,
    object: &Object,
    largest: Option<u64>,
) -> Result<Arrived, Error> {
    let batch = receive(client, object).await?;
    let key = loader::parse_key(&object.key).ok();
    let packed = key
        .as_ref()
        .is_some_and(|key| key.compression != Compression::None);
    let size = object
        .bytes
        .unwrap_or(0)
        .saturating_mul(if packed { PACKED } else { 1 });
    let lane = match largest {
        Some(largest) if size > largest => Lane::Task,
        _ => Lane::Function,
    };
    let waits = ledger::enqueue(client, batch.id, lane, &partner(&batch)).await?;
    Ok(Arrived {
        id: batch.id,
        // A loader that died may have been its last: whoever comes looks after it.
        waits: waits.is_some() || batch.state == State::Loading,
        lane: waits.unwrap_or(batch.lane),
    })
}

/// Whose a batch is: the key that it was sent with, or of one that was put into the bucket the first folder.
fn partner(batch: &Batch) -> String {
    if batch.submitted_by != BUCKET {
        return batch.submitted_by.clone();
    }
    let mut parts = batch.source.key.splitn(3, '/').skip(1);
    match (parts.next(), parts.next()) {
        (Some(folder), Some(_)) => format!("{BUCKET}:{folder}"),
        _ => BUCKET.to_owned(),
    }
}

/// Makes the object's batch known to the ledger.
async fn receive(client: &ledger::Client, object: &Object) -> Result<Batch, Error> {
    // In a bucket without versions the content's tag stands for one.
    let tagged = object.etag.as_ref().map(|etag| format!("etag {etag}"));
    let version = object.version.as_deref().or(tagged.as_deref());
    let own = batch_id_for_object(&object.bucket, &object.key, version);
    let (dataset, announced) = match loader::parse_key(&object.key) {
        Ok(key) => (key.dataset, key.api_batch),
        Err(problem) => (folder(&problem), None),
    };
    let mut new = NewBatch {
        id: announced.unwrap_or(own),
        dataset: &dataset,
        source: ObjectName {
            bucket: object.bucket.clone(),
            key: object.key.clone(),
            version: object.version.clone(),
        },
        object_bytes: object.bytes,
        etag: object.etag.as_deref(),
        submitted_by: BUCKET,
        options: Options::default(),
    };
    let batch = ledger::receive(client, &new).await?;
    if batch.id == own || batch.source == new.source {
        return Ok(batch);
    }
    // The announced batch took up another object: this one is a batch by itself.
    if (&batch.source.bucket, &batch.source.key) == (&object.bucket, &object.key) {
        if is_same_delivery(&batch, object) {
            tracing::info!(batch = %batch.id, "the announced object was sent twice");
            return Ok(batch);
        }
        // Sent to the same address, so with the same wishes: a dry run stays one.
        new.submitted_by = &batch.submitted_by;
        new.options = batch.options;
    }
    tracing::warn!(
        announced = %batch.id, batch = %own, "a second object under an announced key"
    );
    new.id = own;
    ledger::receive(client, &new).await
}

/// Whether an object is the announced batch's own once more, as after a PUT whose answer was lost.
///
/// Not where that batch was rejected or undone: what it refers to may be there by now, and what was
/// taken back may be sent again.
fn is_same_delivery(batch: &Batch, object: &Object) -> bool {
    let over = matches!(batch.state, State::Rejected | State::Undone);
    !over
        && object.etag.is_some()
        && batch.etag == object.etag
        && batch.progress.total_bytes == object.bytes
}

/// The dataset of an object whose key cannot be loaded: what stands in front, if anything does.
fn folder(problem: &loader::KeyProblem) -> String {
    match problem {
        loader::KeyProblem::NoDataset => NO_DATASET.to_owned(),
        loader::KeyProblem::UnknownFormat { dataset } => dataset.clone(),
    }
}
