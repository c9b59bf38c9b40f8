//! Whether the contracts of a release fit the tables, told column by column before a release can fail on them.

use contract::{Column, Contract, Mode, Type};
use tokio_postgres::Client;

use crate::{
    error::{Error, ErrorKind, Result},
    target::{Shape, TargetColumn, shape},
};

/// One disagreement between a contract and its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// `table` or `table.column`.
    pub place: String,
    /// What is wrong.
    pub problem: String,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// Compares contracts with the database's tables. The error's context lists every [`Misfit`].
pub async fn verify(client: &Client, contracts: &[Contract]) -> Result<()> {
    let mut misfits = Vec::new();
    for contract in contracts {
        match shape(client, &contract.table).await {
            Ok(table) => compare(contract, contracts, &table, &mut misfits),
            Err(error) if error.kind() == ErrorKind::NotFound => misfits.push(Misfit {
                place: contract.table.clone(),
                problem: format!("the contract {} has no table", contract.name),
            }),
            Err(error) => return Err(error),
        }
    }
    if misfits.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = misfits.iter().map(ToString::to_string).collect();
    Err(Error::new(
        ErrorKind::Conflict,
        format!(
            "the contracts do not fit the database: {}; write a migration that makes them fit, or correct the contract",
            list.join("; ")
        ),
    ))
}

fn compare(contract: &Contract, all: &[Contract], table: &Shape, misfits: &mut Vec<Misfit>) {
    let name = &contract.table;
    let mut say = |column: Option<&str>, problem: String| {
        let place = column.map_or_else(|| name.clone(), |column| format!("{name}.{column}"));
        misfits.push(Misfit { place, problem });
    };
    for column in &contract.columns {
        match table.column(&column.name) {
            None => say(Some(&column.name), "the table has no such column".into()),
            Some(there) => {
                if let Some(problem) = unlike(column, there) {
                    say(Some(&column.name), problem);
                }
            }
        }
    }
    for there in &table.columns {
        if !there.nullable && !there.has_default && contract.index_of(&there.name).is_none() {
            say(
                Some(&there.name),
                "the table needs a value here and the contract has no such column".into(),
            );
        }
    }
    references(contract, all, table, &mut say);
    match contract.mode {
        Mode::Append => {
            if !table.has_batch {
                say(
                    Some("batch"),
                    "an append table needs this column, of type bigint".into(),
                );
            }
        }
        Mode::Upsert => {
            let mut key = contract.key.clone();
            key.sort();
            if !table.unique_keys.contains(&key) {
                say(
                    Some(&contract.key.join(", ")),
                    "the contract's key is not a unique key of the table".into(),
                );
            }
        }
        Mode::Snapshot => {}
    }
    for hidden in &table.hidden {
        say(
            None,
            format!(
                "the {hidden} must not be there: loads set session_replication_role, which would skip it"
            ),
        );
    }
}

fn references(
    contract: &Contract,
    all: &[Contract],
    table: &Shape,
    say: &mut impl FnMut(Option<&str>, String),
) {
    // The table and column that a contract's reference means.
    let target = |reference: &contract::Reference| {
        let dataset = all
            .iter()
            .find(|other| other.name == reference.dataset)
            .or_else(|| contract::find(&reference.dataset))?;
        Some((dataset.table.clone(), [reference.column.clone()]))
    };
    for (index, reference) in contract.references() {
        let column = &contract.columns[index].name;
        let declared = target(reference).is_some_and(|(table_of, columns)| {
            table.foreign_keys.iter().any(|key| {
                key.columns == [column.clone()]
                    && key.table == table_of
                    && key.referenced == columns
            })
        });
        if !declared {
            say(
                Some(column),
                format!(
                    "the contract refers to {reference} and the table declares no such foreign key"
                ),
            );
        }
    }
    for key in &table.foreign_keys {
        let known = contract.references().any(|(index, reference)| {
            key.columns == [contract.columns[index].name.clone()]
                && target(reference).is_some_and(|(table_of, columns)| {
                    key.table == table_of && key.referenced == columns
                })
        });
        if !known {
            say(
                Some(&key.columns.join(", ")),
                format!(
                    "the table's foreign key {} is not in the contract",
                    key.name
                ),
            );
        }
    }
}

/// Why a contract's column cannot be stored in a table's column.
fn unlike(column: &Column, there: &TargetColumn) -> Option<String> {
    if column.is_nullable() && !there.nullable {
        return Some("the contract allows null and the table does not".into());
    }
    let is = there.type_name.as_str();
    let arguments = || -> Option<(i32, i32)> {
        let inside = is.split_once('(')?.1.strip_suffix(')')?;
        let (a, b) = inside.split_once(',').unwrap_or((inside, "0"));
        Some((a.parse().ok()?, b.parse().ok()?))
    };
    let fits = match column.ty {
        Type::Text => {
            is == "text"
                || is == "character varying"
                || (is.starts_with("character varying(")
                    && arguments().is_some_and(|(n, _)| {
                        column
                            .max_length
                            .is_some_and(|max| max as i64 <= i64::from(n))
                    }))
        }
        Type::Integer => is == "integer",
        Type::BigInt => is == "bigint",
        Type::Decimal { precision, scale } => {
            let (precision, scale) = (i32::from(precision), i32::from(scale));
            is == "numeric"
                || (is.starts_with("numeric(")
                    && arguments().is_some_and(|(p, s)| s >= scale && p - s >= precision - scale))
        }
        Type::Double => is == "double precision",
        Type::Boolean => is == "boolean",
        Type::Date => is == "date",
        Type::Timestamp => is == "timestamp with time zone",
        Type::Uuid => is == "uuid",
        Type::Json => is == "jsonb" || is == "json",
    };
    (!fits).then(|| format!("the contract says {} and the table has {is}", column.ty))
}
