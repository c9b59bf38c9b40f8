//! What every handler shares: pools, the ways out to storage and queue, and the settings.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use platform::metrics::Traffic;

use crate::auth::GrantCache;
use crate::health::Readiness;
use crate::outbox::{Outbox, Punctual};
use crate::pool::Pool;

/// The settings a handler may ask for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The environment's name, as `/health` tells it.
    pub environment: String,
    /// The release that answers.
    pub release: String,
    /// The bucket that submitted content goes to.
    pub incoming_bucket: String,
    /// Whether rates are read without an API key.
    pub public_rates: bool,
    /// Whether each request is measured by a line of its own, which CloudWatch reads. Otherwise they are counted
    /// ([`App::traffic`]).
    pub measured: bool,
}

/// The state of the router; cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    ledger: Pool,
    reader: Pool,
    outbox: Punctual,
    grants: GrantCache,
    document: OnceLock<String>,
    asked: AtomicBool,
    traffic: Traffic,
    readiness: Readiness,
}

impl App {
    /// Puts the pieces together: `ledger` holds sessions of the api role on the primary, `reader` those of the
    /// reader role, on the replica where there is one.
    pub fn new(settings: Settings, ledger: Pool, reader: Pool, outbox: Box<dyn Outbox>) -> Self {
        Self {
            inner: Arc::new(Inner {
                settings,
                ledger,
                reader,
                outbox: Punctual(outbox),
                grants: GrantCache::default(),
                document: OnceLock::new(),
                asked: AtomicBool::new(false),
                traffic: Traffic::default(),
                readiness: Readiness::default(),
            }),
        }
    }

    /// From now on nobody should send requests any more: `/health/ready` says so, and each answer closes its connection.
    pub fn drain(&self) {
        self.inner.readiness.end();
    }

    /// Writes the line about the requests since the last one.
    pub fn tell_traffic(&self) {
        let settings = self.settings();
        let Settings {
            environment,
            release,
            ..
        } = settings;
        self.traffic().emit(environment, release);
    }

    pub(crate) fn traffic(&self) -> &Traffic {
        &self.inner.traffic
    }

    pub(crate) fn readiness(&self) -> &Readiness {
        &self.inner.readiness
    }

    /// The OpenAPI document's text.
    pub(crate) fn document(&self) -> &str {
        self.inner
            .document
            .get_or_init(|| crate::document().to_json().unwrap_or_default())
    }

    /// Whether nobody asked before: true once.
    pub(crate) fn is_first(&self) -> bool {
        !self.inner.asked.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn ledger(&self) -> &Pool {
        &self.inner.ledger
    }

    pub(crate) fn reader(&self) -> &Pool {
        &self.inner.reader
    }

    pub(crate) fn outbox(&self) -> &dyn Outbox {
        &self.inner.outbox
    }

    pub(crate) fn grants(&self) -> &GrantCache {
        &self.inner.grants
    }
}
