"""One claimed batch from bytes to the ledger's entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from . import publish, reading, staging, verdict
from .access import Access
from .contract import Contract
from .database import Database
from .engine import Engine
from .head import BadHead
from .lake import Attempt
from .lake import publish as publish_in_lake
from .ledger import End, Held, Summary
from .object_key import Unreadable, Written, understand
from .publish import Again, Whole
from .reading import Content, Read
from .report import Findings
from .staging import Stage
from .store import Gone, Place, open_store
from .tasks import Setup, Source
from .verdict import Outcome

TRIES = 3
_COMMITTED = "SELECT dataset, attempt, lane FROM waybill.batches WHERE number = $1"


@dataclass(frozen=True)
class Settings:
    """What the job is told besides the batch."""

    contracts: "dict[str, Contract]"
    lake: Place
    access: Access
    folder: Optional[str] = None
    release: str = "spark"
    environment: str = "local"
    range_bytes: int = reading.RANGE_BYTES
    late: Optional[float] = None
    """When, on the monotonic clock, a load is stopped that has not ended."""


def load(engine: Engine, settings: Settings, held: Held, session: Database) -> End:
    """Loads a batch with a session for its one transaction. Where it is committed, the ledger has its end already."""
    attempt = Attempt(settings.lake, held.dataset, held.number, held.attempt)
    try:
        written = understand(held.key, settings.contracts)
        return _Load(engine, settings, held, session, attempt, written).run()
    except Unreadable as unreadable:
        return unreadable.end
    except Gone as gone:
        return verdict.about_the_file("source", f"{gone}; deliver it again", None)


def publish_files(settings: Settings, session: Database, number: int) -> bool:
    """Publishes a committed batch in the lake; false where it was published already, or is not to be there."""
    dataset, attempt, lane = session.rows(_COMMITTED, number)[0]
    # What another lane committed has no files.
    if lane != "spark" or not settings.contracts[dataset].to_lake:
        return False
    return publish_in_lake(open_store(settings.folder), Attempt(settings.lake, dataset, number, attempt))


def tidy_up(settings: Settings, held: Held) -> None:
    """Takes away what tasks left for each other, of this attempt and of those before. A successor may be at work with its own."""
    session = settings.access.session(long=True)
    try:
        stages = session.rows(staging.STAGES, f"b{held.number}\\_a%")
        attempts = {staging.attempt_of(name) for (name,) in stages}
        for attempt in sorted((attempt for attempt in attempts if attempt <= held.attempt), reverse=True):
            session.script(staging.drop(Stage(held.number, attempt)))
    finally:
        session.close()
    store = open_store(settings.folder)
    store.remove(store.list(Attempt(settings.lake, held.dataset, held.number, held.attempt).scratch))


class _Load:
    def __init__(
        self, engine: Engine, settings: Settings, held: Held, session: Database, attempt: Attempt, written: Written
    ):
        self._engine, self._settings, self._held, self._session = engine, settings, held, session
        self._attempt, self._written, self._contract = attempt, written, written.contract
        self._tables = {name: contract.table for name, contract in settings.contracts.items()}
        self._merges = self._contract.mode != "append"

    def run(self) -> End:
        """Tries again where something changed that had been checked."""
        settings, held = self._settings, self._held
        place = Place(held.bucket, held.key, held.version)
        size = open_store(settings.folder).size(place)
        stored = Source(place, size, settings.folder, self._written.format == "jsonl")
        unpack_to = self._attempt.scratch.child("content")
        content = reading.open_content(self._engine, stored, self._written, unpack_to, settings.range_bytes)
        if isinstance(content.head, BadHead):
            return self._refuse_head(content, content.head)
        for _ in range(TRIES):
            try:
                return self._try(content)
            except Again as again:
                reason = again
        raise ConnectionError(f"{reason}, {TRIES} times")

    def _refuse_head(self, content: Content, head: BadHead) -> End:
        summary = Summary(0, head.bytes, head.sha256, None)
        return verdict.wrong_with(self._held, Outcome(0, 0, 0, [], summary, head.fault, head.at))

    def _try(self, content: Content) -> End:
        stage = self._stage(self._merges or self._contract.to_table)
        known = self._known_keys()
        setup = self._setup(content, known, stage)
        read = reading.read_all(self._engine, setup, content)
        whole = None
        if self._merges or not self._all_known(known):
            stage = stage or self._stage(True)
            whole = publish.find_whole(self._session, self._contract, self._tables, stage)
        outcome = self._outcome(setup, content, read, whole)
        wrong = verdict.wrong_with(self._held, outcome)
        if wrong:
            return wrong
        self._all_arrived(read)
        # What stops the work from here on ends the statement that runs. Only the commit itself is too late for it.
        self._engine.check()
        return publish.publish(
            self._session, self._contract, self._tables, self._held, stage, outcome.summary, self._contract.to_table
        )

    def _stage(self, wanted: bool) -> Optional[Stage]:
        if not wanted:
            return None
        stage = Stage(self._held.number, self._held.attempt)
        self._session.script(f"{staging.drop(stage)}; {staging.create(self._contract, stage)}")
        return stage

    def _known_keys(self) -> "list[Optional[frozenset[str]]]":
        """The keys that each column may refer to, where they are checked with the column. An upsert's and a snapshot's rows may
        refer to each other: they are looked at together, when all of them are there."""
        known: "list[Optional[frozenset[str]]]" = [None] * len(self._contract.columns)
        if self._merges:
            return known
        found: "dict[object, Optional[frozenset[str]]]" = {}
        for place, reference in self._contract.references():
            if reference not in found:
                sql = staging.known_keys(self._tables[reference.dataset], reference.column)
                keys = frozenset(row[0] for row in self._session.rows(sql))
                found[reference] = keys if len(keys) <= staging.SNAPSHOT_CAP else None
            known[place] = found[reference]
        return known

    def _all_known(self, known: "list[Optional[frozenset[str]]]") -> bool:
        return all(known[place] is not None for place, _ in self._contract.references())

    def _setup(self, content: Content, known: "list[Optional[frozenset[str]]]", stage: Optional[Stage]) -> Setup:
        return Setup(
            source=content.source,
            contract=self._contract,
            layout=content.head.layout,
            attempt=self._attempt,
            known=known,
            keep_bad=self._merges or not self._all_known(known),
            parquet=self._contract.to_lake,
            access=self._settings.access,
            stage=stage,
        )

    def _outcome(self, setup: Setup, content: Content, read: Read, whole: Optional[Whole]) -> Outcome:
        """What was found, and where the whole shows more than the tasks did, that in its place."""
        bad, fault = read.bad, content.unpacked.fault
        at = read.ended_at(content)
        if whole and whole.total:
            again = setup._replace(later=whole.later, stage=None, parquet=False)
            read_twice = reading.read_again(self._engine, again, content, read)
            findings = reading.gather(again, read_twice)
            findings.total += whole.total - whole.listed
            bad += whole.rows
        else:
            findings = reading.gather(setup, read) if bad else Findings()
        summary = Summary(read.records - bad, content.unpacked.bytes, content.unpacked.sha256, content.head.header)
        return Outcome(read.records - bad, bad, findings.total, findings.listed, summary, fault, at)

    def _all_arrived(self, read: Read) -> None:
        handed = sum(part.rows for part in read.parts)
        if handed != read.records:
            raise RuntimeError(f"{read.records} rows were checked and {handed} handed on; nothing was committed")


