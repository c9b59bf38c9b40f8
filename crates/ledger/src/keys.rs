//! API keys: `wb_<id>_<secret>`. Only the secret's hash is stored; it is random and long, so a plain SHA-256 is enough.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_postgres::{Client, Row, types::Type};
use uuid::Uuid;

use crate::{
    batch::hex,
    connect::Secret,
    error::{Error, Result},
    state::words,
};

words! {
    /// What a key may be used for.
    Scope {
        /// Send, undo and replay batches.
        BatchesWrite = "batches:write",
        /// Send batches that go before all others.
        BatchesUrgent = "batches:urgent",
        /// See batches and their reports.
        BatchesRead = "batches:read",
        /// Read rates.
        RatesRead = "rates:read",
    }
}

/// Stands for every dataset.
pub const ALL_DATASETS: &str = "*";

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its public part.
    pub id: String,
    /// Whose it is; stands in `submitted_by`.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// On which datasets; `*` for all.
    pub datasets: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it no longer opens anything.
    pub revoked_at: Option<Timestamp>,
}

/// What the bearer of a key may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The key's public part.
    pub id: String,
    /// Whose it is.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// On which datasets; `*` for all.
    pub datasets: Vec<String>,
}

impl Grant {
    /// Whether the key may be used for this at all.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether the key may be used on this dataset.
    pub fn covers(&self, dataset: &str) -> bool {
        self.datasets
            .iter()
            .any(|d| d == ALL_DATASETS || d == dataset)
    }

    /// The datasets it is limited to; `None` for all.
    pub fn limited_to(&self) -> Option<&[String]> {
        (!self.datasets.iter().any(|d| d == ALL_DATASETS)).then_some(&self.datasets)
    }
}

/// Makes a key. Its plaintext is in the answer and nowhere else. Needs the owner's role.
pub async fn create(
    client: &Client,
    name: &str,
    scopes: &[Scope],
    datasets: &[String],
) -> Result<(ApiKey, Secret)> {
    if name.is_empty() || scopes.is_empty() || datasets.is_empty() {
        return Err(Error::conflict(
            "a key needs a name, at least one scope, and datasets (* for all)",
        ));
    }
    let id = hex(&Uuid::new_v4().as_bytes()[..6]);
    // Two random UUIDs: 244 bits from the system's generator.
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let row = client
        .query_one(
            "INSERT INTO waybill.api_keys (id, name, hash, scopes, datasets) VALUES ($1, $2, $3, $4, $5)
             RETURNING id, name, scopes, datasets, created_at, revoked_at",
            &[&id, &name, &hash(&secret), &words, &datasets],
        )
        .await?;
    Ok((key(&row)?, Secret::new(format!("wb_{id}_{secret}"))))
}

/// What the bearer of this key may do; `None` for anything that is not a valid key.
pub async fn verify(client: &Client, plaintext: &str) -> Result<Option<Grant>> {
    let Some((id, secret)) = plaintext
        .strip_prefix("wb_")
        .and_then(|rest| rest.split_once('_'))
    else {
        return Ok(None);
    };
    if id.len() > 64 || secret.len() > 256 || plaintext.contains('\0') {
        return Ok(None);
    }
    let Some(row) = client
        .query_typed_opt(
            "SELECT id, name, hash, scopes, datasets FROM waybill.api_keys WHERE id = $1 AND revoked_at IS NULL",
            &[(&id, Type::TEXT)],
        )
        .await?
    else {
        return Ok(None);
    };
    let stored: Vec<u8> = row.try_get("hash")?;
    if !same(&stored, &hash(secret)) {
        return Ok(None);
    }
    Ok(Some(Grant {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        scopes: scopes(&row)?,
        datasets: row.try_get("datasets")?,
    }))
}

/// All keys, oldest first. Needs the owner's role or the API's.
pub async fn list(client: &Client) -> Result<Vec<ApiKey>> {
    let rows = client
        .query(
            "SELECT id, name, scopes, datasets, created_at, revoked_at FROM waybill.api_keys ORDER BY created_at, id",
            &[],
        )
        .await?;
    rows.iter().map(key).collect()
}

/// Makes a key useless from now on. `false`: there is no such key in use. Needs the owner's role.
pub async fn revoke(client: &Client, id: &str) -> Result<bool> {
    let revoked = client
        .execute(
            "UPDATE waybill.api_keys SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL",
            &[&id],
        )
        .await?;
    Ok(revoked == 1)
}

fn key(row: &Row) -> Result<ApiKey> {
    Ok(ApiKey {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        scopes: scopes(row)?,
        datasets: row.try_get("datasets")?,
        created_at: row.try_get("created_at")?,
        revoked_at: row.try_get("revoked_at")?,
    })
}

/// Scopes of a newer release are skipped: they grant nothing here.
fn scopes(row: &Row) -> Result<Vec<Scope>> {
    let words: Vec<String> = row.try_get("scopes")?;
    Ok(words.iter().filter_map(|word| word.parse().ok()).collect())
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Compares without telling by its time how much was right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
