"""The SQL of a load. What looks at a batch as a whole is that of the crate `loader`, on a table that many tasks fill.

Each attempt has a stage of its own, named by batch and attempt: what an attempt that was overtaken still writes, nobody reads.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

from .contract import Contract, Reference
from .database import quoted

SCHEMA = "waybill_stage"
LATER = "pg_temp.waybill_later"


class Stage(NamedTuple):
    """The tables of one attempt."""

    number: int
    attempt: int

    @property
    def rows(self) -> str:
        """Where rows wait."""
        return f"{SCHEMA}.b{self.number}_a{self.attempt}"

    @property
    def parts(self) -> str:
        """Which ranges of the content have been copied: a task that runs twice copies once."""
        return f"{self.rows}_parts"


STAGES = (
    "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    f"WHERE n.nspname = '{SCHEMA}' AND c.relkind = 'r' AND c.relname LIKE $1"
)
"""The names of a batch's stages, of whichever attempt."""


def attempt_of(name: str) -> int:
    """Whose a stage is."""
    return int(name.split("_")[1][1:])


def target(contract: Contract) -> str:
    """The table that the dataset is kept in."""
    return f"public.{quoted(contract.table)}"


def columns(contract: Contract) -> str:
    """The contract's columns, as SQL lists them."""
    return ", ".join(quoted(column.name) for column in contract.columns)


def create(contract: Contract, stage: Stage) -> str:
    """A table like the target, without its constraints; unlogged, since nobody needs it after a crash."""
    return f"""
        CREATE UNLOGGED TABLE {stage.rows} AS SELECT {columns(contract)} FROM {target(contract)} WITH NO DATA;
        ALTER TABLE {stage.rows} ADD COLUMN _byte bigint, ADD COLUMN _bad boolean;
        CREATE UNLOGGED TABLE {stage.parts} (part integer PRIMARY KEY)"""


def drop(stage: Stage) -> str:
    """Takes an attempt's tables away."""
    return f"DROP TABLE IF EXISTS {stage.rows}, {stage.parts}"


def take_part(stage: Stage) -> str:
    """Says that a range is copied, in the transaction that copies it; waits for another try of the same task."""
    return f"INSERT INTO {stage.parts} (part) VALUES ($1) ON CONFLICT DO NOTHING"


def copy(contract: Contract, stage: Stage) -> str:
    """The COPY of a task."""
    return f"COPY {stage.rows} ({columns(contract)}, _byte, _bad) FROM STDIN"


def append(contract: Contract, stage: Stage, order: "list[str]") -> str:
    """Puts staged rows into the target, in the order of its widest index; `$1` is the batch's number."""
    by = f" ORDER BY {', '.join(map(quoted, order))}" if order else ""
    return (
        f"INSERT INTO {target(contract)} ({columns(contract)}, batch) "
        f"SELECT {columns(contract)}, $1::bigint FROM {stage.rows}{by}"
    )


def find_later(contract: Contract, tables: "dict[str, str]", stage: Stage) -> str:
    """Gathers what only the batch as a whole shows: keys that occur twice (`first` is the record that had the key before)
    and references that nothing answers. A snapshot's present rows will not be there after the batch."""
    parts = []
    if contract.key:
        key = ", ".join(map(quoted, contract.key))
        known = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in contract.key)
        parts.append(
            f"SELECT _byte, _bad, {contract.index_of(contract.key[0])} AS place, first FROM ("
            f"SELECT _byte, _bad, min(_byte) OVER (PARTITION BY {key}) AS first FROM {stage.rows} WHERE {known}) AS keyed "
            "WHERE _byte <> first"
        )
    for place, reference in contract.references():
        parts.append(_missing(contract, place, reference, tables, stage))
    if not parts:
        parts.append("SELECT NULL::bigint AS _byte, false AS _bad, 0 AS place, NULL::bigint AS first WHERE false")
    return f"CREATE TEMPORARY TABLE waybill_later ON COMMIT DROP AS {' UNION ALL '.join(parts)}"


def _missing(contract: Contract, place: int, reference: Reference, tables: "dict[str, str]", stage: Stage) -> str:
    column, to = quoted(contract.columns[place].name), quoted(reference.column)
    own = reference.dataset == contract.name
    missing = [f"s.{column} IS NOT NULL"]
    if own:
        missing.append(f"NOT EXISTS (SELECT FROM {stage.rows} k WHERE k.{to} = s.{column})")
    if not (own and contract.mode == "snapshot"):
        table = quoted(tables[reference.dataset])
        missing.append(f"NOT EXISTS (SELECT FROM public.{table} k WHERE k.{to} = s.{column})")
    return (
        f"SELECT _byte, _bad, {place} AS place, NULL::bigint AS first FROM {stage.rows} s WHERE {' AND '.join(missing)}"
    )


COUNT_LATER = f"SELECT count(*), count(DISTINCT _byte) FILTER (WHERE NOT _bad) FROM {LATER}"
LIST_LATER = f"SELECT _byte, place, first FROM {LATER} ORDER BY _byte, place LIMIT $1"
LOCK_MERGE = "SELECT pg_advisory_xact_lock(hashtextextended('waybill merge ' || $1, 0))"
LATER_SNAPSHOT = "SELECT FROM waybill.batches WHERE dataset = $1 AND state = 'committed' AND number > $2 LIMIT 1"


def merge(contract: Contract, stage: Stage) -> str:
    """Puts staged rows into the target: new ones in, known keys updated where they differ."""
    every = columns(contract)
    if not contract.key:
        return f"INSERT INTO {target(contract)} ({every}) SELECT {every} FROM {stage.rows}"
    key = ", ".join(map(quoted, contract.key))
    rest = [quoted(column.name) for column in contract.columns if column.name not in contract.key]
    if rest:
        values = ", ".join(f"{name} = excluded.{name}" for name in rest)
        old, new = (", ".join(f"{of}.{name}" for name in rest) for of in ("t", "excluded"))
        on_conflict = f"DO UPDATE SET {values} WHERE ROW({old}) IS DISTINCT FROM ROW({new})"
    else:
        on_conflict = "DO NOTHING"
    return (
        f"INSERT INTO {target(contract)} AS t ({every}) SELECT {every} FROM {stage.rows} ORDER BY {key} "
        f"ON CONFLICT ({key}) {on_conflict}"
    )


def remove_absent(contract: Contract, stage: Stage) -> str:
    """Takes out of the target what a snapshot does not have any more."""
    if not contract.key:
        return f"DELETE FROM {target(contract)}"
    same = " AND ".join(f"s.{quoted(name)} = t.{quoted(name)}" for name in contract.key)
    return f"DELETE FROM {target(contract)} AS t WHERE NOT EXISTS (SELECT FROM {stage.rows} s WHERE {same})"


SNAPSHOT_CAP = 200_000
"""The largest reference table, in rows, that is held in memory to check against."""


def known_keys(table: str, column: str) -> str:
    """Every value of a referenced column as the server writes it, or one more than the most that are held."""
    name = quoted(column)
    return f"SELECT {name}::text FROM public.{quoted(table)} WHERE {name} IS NOT NULL LIMIT {SNAPSHOT_CAP + 1}"


WIDEST_INDEX = (
    "SELECT array(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
    "WHERE k.place <= i.indnkeyatts ORDER BY k.place) AS names "
    "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_catalog.pg_am m ON m.oid = c.relam "
    "WHERE i.indrelid = ('public.' || quote_ident($1))::regclass AND i.indisvalid AND m.amname = 'btree' "
    "AND i.indexprs IS NULL AND i.indpred IS NULL ORDER BY i.indnkeyatts DESC, c.relname LIMIT 1"
)


def place_of(column: Optional[int], contract: Contract) -> Optional[str]:
    """A column's name, where a finding has one."""
    return None if column is None else contract.columns[column].name
