"""What this lane finds in a file, in the form in which the program `findings` says it of the other lanes."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, Iterator

from waybill_spark import values
from waybill_spark.content import unpack
from waybill_spark.contract import Contract
from waybill_spark.csv_block import parse as parse_csv
from waybill_spark.head import BadHead, read_head
from waybill_spark.jsonl_block import parse as parse_jsonl
from waybill_spark.parsed import Places
from waybill_spark.positions import START, Begin, compose, ways
from waybill_spark.records import Reader
from waybill_spark.report import lossy
from waybill_spark.rule import Violation
from waybill_spark.values import Checker, Json


def findings(contract: Contract, path: Path, range_bytes: int) -> "list[list[Any]]":
    """Values of sound records, and everything that is wrong, in file order; read in ranges of so many bytes."""
    stem, _, ending = path.name.rpartition(".")
    compression = ending if ending in ("gz", "zst") else ""
    lines_only = (stem if compression else path.name).endswith("jsonl")
    stored = path.read_bytes()
    target = _Sink()
    unpacked = unpack(compression, (stored[at : at + 65536] for at in range(0, len(stored), 65536)), target, lambda _: None)
    content = bytes(target.bytes)
    read = lambda start, end: content[start:end]  # noqa: E731
    head = read_head(read, contract, lines_only, unpacked.fault)
    if isinstance(head, BadHead):
        return [_fault(head.at, head.fault)]
    # Borders close to each other in small files; in large ones not so many that the test takes minutes.
    range_bytes = max(range_bytes, len(content) // 40)
    starts = range(head.first.byte, len(content), range_bytes)
    spans = [(start, min(start + range_bytes, len(content))) for start in starts]
    scanned = [(end - start, ways(_pieces(content, start, end), lines_only)) for start, end in spans]
    begins = list(compose(Begin(START, True, head.first), scanned + [(0, scanned[-1][1])] if scanned else []))
    found, dropped = [], None
    for begin, (_, end) in zip(begins, spans):
        reader = Reader(read, len(content), lines_only, unpacked.fault is not None)
        for block in reader.blocks(begin, end):
            found.extend(_of_block(contract, block, head.layout, lines_only))
        dropped = dropped or reader.dropped
    if unpacked.fault:
        found.append(_fault(dropped or (begins[-1].at if begins else head.first), unpacked.fault))
    return found


class _Sink:
    def __init__(self) -> None:
        self.bytes = bytearray()

    def write(self, piece: bytes) -> None:
        self.bytes += piece


def _pieces(content: bytes, start: int, end: int) -> Iterator[bytes]:
    size = 7 if end - start < 4000 else 1 << 16
    for at in range(start, end, size):
        yield content[at : min(at + size, end)]


def _fault(at: Any, fault: Any) -> "list[Any]":
    value = None if fault.value is None else lossy(fault.value[:200])
    return [*at, None, fault.rule, value, fault.message, ""]


def _of_block(contract: Contract, block: Any, layout: Any, lines_only: bool) -> "Iterator[list[Any]]":
    parsed = (parse_jsonl if lines_only else parse_csv)(block, layout)
    checkers = [Checker(column) for column in contract.columns]
    places, row = Places(block, parsed), 0
    for record in range(len(parsed.spans)):
        at, raw = places.of(record)
        if record in parsed.malformed:
            bad = parsed.malformed[record]
            yield [*at, bad.column, bad.rule, None if bad.value is None else lossy(bad.value), bad.message, lossy(raw)]
            continue
        for place, checker in enumerate(checkers):
            column = parsed.columns[place]
            field = None if column is None else column[row]
            checked = checker.check(field)
            if isinstance(checked, Violation):
                text = field.text if isinstance(field, Json) else field or None
                yield [*at, place, checked.rule, None if text is None else lossy(text), checked.message, lossy(raw)]
            else:
                yield [at.record, place, _written(checker, checked.value)]
        row += 1


def _written(checker: Checker, value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if checker.column.type.word == "timestamp":
        value = values.Instant(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return values.shown(checker.column, value)
