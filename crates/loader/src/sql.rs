//! The SQL of a load. Identifiers come from contracts, whose names are checked, and are quoted all
//! the same.

use contract::{Contract, Reference};
use ledger::target::quoted;

/// Rows of a batch on their way into their table, where they are looked at as a whole first.
pub(crate) const STAGE: &str = "pg_temp.waybill_stage";
/// What was found wrong with the batch as a whole.
pub(crate) const LATER: &str = "pg_temp.waybill_later";

fn target(contract: &Contract) -> String {
    format!("public.{}", quoted(&contract.table))
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

fn columns(contract: &Contract) -> impl Iterator<Item = &str> {
    contract.columns.iter().map(|column| column.name.as_str())
}

/// The COPY that rows of an appended batch go through.
pub(crate) fn copy_into_target(contract: &Contract) -> String {
    let columns = list(columns(contract).chain(["batch"]));
    format!(
        "COPY {} ({columns}) FROM STDIN (FORMAT binary)",
        target(contract)
    )
}

/// Keeps the target as it is until the transaction ends, without keeping anybody from its rows.
pub(crate) fn lock_target(contract: &Contract) -> String {
    format!("LOCK TABLE {} IN ROW EXCLUSIVE MODE", target(contract))
}

/// The COPY that staged rows go through.
pub(crate) fn copy_into_stage(contract: &Contract) -> String {
    let columns = list(columns(contract).chain(["_byte", "_bad"]));
    format!("COPY {STAGE} ({columns}) FROM STDIN (FORMAT binary)")
}

/// A table like the target, without its constraints, for as long as the transaction lasts.
pub(crate) fn create_stage(contract: &Contract) -> String {
    format!(
        "CREATE TEMPORARY TABLE waybill_stage ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA;
         ALTER TABLE {STAGE} ADD COLUMN _byte bigint, ADD COLUMN _bad boolean",
        list(columns(contract)),
        target(contract)
    )
}

/// Gathers what only the batch as a whole shows: keys that occur twice (`first` is the record that
/// had the key before) and references that nothing answers. `replaces` tells that the target's
/// present rows will not be there after the batch.
pub(crate) fn find_later(
    contract: &Contract,
    tables: &[(usize, &Reference, &str)],
    replaces: bool,
) -> String {
    let mut parts = Vec::new();
    if let Some(place) = contract
        .key
        .first()
        .and_then(|name| contract.index_of(name))
    {
        let key = list(contract.key.iter().map(String::as_str));
        let known: Vec<_> = contract
            .key
            .iter()
            .map(|k| format!("{} IS NOT NULL", quoted(k)))
            .collect();
        parts.push(format!(
            "SELECT _byte, _bad, {place} AS place, first FROM (
               SELECT _byte, _bad, min(_byte) OVER (PARTITION BY {key}) AS first FROM {STAGE} WHERE {}) AS keyed
             WHERE _byte <> first",
            known.join(" AND ")
        ));
    }
    for (place, reference, table) in tables {
        let column = quoted(&contract.columns[*place].name);
        let to = quoted(&reference.column);
        let own = reference.dataset == contract.name;
        let mut missing = vec![format!("s.{column} IS NOT NULL")];
        if own {
            missing.push(format!(
                "NOT EXISTS (SELECT FROM {STAGE} k WHERE k.{to} = s.{column})"
            ));
        }
        if !(own && replaces) {
            let table = quoted(table);
            missing.push(format!(
                "NOT EXISTS (SELECT FROM public.{table} k WHERE k.{to} = s.{column})"
            ));
        }
        parts.push(format!(
            "SELECT _byte, _bad, {place} AS place, NULL::bigint AS first FROM {STAGE} s WHERE {}",
            missing.join(" AND ")
        ));
    }
    if parts.is_empty() {
        parts.push("SELECT NULL::bigint AS _byte, false AS _bad, 0 AS place, NULL::bigint AS first WHERE false".into());
    }
    format!(
        "CREATE TEMPORARY TABLE waybill_later ON COMMIT DROP AS {}",
        parts.join(" UNION ALL ")
    )
}

/// Puts staged rows into the target: new ones in, known keys updated where they differ.
pub(crate) fn merge(contract: &Contract) -> String {
    let all = list(columns(contract));
    let target = target(contract);
    if contract.key.is_empty() {
        return format!("INSERT INTO {target} ({all}) SELECT {all} FROM {STAGE}");
    }
    let key = list(contract.key.iter().map(String::as_str));
    let rest: Vec<&str> = columns(contract)
        .filter(|name| !contract.key.iter().any(|k| k == name))
        .collect();
    let on_conflict = if rest.is_empty() {
        "DO NOTHING".to_owned()
    } else {
        let set: Vec<_> = rest
            .iter()
            .map(|c| format!("{0} = excluded.{0}", quoted(c)))
            .collect();
        let old: Vec<_> = rest.iter().map(|c| format!("t.{}", quoted(c))).collect();
        let new: Vec<_> = rest
            .iter()
            .map(|c| format!("excluded.{}", quoted(c)))
            .collect();
        format!(
            "DO UPDATE SET {} WHERE ROW({}) IS DISTINCT FROM ROW({})",
            set.join(", "),
            old.join(", "),
            new.join(", ")
        )
    };
    format!(
        "INSERT INTO {target} AS t ({all}) SELECT {all} FROM {STAGE} ORDER BY {key}
         ON CONFLICT ({key}) {on_conflict}"
    )
}

/// Takes out of the target what a snapshot does not have any more; run after [`merge`] where there
/// is a key, before it where there is none.
pub(crate) fn remove_absent(contract: &Contract) -> String {
    let target = target(contract);
    if contract.key.is_empty() {
        return format!("DELETE FROM {target}");
    }
    let same: Vec<_> = contract
        .key
        .iter()
        .map(|k| format!("s.{0} = t.{0}", quoted(k)))
        .collect();
    format!(
        "DELETE FROM {target} AS t WHERE NOT EXISTS (SELECT FROM {STAGE} s WHERE {})",
        same.join(" AND ")
    )
}
