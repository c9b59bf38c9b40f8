//! What a target table looks like in the database, asked of its catalogue.

use tokio_postgres::Client;

use crate::error::{Error, Result};

/// A column of a target table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetColumn {
    /// Its name.
    pub name: String,
    /// The type as SQL writes it, `numeric(10,2)`.
    pub type_name: String,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether it has a value without being given one.
    pub has_default: bool,
}

/// A declared foreign key of a target table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: String,
    /// The referring columns.
    pub columns: Vec<String>,
    /// The table referred to, unqualified where it lies in `public`.
    pub table: String,
    /// The columns referred to.
    pub referenced: Vec<String>,
}

/// A target table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Its name, in the schema `public`.
    pub table: String,
    /// Whether its rows lie in partitions, which may come and go while it is loaded.
    pub partitioned: bool,
    /// Its columns, in their order.
    pub columns: Vec<TargetColumn>,
    /// The key columns of the widest B-tree index, in order; empty without one. Sorting by them makes a load fast.
    pub widest_index: Vec<String>,
    /// The columns of the primary key; empty without one.
    pub primary_key: Vec<String>,
    /// Unique keys that an upsert may name in `ON CONFLICT`, the primary key among them, each sorted.
    pub unique_keys: Vec<Vec<String>>,
    /// Its foreign keys, and those that a partition has beside them.
    pub foreign_keys: Vec<ForeignKey>,
    /// Whether it has the column `batch bigint` that marks a row's batch.
    pub has_batch: bool,
    /// What else would be skipped together with the foreign keys' triggers: user triggers, rules, constraints that
    /// are checked by trigger, on the table or on one of its partitions. Named as an operator would look for them; must
    /// be empty.
    pub hidden: Vec<String>,
}

impl Shape {
    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&TargetColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether a column is `jsonb`, whose binary form begins with a version, unlike that of `json`.
    pub fn is_jsonb(&self, column: &str) -> bool {
        self.column(column)
            .is_some_and(|column| column.type_name == "jsonb")
    }
}

/// Looks a table of the schema `public` up. `NotFound` where there is none.
pub async fn shape(client: &Client, table: &str) -> Result<Shape> {
    let row = client
        .query_opt(
            "SELECT c.oid, c.relkind = 'p' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relname = $1 AND c.relkind IN ('r', 'p')",
            &[&table],
        )
        .await?;
    let Some(row) = row else {
        return Err(Error::not_found(format!(
            "there is no table public.{table}"
        )));
    };
    let oid: u32 = row.try_get(0)?;
    let columns: Vec<TargetColumn> = client
        .query(
            "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
                 a.atthasdef OR a.attidentity <> ''
             FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            &[&oid],
        )
        .await?
        .iter()
        .map(|row| {
            Ok(TargetColumn {
                name: row.try_get(0)?,
                type_name: row.try_get(1)?,
                nullable: row.try_get(2)?,
                has_default: row.try_get(3)?,
            })
        })
        .collect::<Result<_>>()?;
    let indexes = client
        .query(
            "SELECT i.indisprimary, i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL,
                 array(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
                       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                       WHERE k.place <= i.indnkeyatts ORDER BY k.place),
                 i.indexprs IS NULL AND i.indpred IS NULL
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
             JOIN pg_catalog.pg_am m ON m.oid = c.relam
             WHERE i.indrelid = $1 AND i.indisvalid AND m.amname = 'btree' ORDER BY c.relname",
            &[&oid],
        )
        .await?;
    let mut widest_index: Vec<String> = Vec::new();
    let mut primary_key = Vec::new();
    let mut unique_keys = Vec::new();
    for row in &indexes {
        let key: Vec<String> = row.try_get(2)?;
        if row.try_get(0)? {
            primary_key.clone_from(&key);
        }
        if row.try_get(1)? {
            let mut sorted = key.clone();
            sorted.sort();
            unique_keys.push(sorted);
        }
        if row.try_get(3)? && key.len() > widest_index.len() {
            widest_index = key;
        }
    }
    Ok(Shape {
        table: table.to_owned(),
        partitioned: row.try_get(1)?,
        has_batch: columns
            .iter()
            .any(|c| c.name == "batch" && c.type_name == "bigint"),
        columns,
        widest_index,
        primary_key,
        unique_keys,
        foreign_keys: foreign_keys(client, oid).await?,
        hidden: hidden(client, oid).await?,
    })
}

async fn foreign_keys(client: &Client, oid: u32) -> Result<Vec<ForeignKey>> {
    client
        .query(
            "SELECT k.conname::text,
                 array(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS c(attnum, place)
                       JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.attnum ORDER BY c.place),
                 CASE WHEN n.nspname = 'public' THEN r.relname::text ELSE n.nspname || '.' || r.relname END,
                 array(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS c(attnum, place)
                       JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = c.attnum ORDER BY c.place)
             FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
             JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
             WHERE k.conrelid IN (SELECT $1::oid UNION SELECT relid::oid FROM pg_catalog.pg_partition_tree($1::oid::regclass))
                 AND k.contype = 'f' AND k.conparentid = 0 ORDER BY k.conname",
            &[&oid],
        )
        .await?
        .iter()
        .map(|row| {
            Ok(ForeignKey {
                name: row.try_get(0)?,
                columns: row.try_get(1)?,
                table: row.try_get(2)?,
                referenced: row.try_get(3)?,
            })
        })
        .collect()
}

/// Whatever `session_replication_role = replica` would switch off besides foreign keys. Deferrable unique and
/// exclusion constraints are among it: their recheck is an internal trigger.
async fn hidden(client: &Client, oid: u32) -> Result<Vec<String>> {
    let rows = client
        .query(
            "SELECT CASE WHEN k.oid IS NULL THEN 'trigger ' || t.tgname ELSE 'deferrable constraint ' || k.conname END
                 || CASE WHEN t.tgrelid = $1 THEN '' ELSE ' of its partition ' || c.relname END
             FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
             LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint
             WHERE t.tgrelid IN (SELECT $1::oid UNION SELECT relid::oid FROM pg_catalog.pg_partition_tree($1::oid::regclass))
                 AND t.tgparentid = 0 AND NOT (t.tgisinternal AND coalesce(k.contype = 'f', false))
             UNION ALL
             SELECT 'rule ' || w.rulename FROM pg_catalog.pg_rewrite w WHERE w.ev_class = $1
             ORDER BY 1",
            &[&oid],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// An identifier as SQL takes it, whatever it holds.
pub fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn an_identifier_cannot_end_its_quotes() {
        assert_eq!(
            quoted(r#"a"; DROP TABLE x; --"#),
            r#""a""; DROP TABLE x; --""#
        );
    }
}
