"""A block's records as the contract's columns, unchecked, and those whose form is wrong."""

from __future__ import annotations

from typing import NamedTuple, Optional, Sequence

from .layout import Layout
from .positions import Position
from .records import KEPT, RECORD_BYTES, Block
from .values import Raw


class Malformed(NamedTuple):
    """A record whose form is wrong. It counts as one record."""

    rule: str
    column: Optional[int]
    message: str
    value: Optional[bytes] = None


class Span(NamedTuple):
    """Where a record lies in its block."""

    start: int
    end: int
    """The byte of its line feed, or the length of the block."""
    raw_end: int
    """Without the carriage return that is part of the line end."""


class Parsed(NamedTuple):
    """The records of a block. Rows and `good` go side by side: `good[i]` is the record that row `i` of each column is of."""

    columns: "list[Optional[Sequence[Raw]]]"
    """For each of the contract's columns its values; none where the file does not have the column."""
    good: Sequence[int]
    malformed: "dict[int, Malformed]"
    spans: Sequence[Span]


def oversize_message(length: int) -> str:
    """For a record that is too long."""
    return f"the record has {length} bytes; the most is {RECORD_BYTES}, in all its fields together"


def oversize(block: Block, layout: Layout, unclosed_message: str) -> Parsed:
    """The one record of a block that was too long to keep."""
    known = block.oversize
    rule, message = ("quote", unclosed_message) if known.unclosed else ("record_size", oversize_message(known.bytes))
    malformed = Malformed(rule, layout.column_at(known.field), message)
    span = Span(0, len(block.bytes), len(block.bytes))
    return Parsed([None] * len(layout.names), [], {0: malformed}, [span])


class Places:
    """The positions of a block's records, in ascending order."""

    def __init__(self, block: Block, parsed: Parsed):
        self._block, self._spans = block, parsed.spans
        self._line, self._counted = block.at.line, 0

    def of(self, record: int) -> "tuple[Position, bytes]":
        """Where a record starts, and the record as it was sent, without its line end."""
        span = self._spans[record]
        text, at = self._block.bytes, self._block.at
        self._line += text.count(b"\n", self._counted, span.start)
        self._counted = span.start
        raw = text[span.start : span.raw_end]
        if span.end - span.start > RECORD_BYTES:
            raw = raw[:KEPT]
        return Position(at.record + record, self._line, at.byte + span.start), raw
