//! An object appeared: its batch becomes known to the ledger and waits in a lane, and somebody is told that it does.
//!
//! Nothing is loaded here, so that a thousand objects are known within seconds, whoever's they are: only what is
//! known can be put in order.

use contract::Format;
use ledger::{
    Batch, BatchId, Error, Lane, NewBatch, ObjectName, Options, State, batch_id_for_object,
};
use loader::ObjectKey;

use crate::event::Object;

/// Who sent a batch that just appeared in the bucket.
const BUCKET: &str = "bucket";
/// The dataset in the ledger of an object whose key names none.
const NO_DATASET: &str = "unknown";

/// How large what a lane takes may be, by the content's size as it is guessed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    /// The most that the function lane takes; `None`: there is no task lane for the rest.
    pub(crate) function: Option<u64>,
    /// From where on it is the Spark lane's; `None`: there is none.
    pub(crate) spark: Option<u64>,
}

impl Lanes {
    /// The lane of an object. `key`: what its key says, where that can be loaded at all.
    fn lane(self, key: Option<&ObjectKey>, bytes: u64) -> Lane {
        let size = key.map_or(bytes, |key| key.content_bytes(bytes));
        // As jobs/spark does. A manifest's key says no format: what it lists is loaded by one machine.
        let spark_reads =
            key.is_some_and(|key| matches!(key.format, Format::Csv | Format::JsonLines));
        if spark_reads && self.spark.is_some_and(|from| size >= from) {
            return Lane::Spark;
        }
        match self.function {
            Some(largest) if size > largest => Lane::Task,
            _ => Lane::Function,
        }
    }
}

/// An object's batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) id: BatchId,
    /// Whether somebody is to be told that it waits.
    pub(crate) waits: bool,
    pub(crate) lane: Lane,
}

/// Makes the object's batch known and puts it into its lane.
pub(crate) async fn arrive(
    client: &ledger::Client,
    object: &Object,
    lanes: Lanes,
) -> Result<Arrived, Error> {
    let batch = receive(client, object).await?;
    let key = loader::parse_key(&object.key).ok();
    let lane = lanes.lane(key.as_ref(), object.bytes.unwrap_or(0));
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

#[cfg(test)]
mod tests {
    use super::*;

    const LANES: Lanes = Lanes {
        function: Some(100),
        spark: Some(1000),
    };

    fn lane(lanes: Lanes, key: &str, bytes: u64) -> Lane {
        lanes.lane(loader::parse_key(key).ok().as_ref(), bytes)
    }

    #[test]
    fn a_batch_goes_to_the_first_lane_that_is_large_enough() {
        for (bytes, wanted) in [
            (100, Lane::Function),
            (101, Lane::Task),
            (999, Lane::Task),
            (1000, Lane::Spark),
        ] {
            assert_eq!(lane(LANES, "prices/a.csv", bytes), wanted, "{bytes}");
        }
    }

    #[test]
    fn what_is_packed_counts_as_more_than_it_has_bytes() {
        for key in ["prices/a.csv.gz", "prices/a.jsonl.zst"] {
            assert_eq!(lane(LANES, key, 20), Lane::Function, "{key}");
            assert_eq!(lane(LANES, key, 21), Lane::Task, "{key}");
            assert_eq!(lane(LANES, key, 200), Lane::Spark, "{key}");
        }
    }

    #[test]
    fn what_spark_does_not_read_stays_with_one_machine_however_large() {
        for key in ["prices/a.json", "prices/a.xml.gz", "prices/a.manifest", "a"] {
            assert_eq!(lane(LANES, key, 1 << 50), Lane::Task, "{key}");
        }
    }

    #[test]
    fn a_lane_that_is_not_there_takes_nothing() {
        let no_spark = Lanes {
            spark: None,
            ..LANES
        };
        let no_tasks = Lanes {
            function: None,
            ..LANES
        };
        assert_eq!(lane(no_spark, "prices/a.csv", 1 << 50), Lane::Task);
        assert_eq!(lane(no_tasks, "prices/a.csv", 999), Lane::Function);
        assert_eq!(lane(no_tasks, "prices/a.csv", 1000), Lane::Spark);
    }
}
