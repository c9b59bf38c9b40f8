//! Who calls: API keys, their scopes and their datasets.
//!
//! A key comes as `Authorization: Bearer wb_…` or as `X-Api-Key: wb_…`. What the ledger says of it is believed for
//! [`limits::KEY_CACHE`], so that a reader's request costs one query and not two.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use ledger::keys::{Grant, Scope};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::limits;
use crate::problem::{Kind, Problem};

/// A caller with a valid key.
pub(crate) struct Caller {
    grant: Grant,
}

impl Caller {
    /// Refuses a key without the scope.
    pub(crate) fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.grant.has(scope) {
            return Ok(());
        }
        Err(Problem::new(
            Kind::ScopeMissing,
            format!(
                "This call needs an API key with the scope `{}`.",
                scope.as_str()
            ),
        )
        .with("scope", scope.as_str())
        .header(
            header::WWW_AUTHENTICATE,
            &format!(
                "Bearer error=\"insufficient_scope\", scope=\"{}\"",
                scope.as_str()
            ),
        ))
    }

    /// Whether the key sees a dataset.
    pub(crate) fn sees(&self, dataset: &str) -> bool {
        self.grant.covers(dataset)
    }

    /// Refuses a dataset that the key is not for.
    pub(crate) fn may_touch(&self, dataset: &str) -> Result<(), Problem> {
        if self.sees(dataset) {
            return Ok(());
        }
        Err(Problem::new(
            Kind::DatasetNotGranted,
            format!("This API key is not for the dataset `{dataset}`."),
        )
        .with("dataset", dataset))
    }

    /// The datasets the key is limited to, if it is.
    pub(crate) fn datasets(&self) -> Option<&[String]> {
        self.grant.limited_to()
    }

    /// The key's id, under which its idempotency keys are kept.
    pub(crate) fn key_id(&self) -> &str {
        &self.grant.id
    }

    /// How the ledger names the caller: by the key's name, never by the key.
    pub(crate) fn name(&self) -> &str {
        &self.grant.name
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let key = presented(&parts.headers)?;
        let fingerprint: Fingerprint = Sha256::digest(key.as_bytes()).into();
        if let Some(grant) = app.grants().find(&fingerprint) {
            return Ok(Self { grant });
        }
        let client = app.ledger().get().await?;
        let grant = ledger::keys::verify(&client, key).await?;
        client.settle();
        let grant = grant.ok_or_else(|| {
            refuse(
                "The API key is not known here, or was revoked.",
                "invalid_token",
            )
        })?;
        app.grants().keep(fingerprint, grant.clone());
        Ok(Self { grant })
    }
}

fn presented(headers: &HeaderMap) -> Result<&str, Problem> {
    let bearer = headers.get(header::AUTHORIZATION).map(|value| {
        let value = value.to_str().unwrap_or_default();
        match value.split_once(' ') {
            Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => Ok(key.trim()),
            _ => Err(refuse(
                "The Authorization header must read `Bearer wb_…`.",
                "invalid_request",
            )),
        }
    });
    match (bearer, headers.get("x-api-key")) {
        (Some(key), _) => key,
        (None, Some(value)) => Ok(value.to_str().unwrap_or_default().trim()),
        (None, None) => Err(Problem::new(
            Kind::Unauthenticated,
            "This call needs an API key: send it as `Authorization: Bearer wb_…` or as `X-Api-Key: wb_…`.",
        )
        .header(header::WWW_AUTHENTICATE, "Bearer")),
    }
}

fn refuse(detail: &str, error: &str) -> Problem {
    Problem::new(Kind::Unauthenticated, detail).header(
        header::WWW_AUTHENTICATE,
        &format!("Bearer error=\"{error}\""),
    )
}

type Fingerprint = [u8; 32];

/// Keys that were verified a moment ago, by their hash.
#[derive(Default)]
pub(crate) struct GrantCache {
    kept: Mutex<HashMap<Fingerprint, (Instant, Grant)>>,
}

/// More keys than this in half a minute, and the cache begins anew.
const CACHED_KEYS: usize = 4_096;

impl GrantCache {
    fn find(&self, fingerprint: &Fingerprint) -> Option<Grant> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, grant) = kept.get(fingerprint)?;
        (since.elapsed() < limits::KEY_CACHE).then(|| grant.clone())
    }

    fn keep(&self, fingerprint: Fingerprint, grant: Grant) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CACHED_KEYS {
            kept.clear();
        }
        kept.insert(fingerprint, (Instant::now(), grant));
    }
}

/// A caller of a rates call: one with a key for it, or anybody where the environment's rates are public.
pub(crate) struct RatesCaller {
    caller: Option<Caller>,
}

impl RatesCaller {
    /// Whether an answer may be kept by caches that many share.
    pub(crate) fn is_anybody(&self) -> bool {
        self.caller.is_none()
    }
}

impl FromRequestParts<App> for RatesCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if app.settings().public_rates {
            return Ok(Self { caller: None });
        }
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.may(Scope::RatesRead)?;
        caller.may_touch("prices")?;
        Ok(Self {
            caller: Some(caller),
        })
    }
}
