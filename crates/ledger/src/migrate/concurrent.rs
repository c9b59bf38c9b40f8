//! The one kind of migration that runs outside a transaction: an index built or dropped while loads and reads go on.
//!
//! `CREATE INDEX CONCURRENTLY` waits for every transaction that is older than itself and holds nobody up meanwhile.
//! Broken off, it leaves an index that is not valid: no query uses it and every write pays for it. So the statement
//! can be repeated, and whatever is left of an earlier try is dropped before it.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Client;

use super::{limits, time_left};
use crate::error::{Error, ErrorKind, Result};

/// How such a migration's name ends.
pub(super) const SUFFIX: &str = "_concurrently";
/// How often somebody else's work on the table is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// The statement of such a migration.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement {
    Create { index: Name, table: Name },
    Drop { index: Name },
}

/// A relation and its schema, in small letters, so that nothing needs quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    schema: String,
    relation: String,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.schema, self.relation)
    }
}

const FORMS: &str = "a migration called …_concurrently is one statement, CREATE [UNIQUE] INDEX CONCURRENTLY IF NOT EXISTS <name> ON <schema>.<table> … or DROP INDEX CONCURRENTLY IF EXISTS <schema>.<name>, with comments on lines of their own";

impl Statement {
    /// Reads the one statement that the file may have.
    pub(super) fn parse(sql: &str) -> Result<Self, &'static str> {
        let lines = sql
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"));
        let text = lines.collect::<Vec<_>>().join(" ");
        let text = text.trim();
        let text = text.strip_suffix(';').unwrap_or(text);
        if [";", "--", "/*"].iter().any(|mark| text.contains(mark)) {
            return Err(FORMS);
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let create = after(&words, "CREATE INDEX CONCURRENTLY IF NOT EXISTS")
            .or_else(|| after(&words, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS"));
        if let Some([index, on, table, ..]) = create {
            let table = table.split('(').next().and_then(Name::parse);
            let (Some(table), true, true) = (table, plain(index), on.eq_ignore_ascii_case("ON"))
            else {
                return Err(FORMS);
            };
            let index = Name {
                schema: table.schema.clone(),
                relation: (*index).to_owned(),
            };
            return Ok(Self::Create { index, table });
        }
        if let Some([index]) = after(&words, "DROP INDEX CONCURRENTLY IF EXISTS") {
            let index = Name::parse(index).ok_or(FORMS)?;
            return Ok(Self::Drop { index });
        }
        Err(FORMS)
    }

    /// Runs `sql`, which this is, until it is true. Its waiting included, it has until then.
    pub(super) async fn run(
        &self,
        client: &Client,
        sql: &str,
        lock: Duration,
        until: Option<Instant>,
    ) -> Result<()> {
        // It waits for older transactions by their locks, so a limit on locks would be one on everybody's loads; and
        // nothing that loads or reads queues behind it.
        limits(client, None, time_left(until)).await?;
        let (index, table) = match self {
            Self::Create { index, table } => (index, table),
            Self::Drop { .. } => return Ok(client.batch_execute(sql).await?),
        };
        match settled(client, index, table, until).await? {
            Some(true) => return Ok(()),
            Some(false) => {
                tracing::info!(%index, "what a broken-off build left of an index is dropped");
                drop_index(client, index).await?;
            }
            None => {}
        }
        limits(client, None, time_left(until)).await?;
        if let Err(error) = client.batch_execute(sql).await {
            clean_up(client, index, lock).await;
            return Err(error.into());
        }
        match find(client, index, table).await? {
            Some(true) => Ok(()),
            _ => Err(Error::internal(format!(
                "the index {index} did not become valid"
            ))),
        }
    }
}

/// Whether the index is valid, as soon as nobody works on its table's indexes: one that is being built by hand is not
/// valid yet, and whoever tried to drop it and its builder would wait for each other.
async fn settled(
    client: &Client,
    index: &Name,
    table: &Name,
    until: Option<Instant>,
) -> Result<Option<bool>> {
    loop {
        let valid = find(client, index, table).await?;
        if valid != Some(false) || !worked_on(client, table).await? {
            return Ok(valid);
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(Error::internal(format!(
                "the index {index} is being built by somebody else, or a vacuum of {table} is under way; migrate again when that has ended"
            )));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What comes after `beginning`, where the words begin with it.
fn after<'a, 'b>(words: &'a [&'b str], beginning: &str) -> Option<&'a [&'b str]> {
    let mut rest = words;
    for expected in beginning.split(' ') {
        let (first, others) = rest.split_first()?;
        if !first.eq_ignore_ascii_case(expected) {
            return None;
        }
        rest = others;
    }
    Some(rest)
}

fn plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        let (schema, relation) = text.split_once('.')?;
        (plain(schema) && plain(relation)).then(|| Self {
            schema: schema.to_owned(),
            relation: relation.to_owned(),
        })
    }
}

/// Whether the index is valid; `None` where there is none. A name that something else has is not ours to drop, and
/// not what the migration promises.
async fn find(client: &Client, index: &Name, table: &Name) -> Result<Option<bool>> {
    let row = client
        .query_opt(
            "SELECT coalesce(i.indisvalid, false), tn.nspname || '.' || t.relname
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
             LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
             LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
             WHERE n.nspname = $1 AND c.relname = $2",
            &[&index.schema, &index.relation],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let what = match row.try_get::<_, Option<String>>(1)? {
        Some(of) if of == table.to_string() => return Ok(Some(row.try_get(0)?)),
        Some(of) => format!("an index of {of}"),
        None => "no index".to_owned(),
    };
    Err(Error::new(
        ErrorKind::Conflict,
        format!("{index} is there already and is {what}: give the new index another name"),
    ))
}

/// Whether another session builds or drops an index of the table, or vacuums it.
async fn worked_on(client: &Client, table: &Name) -> Result<bool> {
    let row = client
        .query_one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
                 WHERE d.datname = current_database() AND l.relation = to_regclass($1)
                   AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid())",
            &[&table.to_string()],
        )
        .await?;
    Ok(row.try_get(0)?)
}

async fn drop_index(client: &Client, index: &Name) -> Result<()> {
    Ok(client
        .batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {index}"))
        .await?)
}

/// Takes away what a failed build left, where that can be had soon. If not, the next try does it.
async fn clean_up(client: &Client, index: &Name, lock: Duration) {
    let cleaned = async {
        limits(client, Some(lock), Some(lock * 2)).await?;
        drop_index(client, index).await
    };
    if let Err(error) = cleaned.await {
        tracing::warn!(%index, error = %crate::chain(&error), "an index that is not valid is left until the next try");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).expect("a name")
    }

    #[test]
    fn an_index_is_created_or_dropped_and_its_place_is_known() {
        let sql = "-- Why.\ncreate unique index concurrently if not exists prices_day\n    on public.prices(day)\n    where price > 0;\n";
        let create = Statement::Create {
            index: name("public.prices_day"),
            table: name("public.prices"),
        };
        assert_eq!(Statement::parse(sql), Ok(create));
        let drop = Statement::Drop {
            index: name("waybill.batches_etag"),
        };
        assert_eq!(
            Statement::parse("DROP INDEX CONCURRENTLY IF EXISTS waybill.batches_etag"),
            Ok(drop)
        );
    }

    #[test]
    fn whatever_else_is_refused() {
        for sql in [
            "",
            "CREATE INDEX IF NOT EXISTS a ON public.prices (day)",
            "CREATE INDEX CONCURRENTLY a ON public.prices (day)",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON prices (day)",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS public.a ON public.prices (day)",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS \"A\" ON public.prices (day)",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON public.prices (day); SELECT 1",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON public.prices (day) -- why",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON public.prices /* why */ (day)",
            "DROP INDEX CONCURRENTLY IF EXISTS prices_day",
            "DROP INDEX CONCURRENTLY IF EXISTS public.a, public.b",
            "DROP INDEX CONCURRENTLY IF EXISTS public.a CASCADE",
            "DROP INDEX IF EXISTS public.prices_day",
            "REINDEX INDEX CONCURRENTLY public.prices_day",
            "VACUUM public.prices",
        ] {
            assert!(Statement::parse(sql).is_err(), "{sql}");
        }
    }
}
