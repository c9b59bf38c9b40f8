//! Foreign keys, once per distinct value instead of once per row.
//!
//! A load that appends may set `session_replication_role = replica` for its transaction, which keeps the server from
//! running the foreign keys' triggers for every row. It then owes the same guarantee: before it commits, every
//! distinct referenced key is locked `FOR KEY SHARE` ([`lock_keys`]), which is the very query that the server's trigger
//! runs for a row. A key that is being deleted or renamed is waited for; one that is gone is reported missing; one
//! that is locked stays until the load has committed, and the deleter's own trigger, which is not switched off,
//! then sees the load's rows.

use tokio_postgres::{Client, GenericClient, Transaction};

use crate::{
    error::{Error, Result},
    target::quoted,
};

/// Every value of the referenced column as the server writes it in text, or `None` where there are more than `cap`:
/// then each has to be asked for.
pub async fn snapshot(
    client: &Client,
    table: &str,
    column: &str,
    cap: usize,
) -> Result<Option<Vec<String>>> {
    let sql = format!(
        "SELECT {column}::text FROM public.{table} WHERE {column} IS NOT NULL LIMIT $1",
        column = quoted(column),
        table = quoted(table),
    );
    let rows = client
        .query(&sql, &[&(cap as i64).saturating_add(1)])
        .await?;
    if rows.len() > cap {
        return Ok(None);
    }
    let values = rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    Ok(Some(values))
}

/// Which of `values` (in text) the referenced column does not have, as of now, without locking anything. In the
/// order given.
pub async fn missing(
    client: &Client,
    table: &str,
    column: &str,
    values: &[String],
) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    for part in values.chunks(KEYS_AT_ONCE) {
        missing.extend(ask(client, table, column, part, "").await?);
    }
    Ok(missing)
}

/// How many keys are asked for with one statement.
const KEYS_AT_ONCE: usize = 10_000;

/// Locks every one of `values` (distinct, in text) in the referenced column until the transaction ends, and answers
/// those that are not there, in the order given. To be called last before [`crate::commit`].
pub async fn lock_keys(
    txn: &Transaction<'_>,
    table: &str,
    column: &str,
    values: &[String],
) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    for part in values.chunks(KEYS_AT_ONCE) {
        missing.extend(ask(txn, table, column, part, "FOR KEY SHARE OF r").await?);
    }
    Ok(missing)
}

async fn ask(
    client: &impl GenericClient,
    table: &str,
    column: &str,
    values: &[String],
    lock: &str,
) -> Result<Vec<String>> {
    let type_name: String = client
        .query_opt(
            "SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relname = $1 AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped",
            &[&table, &column],
        )
        .await?
        .ok_or_else(|| Error::not_found(format!("there is no column {table}.{column}")))?
        .try_get(0)?;
    // The type's name is the server's own spelling, quoted where it needs to be. Locks are taken in key order.
    let sql = format!(
        "SELECT asked.place FROM unnest($1::text[]) WITH ORDINALITY AS asked(value, place)
         JOIN public.{table} r ON r.{column} = asked.value::{type_name}
         ORDER BY r.{column} {lock}",
        table = quoted(table),
        column = quoted(column),
    );
    let mut there = vec![false; values.len()];
    for row in client.query(&sql, &[&values]).await? {
        let place: i64 = row.try_get(0)?;
        if let Some(found) = usize::try_from(place - 1)
            .ok()
            .and_then(|index| there.get_mut(index))
        {
            *found = true;
        }
    }
    Ok(values
        .iter()
        .zip(there)
        .filter(|(_, there)| !there)
        .map(|(value, _)| value.clone())
        .collect())
}

/// Whether a session may set `session_replication_role`, which is what makes [`lock_keys`] worth its while. Whether
/// a table allows it is a question to its [`crate::target::Shape`]: nothing may be hidden, and every foreign key must
/// be one that the load locks.
pub async fn may_skip_triggers(client: &Client) -> Result<bool> {
    let row = client
        .query_one(
            "SELECT pg_catalog.has_parameter_privilege('session_replication_role', 'SET')",
            &[],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Keeps the server from checking foreign keys row by row until the transaction ends or [`restore_triggers`].
pub async fn skip_triggers(txn: &Transaction<'_>) -> Result<()> {
    Ok(txn
        .batch_execute("SET LOCAL session_replication_role = replica")
        .await?)
}

/// Has the server check foreign keys row by row again.
pub async fn restore_triggers(txn: &Transaction<'_>) -> Result<()> {
    Ok(txn
        .batch_execute("SET LOCAL session_replication_role = origin")
        .await?)
}
