"""Foreign keys, once per distinct value instead of once per row: as the crate `ledger` does it, and only where nothing else
would be switched off with them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

from .contract import Contract, Reference
from .database import Database, quoted
from .staging import Stage

_PRIVILEGE = "SELECT pg_catalog.has_parameter_privilege('session_replication_role', 'SET')"
_HIDDEN = (
    "SELECT CASE WHEN k.oid IS NULL THEN 'trigger ' || t.tgname ELSE 'deferrable constraint ' || k.conname END "
    "|| CASE WHEN t.tgrelid = $1 THEN '' ELSE ' of its partition ' || c.relname END "
    "FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid "
    "LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint "
    "WHERE t.tgrelid IN (SELECT $1::oid UNION SELECT relid::oid FROM pg_catalog.pg_partition_tree($1::oid::regclass)) "
    "AND t.tgparentid = 0 AND NOT (t.tgisinternal AND coalesce(k.contype = 'f', false)) "
    "UNION ALL "
    "SELECT 'rule ' || w.rulename FROM pg_catalog.pg_rewrite w WHERE w.ev_class = $1 "
    "ORDER BY 1"
)
STATEMENTS = (_PRIVILEGE, _HIDDEN)
"""What must be found in the crate."""

_KEYS = (
    "SELECT array(SELECT a.attname::text FROM unnest(k.conkey) AS c(attnum) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.attnum) "
    "FROM pg_catalog.pg_constraint k "
    "WHERE k.conrelid IN (SELECT $1::oid UNION SELECT relid::oid FROM pg_catalog.pg_partition_tree($1::oid::regclass)) "
    "AND k.contype = 'f' AND k.conparentid = 0"
)
_TABLE = "SELECT ('public.' || quote_ident($1))::regclass::oid::bigint"


class KeyGone(Exception):
    """Someone removed a key that was there when the load began; the next try reports its rows."""


def may_be_locked(session: Database, contract: Contract) -> bool:
    """Whether the load itself can give every guarantee that the table's triggers give. Locks the table's shape first, so that
    the answer stays true until the transaction ends."""
    if not session.rows(_PRIVILEGE)[0][0]:
        return False
    session.script(f"LOCK TABLE public.{quoted(contract.table)} IN ROW EXCLUSIVE MODE")
    table = session.rows(_TABLE, contract.table)[0][0]
    referring = {contract.columns[place].name for place, _ in contract.references()}
    keys = [row[0] for row in session.rows(_KEYS, table)]
    return not session.rows(_HIDDEN, table) and all(len(key) == 1 and key[0] in referring for key in keys)


@contextmanager
def locked_instead(session: Database, contract: Contract, tables: "dict[str, str]", stage: Stage) -> "Iterator[None]":
    """Keeps the server from checking row by row what is done within, and then locks every distinct key that rows refer to."""
    session.script("SET LOCAL session_replication_role = replica")
    yield
    session.script("SET LOCAL session_replication_role = origin")
    for place, reference in contract.references():
        _lock(session, contract.columns[place].name, reference, tables[reference.dataset], stage)


def _lock(session: Database, column: str, reference: Reference, table: str, stage: Stage) -> None:
    name, to = quoted(column), quoted(reference.column)
    wanted = session.rows(f"SELECT count(DISTINCT {name}) FROM {stage.rows}")[0][0]
    # The very query that the server's trigger runs for a row; in key order, as all loads lock.
    found = session.rows(
        f"SELECT 1 FROM public.{quoted(table)} r WHERE r.{to} IN (SELECT {name} FROM {stage.rows}) "
        f"ORDER BY r.{to} FOR KEY SHARE OF r"
    )
    if len(found) != wanted:
        raise KeyGone("a referenced key was removed while the batch was loaded")
