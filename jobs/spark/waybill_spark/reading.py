"""One reading of the content: where its ranges begin, what each task found, and the report in file order."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, Optional, Union

from . import report
from .content import CONTENT_BYTES, Unpacked
from .contract import Contract
from .engine import Counter, Engine
from .head import BadHead, Head, read_head
from .object_key import Written
from .positions import START, Begin, Position, compose
from .report import Finding, Findings
from .rule import Fault
from .store import BufferedRange, Place, open_store
from .tasks import PartDone, Setup, Source, findings_name, load_range, scan_range, unpack_object

RANGE_BYTES = 64 << 20
TOO_LARGE = Fault("content_size", f"the content is larger than {CONTENT_BYTES} bytes: send it in several batches")


class Content(NamedTuple):
    """Content whose size and hash are known, and where each of its ranges begins."""

    source: Source
    unpacked: Unpacked
    head: Union[Head, BadHead]
    begins: "tuple[Begin, ...]"
    ends: "tuple[int, ...]"
    after: Begin
    """How what follows the last range would begin: where reading ended, if it ended too soon."""


class Read(NamedTuple):
    """The sums of all tasks."""

    parts: "tuple[PartDone, ...]"

    @property
    def records(self) -> int:
        """All records."""
        return sum(part.records for part in self.parts)

    def ended_at(self, content: Content) -> Position:
        """Where the record that was being read starts, where reading ended too soon."""
        dropped = [part.dropped for part in self.parts if part.dropped]
        return dropped[0] if dropped else content.after.at

    @property
    def bad(self) -> int:
        """Records that broke a rule."""
        return sum(part.bad for part in self.parts)


def open_content(engine: Engine, stored: Source, written: Written, unpack_to: Place, range_bytes: int) -> Content:
    """Reads the content once in order for its hash, and beside that in ranges for where records end."""
    counter = engine.counter()
    if written.compression:
        # The stream must be unpacked before it can be read in ranges.
        work = partial(_unpack, stored, written.compression, unpack_to, counter)
        unpacked = engine.run("unpack the content", work, [None])[0]
        source = stored._replace(place=unpack_to, size=unpacked.bytes, cut_off=unpacked.fault is not None)
        return _find_ranges(engine, source, written.contract, range_bytes, unpacked, None)
    source = stored._replace(size=min(stored.size, CONTENT_BYTES), cut_off=stored.size > CONTENT_BYTES)
    hashing = partial(_unpack, stored, "", None, counter)
    return _find_ranges(engine, source, written.contract, range_bytes, None, hashing)


def _unpack(source: Source, compression: str, to: Optional[Place], counter: Counter, _: object) -> Unpacked:
    return unpack_object(source.place, source.size, compression, source.folder, to, counter.bytes)


def _find_ranges(
    engine: Engine, source: Source, contract: Contract, range_bytes: int, unpacked: Optional[Unpacked], hashing: Any
) -> Content:
    """`unpacked` is known, or `hashing` will tell it."""
    read = BufferedRange(open_store(source.folder), source.place, source.size).read
    fault = unpacked.fault if unpacked else TOO_LARGE if source.cut_off else None
    head = read_head(read, contract, source.lines_only, fault)
    if isinstance(head, BadHead):
        known = Unpacked(head.bytes, head.sha256, head.fault)
        return Content(source, known, head, (), (), Begin(START, True, head.at))
    starts = range(head.first.byte, source.size, range_bytes)
    spans = [(start, min(start + range_bytes, source.size)) for start in starts]
    # Where one range is all there is, it begins where the head ends.
    scanned = spans if len(spans) > 1 or source.cut_off else []
    items = ([hashing] if hashing else []) + scanned
    answers = engine.run("hash and scan the content", partial(_hash_or_scan, source), items) if items else []
    unpacked = unpacked or answers.pop(0)
    first = Begin(START, True, head.first)
    begins = list(compose(first, [(end - start, ways) for (start, end), ways in zip(spans, answers)])) or [first] * len(spans)
    after = begins[-1] if begins else first
    if scanned:
        start, end = spans[-1]
        after = list(compose(begins[-1], [(end - start, answers[-1]), (0, answers[-1])]))[-1]
    return Content(source, unpacked, head, tuple(begins), tuple(end for _, end in spans), after)


def _hash_or_scan(source: Source, item: object) -> object:
    return scan_range(source, *item) if isinstance(item, tuple) else item(None)


def read_all(engine: Engine, setup: Setup, content: Content) -> Read:
    """Loads every range."""
    items = list(zip(range(len(content.begins)), content.begins, content.ends))
    if not items:
        return Read(())
    work = partial(_load, setup, engine.counter())
    return Read(tuple(engine.run("check and load the records", work, items)))


def read_again(engine: Engine, setup: Setup, content: Content, read: Read) -> Read:
    """Reads those ranges again that hold what only the whole showed, now knowing it."""
    wanted = set(setup.later) | {
        entry.first for entries in setup.later.values() for entry in entries if entry.first is not None
    }
    # A record belongs to the range in which its first byte lies.
    items = [
        (part, begin, end)
        for part, (begin, end) in enumerate(zip(content.begins, content.ends))
        if any(begin.at.byte <= byte < end for byte in wanted)
    ]
    again = engine.run("look at the records again", partial(_load, setup, engine.counter()), items)
    parts = list(read.parts)
    for (part, _, _), done in zip(items, again):
        parts[part] = done
    return Read(tuple(parts))


def _load(setup: Setup, counter: Counter, item: "tuple[int, Begin, int]") -> PartDone:
    done = load_range(setup, *item)
    if not setup.later:
        counter.rows(done.records)
    return done


def gather(setup: Setup, read: Read) -> Findings:
    """The report in file order: tasks' findings one after the other, until it is full."""
    store = open_store(setup.source.folder)
    findings, lines = Findings(), {}
    for part in read.parts:
        lines.update(part.lines)
    for number, part in enumerate(read.parts):
        kept = 0
        if part.findings and not findings.is_full():
            place = setup.attempt.scratch.child(findings_name(number))
            for finding in report.read(store.read(place, 0, store.size(place))):
                findings.push(_named(finding, lines))
                kept += 1
        findings.total += part.findings - kept
    return findings


def _named(finding: Finding, lines: "dict[int, int]") -> Finding:
    line = None if finding.first is None else lines.get(finding.first)
    return finding if line is None else finding._replace(message=f"{finding.message} (line {line})")


