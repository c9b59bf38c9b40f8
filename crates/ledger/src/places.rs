//! Where a batch's rows lie in their table, so that taking them out need not look through all of it.
//!
//! An index on the batch would cost every row that is loaded, for something that seldom happens to few of them. A load
//! appends: its rows are in the pages that the table grew by meanwhile, or in room that was free in others. So these pages
//! are noted once, an undo looks there, and counts. Rows that are not there (they filled what was free, or the table was
//! rewritten since) are looked for in the whole table.

use tokio_postgres::{Client, Transaction};

use crate::{claim::Held, error::Result, ids::BatchNumber, target::quoted};

/// How many pages before the table's end are looked through as well: since version 16 PostgreSQL makes a table longer by
/// up to 64 pages at a time for each session that appends, and what one has not filled the next one does.
const AHEAD: i64 = 1024;

/// How many pages a table of the schema `public` has now. A partitioned table has none of its own.
pub async fn pages(client: &Client, table: &str) -> Result<i64> {
    let row = client
        .query_one(
            "SELECT pg_relation_size(('public.' || quote_ident($1))::regclass) / current_setting('block_size')::bigint",
            &[&table],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Notes which pages the table grew by while the batch was appended, in the transaction that carries its rows.
pub async fn note_place(txn: &Transaction<'_>, held: &Held, from: i64, to: i64) -> Result<()> {
    let from = (from - AHEAD).max(0);
    // Another attempt's is no failure: the commit says what is.
    txn.execute(
        "INSERT INTO waybill.places (batch, from_page, to_page) VALUES ($1, $2, $3) ON CONFLICT (batch) DO NOTHING",
        &[&held.number.0, &from, &to],
    )
    .await?;
    Ok(())
}

/// Takes a batch's rows out of its table, and answers how many these were. `rows`: how many it brought.
pub(crate) async fn take_out(
    txn: &Transaction<'_>,
    table: &str,
    number: BatchNumber,
    rows: u64,
) -> Result<u64, tokio_postgres::Error> {
    let place = txn
        .query_opt(
            "DELETE FROM waybill.places WHERE batch = $1 RETURNING from_page, to_page",
            &[&number.0],
        )
        .await?;
    let delete = format!("DELETE FROM public.{} WHERE batch = $1", quoted(table));
    let mut taken = 0;
    if let Some(place) = place {
        let (from, to): (i64, i64) = (place.try_get(0)?, place.try_get(1)?);
        let there = format!("{delete} AND ctid >= '({from},0)'::tid AND ctid < '({to},0)'::tid");
        taken = txn.execute(&there, &[&number.0]).await?;
    }
    if taken < rows {
        taken += txn.execute(&delete, &[&number.0]).await?;
    }
    Ok(taken)
}
