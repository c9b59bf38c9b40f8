"""What runs on the engine's machines: reading a range for how it may begin, unpacking, and loading a range."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Callable, Iterator, NamedTuple, Optional

from . import report
from .access import Access
from .check import BlockChecker, Checked, Later
from .content import Unpacked, unpack
from .contract import Contract
from .lake import Attempt, PartFile
from .layout import Layout
from .positions import Begin, Position, Ways, ways
from .records import Reader
from .stage_copy import copy_rows
from .staging import Stage
from .store import BufferedRange, Place, open_store

_PIECE = 64 * 1024
_SCAN_PIECE = 4 << 20


class Source(NamedTuple):
    """Content that can be read in ranges."""

    place: Place
    size: int
    folder: Optional[str]
    lines_only: bool
    cut_off: bool = False


class Setup(NamedTuple):
    """What the tasks of one load share."""

    source: Source
    contract: Contract
    layout: Layout
    attempt: Attempt
    known: "list[Optional[frozenset[str]]]"
    keep_bad: bool
    parquet: bool
    access: Optional[Access] = None
    stage: Optional[Stage] = None
    later: "dict[int, list[Later]]" = {}


class PartDone(NamedTuple):
    """What a task found in its range."""

    records: int
    bad: int
    findings: int
    rows: int
    """Rows that were handed on: to the stage, to the file."""
    lines: "dict[int, int]"
    dropped: Optional[Position] = None
    """Where a record starts that the content does not have to its end."""


def unpack_object(
    place: Place, size: int, compression: str, folder: Optional[str], to: Optional[Place], progress: "Callable[[int], None]"
) -> Unpacked:
    """Hashes the content of an object, and where it is compressed stores it as it is meant."""
    store = open_store(folder)
    pieces = _pieces(BufferedRange(store, place, size), 0, size, _PIECE)
    if to is None:
        return unpack(compression, pieces, None, progress)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "content"
        with path.open("wb") as file:
            found = unpack(compression, pieces, file, progress)
        store.put_file(to, path)
    return found


def scan_range(source: Source, start: int, end: int) -> Ways:
    """Reads a range for each way it may begin."""
    reader = BufferedRange(open_store(source.folder), source.place, source.size)
    return ways(_pieces(reader, start, end, _SCAN_PIECE), source.lines_only)


def load_range(setup: Setup, part: int, begin: Begin, end: int) -> PartDone:
    """Checks the records that begin in a range; writes them to the stage and to the lake, and what is wrong beside them."""
    source = setup.source
    store = open_store(source.folder)
    reader = Reader(BufferedRange(store, source.place, source.size).read, source.size, source.lines_only, source.cut_off)
    checker = BlockChecker(setup.contract, setup.layout, setup.known, setup.keep_bad, setup.later)
    work = _Work(setup)
    blocks = (checker.check(block) for block in reader.blocks(begin, end))
    try:
        if setup.stage:
            copy_rows(setup.access, setup.contract, setup.stage, part, map(work.take, blocks))
        else:
            for block in blocks:
                work.take(block)
        if work.file:
            work.file.finish(store, setup.attempt.data.child(f"part-{part:05}.parquet"))
    finally:
        work.close()
    if work.findings.listed:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "findings"
            with path.open("wb") as file:
                report.write(work.findings.listed, file)
            store.put_file(setup.attempt.scratch.child(findings_name(part)), path)
    return PartDone(work.records, work.bad, work.findings.total, work.rows, work.lines, reader.dropped)


def findings_name(part: int) -> str:
    """Where a task leaves what is wrong in its range."""
    return f"findings-{part:05}"


class _Work:
    """One range's sums."""

    def __init__(self, setup: Setup):
        self.records = self.bad = self.rows = 0
        self.findings = report.Findings()
        self.lines: "dict[int, int]" = {}
        self.file = PartFile(setup.contract) if setup.parquet else None

    def take(self, block: Checked) -> Checked:
        """Counts a block, and writes its rows to the lake as long as the batch may still be loaded."""
        self.records += block.records
        self.bad += block.bad
        self.rows += len(block.starts)
        self.lines.update(block.lines)
        for finding in block.findings:
            self.findings.push(finding)
        if self.bad and self.file:
            self.close()
        if self.file and block.starts:
            self.file.write(block.columns)
        return block

    def close(self) -> None:
        """Leaves nothing on this machine."""
        if self.file:
            self.file.close()
            self.file = None


def _pieces(reader: BufferedRange, start: int, end: int, size: int) -> Iterator[bytes]:
    for at in range(start, end, size):
        yield reader.read(at, min(at + size, end))
