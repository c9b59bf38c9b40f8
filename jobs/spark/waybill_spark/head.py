"""The beginning of the content: that it is text, and for CSV the header."""

from __future__ import annotations

import hashlib
from typing import Callable, NamedTuple, Optional, Union

from .content import text_starts_at
from .contract import Contract
from .layout import Layout, by_header, by_key
from .positions import Position, Walk
from .records import RECORD_BYTES
from .rule import Fault, excerpt

_PIECE = 256 * 1024
_SNIFFED = 8


class Head(NamedTuple):
    """How the content is to be read, and where its first record begins."""

    layout: Layout
    header: Optional[bytes]
    first: Position


class BadHead(NamedTuple):
    """Why the content is not read on, and what was read of it."""

    fault: Fault
    at: Position
    bytes: int
    sha256: bytes


class _Beginning:
    """The content's first bytes, as many as were needed so far."""

    def __init__(self, read: "Callable[[int, int], bytes]"):
        self._read = read
        self.bytes = b""
        self.over = False

    def more(self) -> None:
        piece = self._read(len(self.bytes), len(self.bytes) + _PIECE)
        self.over = len(piece) < _PIECE
        self.bytes += piece


def read_head(
    read: "Callable[[int, int], bytes]", contract: Contract, lines_only: bool, cut_off: Optional[Fault]
) -> Union[Head, BadHead]:
    """`cut_off` is what the content ends with where its end is not to be had."""
    beginning = _Beginning(read)
    beginning.more()
    mark = text_starts_at(beginning.bytes[:_SNIFFED])
    if isinstance(mark, Fault):
        return _bad(beginning, mark, 0)
    if len(beginning.bytes) == mark:
        return _bad(beginning, cut_off or Fault("empty", "the file is empty"), mark)
    if lines_only:
        return Head(by_key(contract), None, Position(1, 1, mark))
    return _read_header(beginning, mark, contract, cut_off)


def _read_header(
    beginning: _Beginning, mark: int, contract: Contract, cut_off: Optional[Fault]
) -> Union[Head, BadHead]:
    walk, scanned = Walk(), mark
    while True:
        found = walk.seek_end(beginning.bytes[scanned:])
        end = scanned + found if found >= 0 else None
        length = (len(beginning.bytes) if end is None else end) - mark
        if length > RECORD_BYTES:
            message = f"the header has more than {RECORD_BYTES} bytes"
            return _bad(beginning, Fault("record_size", message, excerpt(beginning.bytes[mark:])), mark)
        if end is not None:
            break
        if beginning.over:
            if cut_off:
                return _bad(beginning, cut_off, mark)
            break
        scanned = len(beginning.bytes)
        beginning.more()
    line = beginning.bytes[mark:end]
    if end is not None and line.endswith(b"\r"):
        line = line[:-1]
    layout = by_header(line, contract)
    if isinstance(layout, Fault):
        return _bad(beginning, layout._replace(value=excerpt(layout.value or b"")), mark)
    after = len(beginning.bytes) if end is None else end + 1
    lines = beginning.bytes.count(b"\n", mark, after)
    return Head(layout, line, Position(1, 1 + lines, after))


def _bad(beginning: _Beginning, fault: Fault, at: int) -> BadHead:
    digest = hashlib.sha256(beginning.bytes).digest()
    return BadHead(fault, Position(0, 1, at), len(beginning.bytes), digest)
