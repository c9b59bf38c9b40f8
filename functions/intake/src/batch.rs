//! One batch: made known to the ledger, claimed, loaded, settled.
//!
//! Whatever happens, either the ledger says how the batch ended and the message is done with, or
//! the message comes again.

use std::time::Instant;

use contract::Contract;
use ledger::{
    Batch, BatchId, Claim, Error, ErrorKind, Held, NewBatch, ObjectName, Options, Outcome, Problem,
    State, batch_id_for_object,
};
use loader::{Load, LoadErrorKind, LoadSettings, ObjectKey, Source};
use platform::database::Kept;
use platform::metrics::LoadMetrics;
use platform::settings::Intake as Settings;
use tokio::time::timeout_at;

use crate::deadline::Deadline;
use crate::delivery::{Delivery, Unread};
use crate::event::Object;
use crate::problems;
use crate::verdict::Verdict;

/// Who sent a batch that just appeared in the bucket.
const BUCKET: &str = "bucket";
/// The dataset in the ledger of an object whose key names none.
const NO_DATASET: &str = "unknown";

/// Opens an object for a load: its name, and its tag where it has no version.
pub type Open = Box<dyn Fn(&ObjectName, Option<&str>) -> Box<dyn Source> + Send + Sync>;

/// What loading needs: kept from one message to the next.
pub struct Loading {
    /// What the function was told.
    pub settings: Settings,
    /// The session that claims, beats and settles.
    pub ledger: Kept,
    /// The session of the loads' own transactions.
    pub database: Kept,
    /// Where objects are read from.
    pub open: Open,
}

/// What an object's key was understood as.
struct Known {
    contract: &'static Contract,
    /// What the object is; nothing where it is a manifest.
    key: Option<ObjectKey>,
}

impl Loading {
    /// An object appeared.
    pub async fn object(&mut self, object: &Object, deadline: Deadline) -> Verdict {
        if object.bucket != self.settings.incoming_bucket {
            tracing::error!(
                bucket = object.bucket,
                "an event of a bucket that is not ours: is the queue wired to another one?"
            );
            return Verdict::Poison;
        }
        if loader::is_part(&object.key) {
            // Its manifest has an event of its own.
            return Verdict::Done;
        }
        let id = match self.receive(object).await {
            Ok(id) => id,
            Err(error) => return unsettled(&error, "the batch could not be made known"),
        };
        self.batch(id, deadline).await
    }

    /// A batch that the ledger knows is to be loaded.
    pub async fn batch(&mut self, id: BatchId, deadline: Deadline) -> Verdict {
        let lease = self.settings.lease;
        let release = self.settings.common.release.clone();
        let claim = match self.ledger.session().await {
            Ok(session) => ledger::claim(session, id, lease, &release).await,
            Err(error) => Err(error),
        };
        match claim {
            Ok(Claim::Held(held)) => {
                tracing::info!(
                    batch = %id, dataset = held.dataset, attempt = held.attempt.0, "the load begins"
                );
                if held.attempt.0 == 1 {
                    self.measure(&held, State::Received, None);
                }
                self.held(&held, deadline).await
            }
            Ok(Claim::Busy { lease_until }) => {
                tracing::info!(batch = %id, %lease_until, "another loader is at work on the batch");
                Verdict::Again { least: lease }
            }
            Ok(Claim::Settled(batch)) => {
                tracing::info!(batch = %id, state = %batch.state, "the batch is settled already");
                Verdict::Done
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tracing::error!(batch = %id, "the ledger does not know this batch");
                Verdict::Poison
            }
            Err(error) => {
                self.ledger.close();
                unsettled(&error, "the batch could not be claimed")
            }
        }
    }

    /// A committed batch is to be taken back.
    pub async fn undo(&mut self, id: BatchId, by: &str, deadline: Deadline) -> Verdict {
        let began = Instant::now();
        let undoing = async {
            let session = self.database.session().await?;
            ledger::undo(session, id, by).await
        };
        let Ok(undone) = timeout_at(deadline.stop(), undoing).await else {
            // The transaction ends with its session: nothing is taken out.
            self.database.close();
            tracing::error!(
                batch = %id,
                elapsed_s = began.elapsed().as_secs(),
                "undoing the batch exceeded the function's time"
            );
            // The ledger cannot say so: the batch stays committed. Perhaps a lock was in the way;
            // if not, the dead letter tells.
            return Verdict::AGAIN;
        };
        match undone {
            Ok(undone) => {
                tracing::info!(batch = %id, rows = undone.rows, "the batch was undone");
                Verdict::Done
            }
            Err(error) if error.kind() == ErrorKind::Conflict => {
                tracing::warn!(batch = %id, reason = error.context(), "the batch is not undone");
                Verdict::Done
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tracing::error!(batch = %id, "the ledger does not know this batch");
                Verdict::Poison
            }
            Err(error) => {
                self.database.close();
                unsettled(&error, "the batch could not be undone")
            }
        }
    }

    /// Makes the object's batch known to the ledger.
    async fn receive(&mut self, object: &Object) -> Result<BatchId, Error> {
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
        let session = self.ledger.session().await?;
        let batch = ledger::receive(session, &new).await?;
        if batch.id == own || batch.source == new.source {
            return Ok(batch.id);
        }
        // The announced batch took up another object: this one is a batch by itself.
        if (&batch.source.bucket, &batch.source.key) == (&object.bucket, &object.key) {
            if is_same_delivery(&batch, object) {
                tracing::info!(batch = %batch.id, "the announced object was sent twice");
                return Ok(batch.id);
            }
            // Sent to the same address, so with the same wishes: a dry run stays one.
            new.submitted_by = &batch.submitted_by;
            new.options = batch.options;
        }
        tracing::warn!(
            announced = %batch.id, batch = %own, "a second object under an announced key"
        );
        new.id = own;
        ledger::receive(session, &new).await?;
        Ok(own)
    }

    /// Loads a batch that is ours, and lets go of it.
    async fn held(&mut self, held: &Held, deadline: Deadline) -> Verdict {
        let verdict = self.judge(held, deadline).await;
        match self.ledger.session().await {
            Ok(session) => {
                if let Err(error) = ledger::release_claim(session, held).await {
                    tracing::warn!(error = ledger::chain(&error), "the session is given up");
                    self.ledger.close();
                }
            }
            // Without a session there is no claim to let go of.
            Err(_) => self.ledger.close(),
        }
        verdict
    }

    async fn judge(&mut self, held: &Held, deadline: Deadline) -> Verdict {
        let known = match understand(held) {
            Ok(known) => known,
            Err(problem) => return self.reject(held, problem).await,
        };
        let lane_bytes = self.settings.lane_bytes;
        if let Some(bytes) = held.object_bytes.filter(|bytes| *bytes > lane_bytes) {
            let problem = problems::too_large(bytes, lane_bytes);
            return self.fail(held, problem, Verdict::Done).await;
        }
        let delivery = match known.key {
            Some(key) => Delivery::object(&self.open, held, key),
            None => match Delivery::manifest(&self.open, held, known.contract).await {
                Ok(delivery) => delivery,
                Err(Unread::Interrupted(problem)) => {
                    return self.fail(held, problem, Verdict::AGAIN).await;
                }
                Err(Unread::Rejected(problem)) => {
                    return self.reject(held, problem).await;
                }
            },
        };
        self.load(held, known.contract, &delivery, deadline).await
    }

    /// The sender must act, and there is no row to show.
    async fn reject(&mut self, held: &Held, problem: Problem) -> Verdict {
        let outcome = Outcome::Rejected {
            problem,
            summary: None,
            rejected: 0,
            total: 0,
            findings: Vec::new(),
        };
        self.settle(held, outcome, Verdict::Done).await
    }

    async fn load(
        &mut self,
        held: &Held,
        contract: &'static Contract,
        delivery: &Delivery,
        deadline: Deadline,
    ) -> Verdict {
        let began = Instant::now();
        let late = deadline.is_late();
        let settings = LoadSettings {
            lease: self.settings.lease,
            ..LoadSettings::default()
        };
        let load = Load {
            contract,
            files: &delivery.files(),
            held,
            settings: &settings,
        };
        let sessions = match self.database.session().await {
            Ok(database) => self.ledger.session().await.map(|ledger| (ledger, database)),
            Err(error) => Err(error),
        };
        let (ledger, database) = match sessions {
            Ok(sessions) => sessions,
            Err(error) => {
                let verdict = unsettled(&error, "there is no session to load with");
                let problem = problems::interrupted("the database was out of reach");
                return self.fail(held, problem, verdict).await;
            }
        };
        match timeout_at(
            deadline.stop(),
            Box::pin(loader::load(load, ledger, database)),
        )
        .await
        {
            Ok(Ok(loaded)) => {
                tracing::info!(
                    batch = %held.id,
                    dataset = held.dataset,
                    state = %loaded.state,
                    rows = loaded.rows,
                    rejected_rows = loaded.rejected,
                    content_bytes = loaded.bytes,
                    elapsed_ms = loaded.elapsed.as_millis() as u64,
                    "the batch is settled"
                );
                self.measure(held, loaded.state, Some(&loaded));
                Verdict::Done
            }
            Ok(Err(error)) => {
                // The transaction may still be open there: its end is the session's end.
                self.database.close();
                let chain = ledger::chain(&error);
                match error.kind() {
                    LoadErrorKind::Superseded => {
                        tracing::info!(batch = %held.id, "another attempt has the batch");
                        // It may yet fail, and this message be the one that brings it back.
                        Verdict::Again {
                            least: self.settings.lease,
                        }
                    }
                    LoadErrorKind::Retry => {
                        tracing::warn!(batch = %held.id, error = chain, "the load was interrupted");
                        let problem = problems::interrupted(&error.to_string());
                        self.fail(held, problem, Verdict::AGAIN).await
                    }
                    LoadErrorKind::Failed => {
                        tracing::error!(batch = %held.id, error = chain, "the load failed");
                        let problem = problems::internal(&error.to_string());
                        self.fail(held, problem, Verdict::AGAIN).await
                    }
                }
            }
            Err(_) => {
                self.database.close();
                if late {
                    // It was begun with too little left: that says nothing about its size.
                    tracing::info!(batch = %held.id, "out of time after other messages");
                    let problem = problems::interrupted("the invocation's time was over");
                    return self.fail(held, problem, Verdict::Untried).await;
                }
                let seconds = began.elapsed().as_secs();
                tracing::error!(
                    batch = %held.id, elapsed_s = seconds, "the load exceeded the lane's time"
                );
                let problem = problems::out_of_time(seconds);
                // Another try would take as long. An operator may ask for one.
                self.fail(held, problem, Verdict::Done).await
            }
        }
    }

    async fn fail(&mut self, held: &Held, problem: Problem, verdict: Verdict) -> Verdict {
        self.settle(held, Outcome::Failed { problem }, verdict)
            .await
    }

    /// Writes the batch's end into the ledger. Where that fails, the message comes again.
    async fn settle(&mut self, held: &Held, outcome: Outcome, verdict: Verdict) -> Verdict {
        let state = match &outcome {
            Outcome::Rejected { .. } => State::Rejected,
            _ => State::Failed,
        };
        let settled = match self.ledger.session().await {
            Ok(session) => ledger::settle(session, held, outcome).await,
            Err(error) => Err(error),
        };
        match settled {
            Ok(true) => {
                tracing::info!(
                    batch = %held.id, dataset = held.dataset, %state, "the batch is settled"
                );
                self.measure(held, state, None);
                verdict
            }
            Ok(false) => Verdict::Again {
                least: self.settings.lease,
            },
            Err(error) => {
                self.ledger.close();
                unsettled(&error, "the batch's end could not be written down")
            }
        }
    }

    fn measure(&self, held: &Held, state: State, loaded: Option<&loader::Loaded>) {
        LoadMetrics {
            environment: &self.settings.common.environment,
            release: &self.settings.common.release,
            lane: ledger::Lane::Function.as_str(),
            dataset: contract::find(&held.dataset).map_or(NO_DATASET, |c| c.name.as_str()),
            batch: &held.id.to_string(),
            state: state.as_str(),
            attempt: held.attempt.0,
            rows: loaded.map_or(0, |loaded| loaded.rows),
            rejected: loaded.map_or(0, |loaded| loaded.rejected),
            bytes: loaded.map_or(0, |loaded| loaded.bytes),
            took: loaded.map(|loaded| loaded.elapsed),
        }
        .emit();
    }
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

/// What a claimed batch's key says, or why nothing can be loaded from it.
fn understand(held: &Held) -> Result<Known, Problem> {
    if loader::is_manifest(&held.source.key) {
        let contract =
            contract::find(&held.dataset).ok_or_else(|| problems::dataset(&held.dataset))?;
        return Ok(Known {
            contract,
            key: None,
        });
    }
    let key = loader::parse_key(&held.source.key).map_err(|problem| problems::key(&problem))?;
    let contract = contract::find(&key.dataset).ok_or_else(|| problems::dataset(&key.dataset))?;
    if !contract.formats.contains(&key.format) {
        return Err(problems::format(&key.dataset, key.format));
    }
    Ok(Known {
        contract,
        key: Some(key),
    })
}

/// The dataset of an object whose key cannot be loaded: what stands in front, if anything does.
fn folder(problem: &loader::KeyProblem) -> String {
    match problem {
        loader::KeyProblem::NoDataset => NO_DATASET.to_owned(),
        loader::KeyProblem::UnknownFormat { dataset } => dataset.clone(),
    }
}

/// The ledger could not be asked or told: the message comes again.
fn unsettled(error: &Error, what: &str) -> Verdict {
    let chain = ledger::chain(error);
    if error.is_retryable() {
        tracing::warn!(error = chain, "{what}");
    } else {
        tracing::error!(error = chain, "{what}");
    }
    Verdict::AGAIN
}
