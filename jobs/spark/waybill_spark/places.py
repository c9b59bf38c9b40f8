"""Where a batch's rows lie in their table, as the crate `ledger` notes it: an undo looks there first, and counts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

from .database import Database
from .ledger import Held

_PAGES = "SELECT pg_relation_size(('public.' || quote_ident($1))::regclass) / current_setting('block_size')::bigint"
_NOTE = "INSERT INTO waybill.places (batch, from_page, to_page) VALUES ($1, $2, $3) ON CONFLICT (batch) DO NOTHING"
STATEMENTS = (_PAGES, _NOTE)
"""What must be found in the crate."""

# As many pages before the table's end as the crate looks through.
_AHEAD = 1024
_PARTITIONED = "SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = ('public.' || quote_ident($1))::regclass"


@contextmanager
def noted(session: Database, held: Held, table: str) -> "Iterator[None]":
    """Notes which pages a table grows by while a batch is appended within."""
    # A partitioned table's rows lie in tables of their own: its index finds them.
    if session.rows(_PARTITIONED, table)[0][0]:
        yield
        return
    before = session.rows(_PAGES, table)[0][0]
    yield
    session.rows(_NOTE, held.number, max(0, before - _AHEAD), session.rows(_PAGES, table)[0][0])
