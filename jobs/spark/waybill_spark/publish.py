"""The batch's one transaction: staged rows into the target and the ledger's `committed`, or neither."""

from __future__ import annotations

from contextlib import nullcontext
from typing import NamedTuple, Optional

import pg8000.exceptions

from . import foreign_keys, ledger, places, staging, verdict, words
from .check import Later
from .contract import Contract
from .database import Database, sqlstate
from .ledger import Duplicate, End, Held, Summary
from .report import CAP
from .staging import Stage

FOREIGN_KEY = "23503"


class Again(Exception):
    """Something that was checked changed meanwhile: the load begins anew."""


class Whole(NamedTuple):
    """What only the whole batch shows."""

    later: "dict[int, list[Later]]"
    total: int
    listed: int
    rows: int
    """Rows that break nothing but rules of the whole."""


def find_whole(session: Database, contract: Contract, tables: "dict[str, str]", stage: Stage) -> Whole:
    """Looks at the staged rows together. In a transaction of its own, which leaves nothing."""
    with session.transaction():
        session.script(f"ANALYZE {stage.rows}; {staging.find_later(contract, tables, stage)}")
        total, rows = session.rows(staging.COUNT_LATER)[0]
        later: "dict[int, list[Later]]" = {}
        listed = session.rows(staging.LIST_LATER, CAP)
        for byte, place, first in listed:
            later.setdefault(byte, []).append(_later(contract, place, first))
    return Whole(later, total, len(listed), rows)


def _later(contract: Contract, place: int, first: Optional[int]) -> Later:
    reference = contract.columns[place].references
    if reference and first is None:
        return Later(place, words.unknown_reference(reference), None)
    return Later(place, words.repeated_key(contract.key), first)


def publish(
    session: Database, contract: Contract, tables: "dict[str, str]", held: Held, stage: Optional[Stage], summary: Summary,
    into_table: bool,
) -> End:
    """Commits the batch, or answers how else it ends. `stage` is none, and `into_table` false, where rows go to the lake only."""
    try:
        with session.transaction():
            if stage and into_table:
                ended = _move_rows(session, contract, tables, held, stage, summary)
                if ended:
                    raise _Back(ended)
            only_last = contract.mode != "append"
            duplicate: Optional[Duplicate] = ledger.commit(session, held, summary, only_last)
            if duplicate:
                raise _Back(End("duplicate", summary, duplicate_of=duplicate.of))
            if held.dry_run:
                raise _Back(End("checked", summary))
    except _Back as back:
        return back.end
    except foreign_keys.KeyGone as gone:
        raise Again(str(gone)) from None
    except pg8000.exceptions.DatabaseError as error:
        unplaced = verdict.unplaced(error)
        if unplaced:
            return unplaced
        if sqlstate(error) != FOREIGN_KEY:
            raise
        if contract.mode == "snapshot":
            return verdict.about_the_file("references", verdict.STILL_REFERENCED, summary)
        raise Again("a referenced key was removed while the batch was loaded") from None
    return End("committed", summary)


class _Back(Exception):
    """Rolls the transaction back."""

    def __init__(self, end: End):
        super().__init__(end.state)
        self.end = end


def _move_rows(
    session: Database, contract: Contract, tables: "dict[str, str]", held: Held, stage: Stage, summary: Summary
) -> Optional[End]:
    staged = session.rows(f"SELECT count(*) FROM {stage.rows}")[0][0]
    if staged != summary.rows:
        raise RuntimeError(f"{summary.rows} rows were checked and {staged} reached the stage; nothing was committed")
    if contract.mode == "append":
        _append(session, contract, tables, held, stage)
        return None
    # One dataset at a time: two batches with the same keys in another order would otherwise wait for each other.
    session.rows(staging.LOCK_MERGE, contract.name)
    snapshot = contract.mode == "snapshot"
    if snapshot and session.rows(staging.LATER_SNAPSHOT, contract.name, held.number):
        return verdict.about_the_file("source", verdict.OUTDATED, summary)
    if snapshot and not contract.key:
        session.script(staging.remove_absent(contract, stage))
    session.script(staging.merge(contract, stage))
    if snapshot and contract.key:
        session.script(staging.remove_absent(contract, stage))
    return None


def _append(session: Database, contract: Contract, tables: "dict[str, str]", held: Held, stage: Stage) -> None:
    order = session.rows(staging.WIDEST_INDEX, contract.table)
    insert = staging.append(contract, stage, order[0][0] if order else [])
    locked = foreign_keys.may_be_locked(session, contract)
    with places.noted(session, held, contract.table):
        with foreign_keys.locked_instead(session, contract, tables, stage) if locked else nullcontext():
            session.count(insert, held.number)
