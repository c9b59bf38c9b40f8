//! A batch as the ledger knows it, in the JSON shape that the API and the command line show.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de};
use tokio_postgres::{Row, types::Json};

use crate::{
    error::{Error, Result},
    ids::{Attempt, BatchId, BatchNumber},
    problem::Problem,
    state::{Lane, State},
};

/// Where a batch's bytes lie.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectName {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version; `None` until the object has been seen, or where the bucket keeps no versions.
    pub version: Option<String>,
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)?;
        match &self.version {
            Some(version) => write!(f, "?versionId={version}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ObjectName {
    type Err = crate::ids::InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = text.strip_prefix("s3://").ok_or(crate::ids::InvalidId)?;
        let (path, version) = match path.rsplit_once("?versionId=") {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (path, None),
        };
        let (bucket, key) = path.split_once('/').ok_or(crate::ids::InvalidId)?;
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version,
        })
    }
}

impl Serialize for ObjectName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| de::Error::custom("an s3:// address is expected"))
    }
}

/// What the sender asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Everything but the commit.
    pub dry_run: bool,
    /// Load it although the same content was loaded before.
    pub force: bool,
    /// How many records the content must have.
    pub expect_rows: Option<u64>,
    /// What the content, decompressed, must hash to.
    pub expect_sha256: Option<[u8; 32]>,
    /// Before all that is not urgent.
    pub urgent: bool,
}

impl Options {
    /// The order of what waits: the lower goes first.
    pub(crate) fn priority(&self) -> i16 {
        i16::from(!self.urgent)
    }
}

/// One step in a batch's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// The state from then on.
    pub state: State,
    /// The attempt it belongs to; 0 before the first.
    pub attempt: Attempt,
    /// More about it, for people.
    #[serde(default)]
    pub note: Option<String>,
}

/// How far a load has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Stored bytes that are done (compressed, where the object is): in part when read, whole when with the database.
    pub bytes: u64,
    /// Records read.
    pub rows: u64,
    /// Rows that the database was sent.
    #[serde(default)]
    pub copied: u64,
}

/// [`Progress`] with its end, as shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressOf {
    /// Stored bytes that are done: in part when read, whole when with the database.
    pub bytes: u64,
    /// Records read.
    pub rows: u64,
    /// Rows that the database was sent; a load that sorts first reads first, and sends then.
    #[serde(default)]
    pub copied: u64,
    /// The object's size, where it is known.
    pub total_bytes: Option<u64>,
    /// Records a second so far, of a batch that is being loaded.
    #[serde(default)]
    pub rows_per_s: Option<u64>,
    /// About how many seconds it still takes, where that can be told.
    #[serde(default)]
    pub seconds_left: Option<u64>,
}

impl ProgressOf {
    /// The bytes that are to be done, where that is known: not of a manifest, which is small beside what it lists.
    pub fn end(&self) -> Option<u64> {
        self.total_bytes
            .filter(|total| *total > 0 && self.bytes <= *total)
    }

    /// The same with rate and time left, after so many seconds of work.
    fn after(mut self, elapsed_s: f64) -> Self {
        if elapsed_s < 1.0 || self.rows == 0 {
            return self;
        }
        self.rows_per_s = Some((self.rows as f64 / elapsed_s) as u64);
        if let Some(total) = self.end() {
            let done = (self.bytes as f64 / total as f64).max(f64::EPSILON);
            self.seconds_left = Some((elapsed_s * (1.0 - done) / done).ceil() as u64);
        }
        self
    }
}

/// How long a batch's report is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportSize {
    /// What was found.
    pub total: u64,
    /// What is listed of it.
    pub listed: u64,
}

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Its name for the outside.
    pub id: BatchId,
    /// Its number here.
    pub number: BatchNumber,
    /// What it is of.
    pub dataset: String,
    /// Where it stands.
    pub state: State,
    /// Where it is loaded.
    pub lane: Lane,
    /// How often it was begun.
    pub attempt: Attempt,
    /// Whether it waits for a loader: for the first one, or for another try.
    #[serde(default)]
    pub waits: bool,
    /// Rows in the table (committed), that were there (undone) or that would be (checked); 0 for a rejected or
    /// duplicate batch; null before.
    pub rows: Option<u64>,
    /// Records that were refused.
    pub rejected: Option<u64>,
    /// Size of the content, decompressed.
    pub bytes: Option<u64>,
    /// SHA-256 of the content, decompressed, in hex.
    pub sha256: Option<String>,
    /// Where its bytes lie.
    pub source: ObjectName,
    /// The batch that had the same content first.
    pub duplicate_of: Option<BatchId>,
    /// Who sent it.
    pub submitted_by: String,
    /// The release that worked on it last.
    pub release: Option<String>,
    /// When it became known.
    pub received_at: Timestamp,
    /// When it was first begun.
    pub started_at: Option<Timestamp>,
    /// When it was settled.
    pub finished_at: Option<Timestamp>,
    /// Its life so far, oldest first.
    pub timeline: Vec<Event>,
    /// Why it failed or was rejected.
    pub error: Option<Problem>,
    /// How far the load has come.
    pub progress: ProgressOf,
    /// Whether it is a dry run.
    pub dry_run: bool,
    /// How long its report is.
    pub report: ReportSize,
    /// Until when its holder need not answer; null unless loading.
    #[serde(skip)]
    pub lease_until: Option<Timestamp>,
    /// What the sender asked for.
    #[serde(skip)]
    pub options: Options,
    /// When the attempt began that the progress is of.
    #[serde(skip)]
    pub attempt_at: Option<Timestamp>,
    /// The job that was started for it, in lanes that have jobs.
    #[serde(skip)]
    pub job: Option<String>,
    /// The CSV header line as it was sent.
    #[serde(skip)]
    pub header: Option<Vec<u8>>,
    /// The object's entity tag, where it is known.
    #[serde(skip)]
    pub etag: Option<String>,
}

/// What [`Batch::from_row`] reads. `FROM waybill.batches b` follows.
pub(crate) const COLUMNS: &str = "b.number, b.id, b.dataset, b.state, b.lane, b.attempt, b.rows, b.rejected, b.bytes, \
    b.sha256, b.bucket, b.object_key, b.object_version, b.duplicate_of, b.submitted_by, b.release, b.received_at, \
    b.started_at, b.finished_at, b.error, b.progress_bytes, b.progress_rows, b.object_bytes, b.dry_run, b.force, \
    b.expect_rows, b.expect_sha256, b.report_total, b.report_listed, b.lease_until, b.header, b.etag, \
    b.priority, b.attempt_at, b.job, b.progress_copied, \
    EXISTS (SELECT FROM waybill.queue q WHERE q.batch = b.number) AS waits, \
    extract(epoch FROM clock_timestamp() - b.attempt_at)::float8 AS elapsed_s, \
    (SELECT coalesce(jsonb_agg(jsonb_build_object('at', e.at, 'state', e.state, 'attempt', e.attempt, 'note', e.note) \
     ORDER BY e.id), '[]'::jsonb) FROM waybill.events e WHERE e.batch = b.number) AS timeline";

impl Batch {
    /// Whether nothing more happens to it without anyone's doing. One that failed and waits is tried again, so that its
    /// `failed` is not the end; a release before the queue left it to its message, if it had been interrupted.
    pub fn is_over(&self) -> bool {
        let interrupted = self.state == State::Failed
            && self
                .error
                .as_ref()
                .is_some_and(|problem| problem.is(Problem::INTERRUPTED));
        self.state.is_settled() && !self.waits && !interrupted
    }

    pub(crate) fn from_row(row: &Row) -> Result<Self> {
        let unsigned = |column: &str| -> Result<Option<u64>> {
            Ok(row
                .try_get::<_, Option<i64>>(column)?
                .map(|value| value.max(0) as u64))
        };
        let state = word(row, "state")?;
        let mut progress = ProgressOf {
            bytes: unsigned("progress_bytes")?.unwrap_or(0),
            rows: unsigned("progress_rows")?.unwrap_or(0),
            copied: unsigned("progress_copied")?.unwrap_or(0),
            total_bytes: unsigned("object_bytes")?,
            ..ProgressOf::default()
        };
        if state == State::Loading {
            let elapsed: Option<f64> = row.try_get("elapsed_s")?;
            progress = progress.after(elapsed.unwrap_or(0.0));
        }
        Ok(Self {
            id: BatchId(row.try_get("id")?),
            number: BatchNumber(row.try_get("number")?),
            dataset: row.try_get("dataset")?,
            state,
            lane: word(row, "lane")?,
            attempt: Attempt(row.try_get("attempt")?),
            waits: row.try_get("waits")?,
            rows: unsigned("rows")?,
            rejected: unsigned("rejected")?,
            bytes: unsigned("bytes")?,
            sha256: row
                .try_get::<_, Option<Vec<u8>>>("sha256")?
                .map(|hash| hex(&hash)),
            source: ObjectName {
                bucket: row.try_get("bucket")?,
                key: row.try_get("object_key")?,
                version: row.try_get("object_version")?,
            },
            duplicate_of: row.try_get::<_, Option<_>>("duplicate_of")?.map(BatchId),
            submitted_by: row.try_get("submitted_by")?,
            release: row.try_get("release")?,
            received_at: row.try_get("received_at")?,
            started_at: row.try_get("started_at")?,
            finished_at: row.try_get("finished_at")?,
            timeline: row.try_get::<_, Json<Vec<Event>>>("timeline")?.0,
            error: row
                .try_get::<_, Option<Json<Problem>>>("error")?
                .map(|json| json.0),
            progress,
            dry_run: row.try_get("dry_run")?,
            report: ReportSize {
                total: unsigned("report_total")?.unwrap_or(0),
                listed: unsigned("report_listed")?.unwrap_or(0),
            },
            lease_until: row.try_get("lease_until")?,
            options: options(row)?,
            attempt_at: row.try_get("attempt_at")?,
            job: row.try_get("job")?,
            header: row.try_get("header")?,
            etag: row.try_get("etag")?,
        })
    }
}

pub(crate) fn options(row: &Row) -> Result<Options> {
    Ok(Options {
        dry_run: row.try_get("dry_run")?,
        force: row.try_get("force")?,
        expect_rows: row
            .try_get::<_, Option<i64>>("expect_rows")?
            .map(|rows| rows.max(0) as u64),
        expect_sha256: row
            .try_get::<_, Option<Vec<u8>>>("expect_sha256")?
            .and_then(|hash| hash.try_into().ok()),
        urgent: row.try_get::<_, i16>("priority")? == 0,
    })
}

pub(crate) fn word<T: FromStr>(row: &Row, column: &str) -> Result<T> {
    row.try_get::<_, &str>(column)?.parse().map_err(|_| {
        Error::internal(format!(
            "the ledger holds an unknown word in {column}: is this release too old?"
        ))
    })
}

/// Bytes in lower-case hexadecimal, as hashes are shown.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_follows_what_is_done() {
        let begun = ProgressOf {
            bytes: 10,
            rows: 1000,
            total_bytes: Some(100),
            ..ProgressOf::default()
        };
        let shown = begun.after(10.0);
        assert_eq!(
            (shown.rows_per_s, shown.seconds_left),
            (Some(100), Some(90))
        );
        let done = ProgressOf {
            bytes: 100,
            ..begun
        };
        assert_eq!(done.after(10.0).seconds_left, Some(0));
        let manifest = ProgressOf {
            bytes: 1000,
            ..begun
        };
        assert_eq!(manifest.after(10.0).seconds_left, None);
        assert_eq!(begun.after(0.5), begun);
    }

    #[test]
    fn an_object_name_reads_back_from_its_address() {
        for version in [None, Some("v 1".to_owned())] {
            let name = ObjectName {
                bucket: "b".into(),
                key: "prices/a ?+&%ü.csv".into(),
                version,
            };
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }
}
