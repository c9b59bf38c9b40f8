//! From a claim to the ledger's entry. Whatever happens, the ledger says how the attempt ended, or the claim is left
//! to whoever comes next.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::Contract;
use ledger::{
    BatchId, Claim, Error, Held, Lane, ObjectName, Outcome, Postponed, Problem, Session, State,
    Timeouts,
};
use loader::{Load, LoadErrorKind, LoadSettings, Loaded, ObjectKey, Source};
use platform::database::{Databases, Kept, Target};
use platform::metrics::LoadMetrics;
use platform::names::Role;
use platform::objects::S3Source;

use crate::delivery::{Delivery, Unread};
use crate::{pause, problems};

/// The dataset in metrics of an object whose key names none.
const NO_DATASET: &str = "unknown";

/// Opens an object for a load: its name, and its tag where it has no version.
pub type Open = Box<dyn Fn(&ObjectName, Option<&str>) -> Box<dyn Source> + Send + Sync>;

/// What a lane is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The environment, for metrics.
    pub environment: String,
    /// The release, for metrics and for the ledger.
    pub release: String,
    /// Which lane.
    pub lane: Lane,
    /// The largest stored object that it takes; `None`: any.
    pub largest: Option<u64>,
    /// Where a batch goes that takes too long here; `None`: nowhere.
    pub overflow: Option<Lane>,
    /// Sizes and limits of its loads.
    pub load: LoadSettings,
}

/// The two sessions that a load needs.
pub struct Sessions {
    /// Claims, beats and settles.
    pub ledger: Kept,
    /// Carries the loads' own transactions.
    pub database: Kept,
}

/// What loading needs: kept from one batch to the next.
pub struct Loading {
    /// What the lane is like.
    pub settings: Settings,
    /// Its sessions.
    pub sessions: Sessions,
    /// Where objects are read from.
    pub open: Open,
}

/// Why a load is stopped that did not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It had all the time that the lane gives.
    OutOfTime,
    /// The time was over before it had its chance, or the machine is taken away.
    Interrupted,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The ledger has a verdict; for `failed`, an operator must look.
    Settled(State),
    /// The batch waits in its lane and is due after the pause.
    Postponed(Duration),
    /// The batch waits in another lane.
    Moved(Lane),
    /// Another attempt has the batch.
    Superseded,
    /// The ledger could not be told: the claim ends by itself.
    Untold,
}

/// What an object's key was understood as.
struct Known {
    contract: &'static Contract,
    /// What the object is; nothing where it is a manifest.
    key: Option<ObjectKey>,
}

impl Loading {
    /// Claims whichever batch of this lane is next.
    pub async fn claim_next(&mut self) -> Result<Option<Held>, Error> {
        let Settings {
            lane,
            release,
            load,
            ..
        } = &self.settings;
        let session = self.sessions.ledger.session().await?;
        let claimed = ledger::claim_next(session, *lane, load.lease, release).await;
        if claimed.is_err() {
            self.sessions.ledger.close();
        }
        claimed
    }

    /// Claims one batch.
    pub async fn claim(&mut self, id: BatchId) -> Result<Claim, Error> {
        let Settings { release, load, .. } = &self.settings;
        let session = self.sessions.ledger.session().await?;
        let claimed = ledger::claim(session, id, load.lease, release).await;
        if claimed.is_err() {
            self.sessions.ledger.close();
        }
        claimed
    }

    /// Loads a batch that is ours, unless `stop` comes first, and lets go of it.
    pub async fn run(&mut self, held: &Held, stop: impl Future<Output = Stop>) -> End {
        tracing::info!(
            batch = %held.id, dataset = held.dataset, attempt = held.attempt.0, "the load begins"
        );
        if held.attempt.0 == 1 {
            self.measure(held, State::Received, None);
        }
        let end = self.judge(held, stop).await;
        match self.sessions.ledger.session().await {
            Ok(session) => {
                if let Err(error) = ledger::release_claim(session, held).await {
                    tracing::warn!(error = ledger::chain(&error), "the session is given up");
                    self.sessions.ledger.close();
                }
            }
            // Without a session there is no claim to let go of.
            Err(_) => self.sessions.ledger.close(),
        }
        end
    }

    async fn judge(&mut self, held: &Held, stop: impl Future<Output = Stop>) -> End {
        let known = match understand(held) {
            Ok(known) => known,
            Err(problem) => return self.reject(held, problem).await,
        };
        if let (Some(bytes), Some(largest)) = (held.object_bytes, self.settings.largest)
            && bytes > largest
        {
            return self.too_large(held, bytes, largest).await;
        }
        let delivery = if let Some(key) = known.key {
            Ok(Delivery::object(&self.open, held, key))
        } else {
            let patience = self.settings.load.lease / 2;
            Delivery::manifest(&self.open, held, known.contract, patience).await
        };
        match delivery {
            Ok(delivery) => self.load(held, known.contract, &delivery, stop).await,
            Err(Unread::Interrupted(problem)) => self.postpone(held, problem).await,
            Err(Unread::Rejected(problem)) => self.reject(held, problem).await,
        }
    }

    /// The sender must act, and there is no row to show.
    async fn reject(&mut self, held: &Held, problem: Problem) -> End {
        let outcome = Outcome::Rejected {
            problem,
            summary: None,
            rejected: 0,
            total: 0,
            findings: Vec::new(),
        };
        self.settle(held, outcome).await
    }

    async fn load(
        &mut self,
        held: &Held,
        contract: &'static Contract,
        delivery: &Delivery,
        stop: impl Future<Output = Stop>,
    ) -> End {
        let began = Instant::now();
        let load = Load {
            contract,
            files: &delivery.files(),
            held,
            settings: &self.settings.load,
        };
        let (ledger, database) = match self.sessions.both().await {
            Ok(sessions) => sessions,
            Err(error) => {
                tracing::warn!(
                    error = ledger::chain(&error),
                    "there is no session to load with"
                );
                let problem = problems::interrupted("the database was out of reach");
                return self.postpone(held, problem).await;
            }
        };
        let loaded = tokio::select! {
            biased;
            loaded = Box::pin(loader::load(load, ledger, database)) => Ok(loaded),
            stop = stop => Err(stop),
        };
        match loaded {
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
                End::Settled(loaded.state)
            }
            Ok(Err(error)) => {
                // The transaction may still be open there: its end is the session's end.
                self.sessions.database.close();
                self.ended_early(held, &error).await
            }
            Err(Stop::Interrupted) => {
                self.sessions.database.close();
                tracing::info!(batch = %held.id, "the load is stopped before its end");
                let problem = problems::interrupted("the loader had to stop");
                self.put_back(held, problem, Duration::ZERO, None).await
            }
            Err(Stop::OutOfTime) => {
                self.sessions.database.close();
                self.out_of_time(held, began.elapsed().as_secs()).await
            }
        }
    }

    async fn ended_early(&mut self, held: &Held, error: &loader::LoadError) -> End {
        let chain = ledger::chain(error);
        match error.kind() {
            LoadErrorKind::Superseded => {
                tracing::info!(batch = %held.id, "another attempt has the batch");
                End::Superseded
            }
            LoadErrorKind::Cancelled => {
                tracing::info!(batch = %held.id, "the batch is cancelled");
                let told = match self.sessions.ledger.session().await {
                    Ok(session) => ledger::cancelled(session, held).await,
                    Err(error) => Err(error),
                };
                match told {
                    Ok(true) => End::Settled(State::Failed),
                    Ok(false) => End::Superseded,
                    Err(error) => self.untold(&error),
                }
            }
            LoadErrorKind::Retry => {
                tracing::warn!(batch = %held.id, error = chain, "the load was interrupted");
                self.postpone(held, problems::interrupted(&error.to_string()))
                    .await
            }
            LoadErrorKind::Failed => {
                tracing::error!(batch = %held.id, error = chain, "the load failed");
                self.postpone(held, problems::internal(&error.to_string()))
                    .await
            }
        }
    }

    /// Known to be too large for this lane: it came when there was no other, or when this one took more.
    async fn too_large(&mut self, held: &Held, bytes: u64, largest: u64) -> End {
        let problem = problems::too_large(bytes, largest);
        match self.settings.overflow {
            Some(lane) => {
                self.put_back(held, problem, Duration::ZERO, Some(lane))
                    .await
            }
            None => self.settle(held, Outcome::Failed { problem }).await,
        }
    }

    async fn out_of_time(&mut self, held: &Held, seconds: u64) -> End {
        tracing::error!(batch = %held.id, elapsed_s = seconds, "the load exceeded the lane's time");
        if let Some(lane) = self.settings.overflow {
            let problem = problems::interrupted("the load exceeded its lane's time");
            let end = self
                .put_back(held, problem, Duration::ZERO, Some(lane))
                .await;
            self.measure_failure(held, end);
            return end;
        }
        // Another try would take as long. An operator may ask for one.
        let problem = problems::out_of_time(seconds);
        self.settle(held, Outcome::Failed { problem }).await
    }

    /// Ends the attempt; the batch is tried again after a pause that grows with the attempts.
    async fn postpone(&mut self, held: &Held, problem: Problem) -> End {
        let pause = pause(held.tries.unsigned_abs(), held.number.0.unsigned_abs());
        let end = self.put_back(held, problem, pause, None).await;
        self.measure_failure(held, end);
        end
    }

    /// A release whose loads fail is judged by this, whether they are tried again or not.
    fn measure_failure(&self, held: &Held, end: End) {
        if matches!(end, End::Postponed(_) | End::Moved(_)) {
            self.measure(held, State::Failed, None);
        }
    }

    async fn put_back(
        &mut self,
        held: &Held,
        problem: Problem,
        pause: Duration,
        lane: Option<Lane>,
    ) -> End {
        let told = match self.sessions.ledger.session().await {
            Ok(session) => ledger::postpone(session, held, problem, pause, lane).await,
            Err(error) => Err(error),
        };
        match told {
            Ok(Postponed::Lost) => End::Superseded,
            Ok(Postponed::Waits) => lane.map_or(End::Postponed(pause), End::Moved),
            Ok(Postponed::Cancelled) => {
                tracing::info!(batch = %held.id, "the batch is cancelled");
                End::Settled(State::Failed)
            }
            Ok(Postponed::GivenUp) => {
                tracing::error!(batch = %held.id, "the batch was tried too often");
                self.measure(held, State::Failed, None);
                End::Settled(State::Failed)
            }
            Err(error) => self.untold(&error),
        }
    }

    /// Writes the batch's end into the ledger.
    async fn settle(&mut self, held: &Held, outcome: Outcome) -> End {
        let state = match &outcome {
            Outcome::Rejected { .. } => State::Rejected,
            _ => State::Failed,
        };
        let settled = match self.sessions.ledger.session().await {
            Ok(session) => ledger::settle(session, held, outcome).await,
            Err(error) => Err(error),
        };
        match settled {
            Ok(true) => {
                tracing::info!(
                    batch = %held.id, dataset = held.dataset, %state, "the batch is settled"
                );
                self.measure(held, state, None);
                End::Settled(state)
            }
            Ok(false) => End::Superseded,
            Err(error) => self.untold(&error),
        }
    }

    fn untold(&mut self, error: &Error) -> End {
        self.sessions.ledger.close();
        tracing::warn!(
            error = ledger::chain(error),
            "the attempt's end could not be written down"
        );
        End::Untold
    }

    fn measure(&self, held: &Held, state: State, loaded: Option<&Loaded>) {
        LoadMetrics {
            environment: &self.settings.environment,
            release: &self.settings.release,
            lane: self.settings.lane.as_str(),
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

/// Objects of the store, as they are.
pub fn from_s3(s3: platform::objects::Client) -> Open {
    Box::new(move |name, etag| {
        Box::new(S3Source::new(
            s3.clone(),
            &name.bucket,
            &name.key,
            name.version.as_deref(),
            etag,
        ))
    })
}

impl Sessions {
    /// Not yet connected.
    pub fn of(databases: &Arc<Databases>) -> Self {
        Sessions {
            ledger: databases.keep(Role::Loader, Target::Primary, Timeouts::LEDGER),
            database: databases.keep(Role::Loader, Target::Primary, Timeouts::LOAD),
        }
    }

    async fn both(&mut self) -> Result<(&mut Session, &mut Session), Error> {
        let database = self.database.session().await?;
        Ok((self.ledger.session().await?, database))
    }
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
    if !contract.accepts(key.format) {
        return Err(problems::format(&key.dataset, key.format));
    }
    Ok(Known {
        contract,
        key: Some(key),
    })
}
