"""The ledger: who works on a batch and how that ends. The statements are those of the crate `ledger`, word for word; a test
sees to it. Every write is fenced by the attempt."""

from __future__ import annotations

import enum
import json
import uuid
from typing import Any, NamedTuple, Optional

from .database import Database
from .report import Finding

LEASE_S = 120
"""Longer than the other lanes': a driver may pause for its garbage, and its session's end frees the batch at once anyway."""

_FIND = (
    "SELECT number, state, attempt, lease_until, coalesce(lease_until > clock_timestamp(), false) AS leased "
    "FROM waybill.batches WHERE id = $1 FOR UPDATE"
)
_CLAIM = (
    "UPDATE waybill.batches b SET state = 'loading', attempt = b.attempt + 1, release = $2, "
    "lease_until = clock_timestamp() + make_interval(secs => $3), "
    "started_at = coalesce(b.started_at, clock_timestamp()), attempt_at = clock_timestamp(), "
    "finished_at = NULL, error = NULL, progress_bytes = 0, progress_rows = 0, progress_copied = 0 "
    "WHERE b.number = $1 AND b.attempt - b.tries_from < $4 "
    "RETURNING b.number, b.id, b.attempt, b.dataset, b.bucket, b.object_key, b.object_version, "
    "b.object_bytes, b.etag, b.submitted_by, b.dry_run, b.force, b.expect_rows, b.expect_sha256, "
    "b.priority, b.lane, b.lease_until, b.attempt - b.tries_from AS tries"
)
_WAITS = "SELECT EXISTS (SELECT FROM waybill.queue WHERE batch = $1)"
_GIVE_UP = (
    "UPDATE waybill.batches "
    "SET state = 'failed', error = $2, finished_at = clock_timestamp(), lease_until = NULL "
    "WHERE number = $1 RETURNING attempt"
)
_POSTPONE = (
    "WITH batch AS ( "
    "UPDATE waybill.batches SET lane = coalesce($3, lane) WHERE number = $1 "
    "RETURNING number, lane, priority, dataset, partner) "
    "INSERT INTO waybill.queue (batch, lane, priority, dataset, partner, due_at) "
    "SELECT number, lane, priority, dataset, coalesce(partner, ''), "
    "clock_timestamp() + make_interval(secs => $2) "
    "FROM batch"
)
_TAKEN = "DELETE FROM waybill.queue WHERE batch = $1"
_EVENT_LOADING = "INSERT INTO waybill.events (batch, state, attempt, note) VALUES ($1, 'loading', $2, $3)"
_EVENT = "INSERT INTO waybill.events (batch, state, attempt, note) VALUES ($1, $2, $3, $4)"
_BEAT = (
    "UPDATE waybill.batches "
    "SET lease_until = clock_timestamp() + make_interval(secs => $3), progress_bytes = $4, progress_rows = $5, "
    "progress_copied = $6 "
    "WHERE number = $1 AND attempt = $2 AND state = 'loading' "
    "RETURNING cancel_by IS NOT NULL"
)
_OURS = "SELECT FROM waybill.batches WHERE number = $1 AND attempt = $2 AND state = 'loading' FOR UPDATE"
_WHO_CANCELS = "SELECT cancel_by, attempt FROM waybill.batches WHERE number = $1"
_CANCEL = (
    "UPDATE waybill.batches "
    "SET state = 'failed', error = $2, finished_at = clock_timestamp(), lease_until = NULL, cancel_by = NULL "
    "WHERE number = $1"
)
_TRY_LOCK = "SELECT pg_try_advisory_lock($1, $2)"
_UNLOCK = "SELECT pg_advisory_unlock($1, $2)"
_CONTENT = (
    "INSERT INTO waybill.contents (dataset, sha256, batch) VALUES ($1, $2, $3) "
    "ON CONFLICT (dataset, sha256) DO NOTHING"
)
_FIRST = "SELECT batch FROM waybill.contents WHERE dataset = $1 AND sha256 = $2"
_VERSION = "SELECT batch FROM waybill.versions WHERE dataset = $1 FOR UPDATE"
_LAST = "SELECT id FROM waybill.batches WHERE number = $1 AND state = 'committed' AND sha256 = $2"
_COMMIT = (
    "UPDATE waybill.batches "
    "SET state = 'committed', rows = $3, rejected = 0, bytes = $4, sha256 = $5, header = $6, "
    "finished_at = clock_timestamp(), lease_until = NULL, error = NULL, cancel_by = NULL, "
    "progress_rows = $3, progress_copied = $3, "
    "progress_bytes = coalesce(object_bytes, progress_bytes) "
    "WHERE number = $1 AND attempt = $2 AND state = 'loading'"
)
_RAISE = (
    "INSERT INTO waybill.versions AS v (dataset, version, batch) VALUES ($1, 1, $2) "
    "ON CONFLICT (dataset) DO UPDATE SET version = v.version + 1, batch = excluded.batch"
)
_SETTLE = (
    "UPDATE waybill.batches "
    "SET state = $3, rows = $4, rejected = $5, bytes = $6, sha256 = $7, header = $8, error = $9, "
    "duplicate_of = $10, report_total = $11, report_listed = $12, finished_at = clock_timestamp(), "
    "lease_until = NULL, cancel_by = NULL "
    "WHERE number = $1 AND attempt = $2 AND state = 'loading'"
)
_REPORT = (
    "INSERT INTO waybill.errors (batch, ordinal, record, line, byte, column_name, rule, value, message, row, file) "
    "SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], "
    "$8::text[], $9::text[], $10::bytea[], $11::text[])"
)
STATEMENTS = (
    _FIND, _CLAIM, _EVENT_LOADING, _EVENT, _BEAT, _TRY_LOCK, _UNLOCK, _CONTENT, _FIRST, _VERSION, _LAST, _COMMIT, _RAISE,
    _SETTLE, _REPORT, _TAKEN, _OURS, _WHO_CANCELS, _CANCEL, _WAITS, _GIVE_UP, _POSTPONE,
)  # fmt: skip
"""What must be found in the crate."""

_LANE = "UPDATE waybill.batches SET lane = 'spark' WHERE number = $1 AND attempt = $2"
_FINDINGS_AT_ONCE = 500
_BYTES_AT_ONCE = 4 << 20
_SETTLED = ("committed", "checked", "rejected", "duplicate", "undone")
ATTEMPTS = 100
"""How often a batch is begun, in any lane, before an operator must look."""
TRIES = 12
"""How often this lane begins one that fails: machines are paid each time. With the pauses between executions, about half a day."""
_FIRST_PAUSE_S = 60
_LONGEST_PAUSE_S = 4 * 3600


class Superseded(Exception):
    """Another attempt has taken the batch: nothing more is to be done."""


class Cancelled(Exception):
    """Somebody asked for the batch to be stopped."""


class Held(NamedTuple):
    """A claimed batch: the token for everything its holder writes."""

    number: int
    id: uuid.UUID
    attempt: int
    dataset: str
    bucket: str
    key: str
    version: Optional[str]
    object_bytes: Optional[int]
    dry_run: bool
    force: bool
    expect_rows: Optional[int]
    expect_sha256: Optional[bytes]
    tries: int


class Settled(NamedTuple):
    """A batch with which nothing is to be done."""

    number: int
    attempt: int
    state: str


class Busy(NamedTuple):
    """A batch that somebody alive works on."""

    number: int
    attempt: int


class Summary(NamedTuple):
    """What was learned of a batch's content."""

    rows: int
    content_bytes: int
    sha256: bytes
    header: Optional[bytes]


class End(NamedTuple):
    """How a batch ends. Only of one that was not committed the ledger is still to be told."""

    state: str
    summary: Optional[Summary] = None
    problem: "Optional[dict[str, Any]]" = None
    rejected: int = 0
    total: int = 0
    findings: "tuple[Finding, ...]" = ()
    duplicate_of: Optional[uuid.UUID] = None


class Postponed(enum.Enum):
    """What came of an attempt that failed."""

    WAITS = "waits"
    CANCELLED = "cancelled"
    GIVEN_UP = "given up"


class Duplicate(NamedTuple):
    """The same content was committed as this batch."""

    of: uuid.UUID


def claim(session: Database, batch: uuid.UUID, release: str) -> "Held | Settled | Busy":
    """Claims a batch for the session, which must stay open while the batch is worked on."""
    with session.transaction():
        found = session.rows(_FIND, batch)
        if not found:
            raise LookupError(f"the ledger has no batch {batch}: was it received?")
        number, state, before, _, leased = found[0]
        # What failed and is to be tried again waits.
        if state in _SETTLED or state == "failed" and not session.rows(_WAITS, number)[0][0]:
            return Settled(number, before, state)
        note = None
        if state == "loading":
            if leased:
                if not session.rows(_TRY_LOCK, *_keys(number, before))[0][0]:
                    return Busy(number, before)
                session.rows(_UNLOCK, *_keys(number, before))
                note = "the loader before was gone"
            else:
                note = "the loader before was silent past its lease"
        session.rows(_TAKEN, number)
        if _was_cancelled(session, number):
            return Settled(number, before, "failed")
        claimed = session.rows(_CLAIM, number, release, LEASE_S, ATTEMPTS)
        if not claimed:
            _give_up(session, number, ATTEMPTS)
            return Settled(number, before, "failed")
        row = claimed[0]
        held = Held(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], *row[10:14], row[17])
        session.rows(_LANE, number, held.attempt)
        session.rows(_EVENT_LOADING, number, held.attempt, note)
        # Before the attempt can be seen: nobody may find a live attempt without its lock.
        session.rows(_TRY_LOCK, *_keys(number, held.attempt))
    return held


def release_claim(session: Database, held: Held) -> None:
    """Lets go of the sign of life, however the work ended."""
    session.rows(_UNLOCK, *_keys(held.number, held.attempt))


def beat(session: Database, held: Held, stored_bytes: int, rows: int) -> None:
    """Renews the lease and shows progress; an error where the batch is no longer ours, or nobody wants it."""
    kept = session.rows(_BEAT, held.number, held.attempt, LEASE_S, stored_bytes, rows, rows)
    if not kept:
        raise Superseded("another attempt has taken the batch")
    if kept[0][0]:
        raise Cancelled("somebody cancelled the batch")


def cancelled(session: Database, held: Held) -> bool:
    """Settles a batch whose holder was told to stop; false where it is somebody else's."""
    with session.transaction():
        return bool(session.rows(_OURS, held.number, held.attempt)) and _was_cancelled(session, held.number)


def _was_cancelled(session: Database, number: int) -> bool:
    """Whether the loader of a batch was asked to stop; the batch is settled then."""
    asked_by, attempt = session.rows(_WHO_CANCELS, number)[0]
    if asked_by is None:
        return False
    problem = {
        "type": "/problems/cancelled",
        "title": "The batch was cancelled",
        "status": 409,
        "detail": f"{asked_by} asked for it; nothing of it was loaded, and a replay loads it",
    }
    session.rows(_CANCEL, number, json.dumps(problem))
    session.rows(_EVENT, number, "failed", attempt, f"cancelled by {asked_by}")
    return True


def commit(session: Database, held: Held, summary: Summary, only_last: bool) -> Optional[Duplicate]:
    """Marks the batch committed inside the open transaction that carries its rows; the last thing before its COMMIT.

    The content's hash is written first: of two batches with the same content the second waits here for the first.
    `only_last`: only the content that was loaded last makes a duplicate, since rows replace others.
    """
    first = session.count(_CONTENT, held.dataset, summary.sha256, held.id) == 1
    if not first and not held.force:
        earlier = _last_with(session, held, summary) if only_last else _first_with(session, held, summary)
        if earlier == held.id:
            raise Superseded("the batch was committed already")
        if earlier:
            return Duplicate(earlier)
    done = session.count(
        _COMMIT, held.number, held.attempt, summary.rows, summary.content_bytes, summary.sha256, summary.header
    )
    if not done:
        raise Superseded("another attempt has taken the batch")
    note = None
    if not first:
        note = "forced" if held.force else "the same content was loaded before, and others since"
    session.rows(_EVENT, held.number, "committed", held.attempt, note)
    session.rows(_RAISE, held.dataset, held.number)
    return None


def _first_with(session: Database, held: Held, summary: Summary) -> uuid.UUID:
    found = session.rows(_FIRST, held.dataset, summary.sha256)
    if not found:
        # It was undone between the two statements: the whole batch is to be tried again.
        raise ConnectionError("the batch with the same content was undone meanwhile")
    return found[0][0]


def _last_with(session: Database, held: Held, summary: Summary) -> Optional[uuid.UUID]:
    last = session.rows(_VERSION, held.dataset)
    found = session.rows(_LAST, last[0][0], summary.sha256) if last else []
    return found[0][0] if found else None


def settle(session: Database, held: Held, end: End) -> None:
    """Ends the work on a batch without its rows, in one transaction."""
    assert end.state != "committed", "rows and ledger are committed together"
    with session.transaction():
        _write_end(session, held, end)


def postpone(session: Database, held: Held, end: End) -> Postponed:
    """Ends an attempt that failed; the batch waits, unless it was cancelled or begun too often."""
    with session.transaction():
        # Asked for after the last beat: the end that is written next would forget it.
        if session.rows(_OURS, held.number, held.attempt) and _was_cancelled(session, held.number):
            return Postponed.CANCELLED
        _write_end(session, held, end)
        if held.tries >= TRIES:
            _give_up(session, held.number, held.tries)
            return Postponed.GIVEN_UP
        # The state machine begins it again by itself, a few times; after that it is missed once it is due.
        pause = min(_FIRST_PAUSE_S * 2 ** min(held.tries, TRIES), _LONGEST_PAUSE_S)
        session.rows(_POSTPONE, held.number, pause, None)
    return Postponed.WAITS


def _give_up(session: Database, number: int, tries: int) -> None:
    """A batch that was begun too often is left to an operator."""
    problem = {
        "type": "/problems/given-up",
        "title": "The load was tried too often",
        "status": 500,
        "detail": f"{tries} attempts did not come to an end; an operator has to look, and a replay tries again",
    }
    attempt = session.rows(_GIVE_UP, number, json.dumps(problem))[0][0]
    session.rows(_EVENT, number, "failed", attempt, problem["title"])


def _write_end(session: Database, held: Held, end: End) -> None:
    known = end.summary
    rows = {"checked": known.rows if known else 0, "failed": None}.get(end.state, 0)
    done = session.count(
        _SETTLE, held.number, held.attempt, end.state, rows, None if end.state == "failed" else end.rejected,
        known and known.content_bytes, known and known.sha256, known and known.header,
        json.dumps(end.problem) if end.problem else None, end.duplicate_of, end.total, len(end.findings),
    )  # fmt: skip
    if not done:
        raise Superseded("another attempt has taken the batch")
    _write_report(session, held.number, end.findings)
    session.rows(_EVENT, held.number, end.state, held.attempt, end.problem and end.problem["title"])


def _write_report(session: Database, number: int, findings: "tuple[Finding, ...]") -> None:
    start = 0
    while start < len(findings):
        end, size = start, 0
        while end < len(findings) and end - start < _FINDINGS_AT_ONCE and size < _BYTES_AT_ONCE:
            size += len(findings[end].row)
            end += 1
        part = findings[start:end]
        session.rows(
            _REPORT, number, list(range(start + 1, end + 1)), [f.record for f in part], [f.line for f in part],
            [f.byte for f in part], [f.column for f in part], [f.rule for f in part],
            [f.value and _storable(f.value) for f in part], [_storable(f.message) for f in part], [f.row for f in part],
            # A batch of this lane is one object.
            [None] * len(part),
        )  # fmt: skip
        start = end


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL: shown as its symbol instead."""
    return text.replace("\0", "\u2400")


def _keys(number: int, attempt: int) -> "tuple[int, int]":
    """The two keys of a claim's lock."""
    return number % (2**31 - 1), attempt
