"""Where records end, and so where each one is: what lets many tasks read one file and still name the exact line.

A quote opens a quoted field only as the field's first byte, so where a record ends depends on nothing but four states. A range
of a file that begins anywhere is therefore read for each way it may begin; once the ranges before it are known, so is the way
it did begin, and with it the record, the line and the byte of everything in it.
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator, NamedTuple

# What the bytes before mean for the next one: at a field's first byte; in a field without quotes, or after the quoted part of
# a malformed one; inside quotes; after a quote inside quotes, which was the closing one unless another follows.
START, BARE, QUOTED, CLOSING = range(4)

_RUN = re.compile(rb'"[^"]*"')
_OUT_OF_PLACE = re.compile(rb'[^,\n"]"')


class Position(NamedTuple):
    """A place in decompressed content: data records and lines from 1, bytes from 0. Record 0 is the header."""

    record: int
    line: int
    byte: int


class Scan(NamedTuple):
    """What a piece of content does to the state."""

    state: int
    records: int
    """Records that end in the piece."""
    last_end: int
    """The byte after the last record's line feed; -1 where none ends in the piece."""


def step(state: int, byte: int) -> int:
    """The definition. A line feed in any state but QUOTED ends the record."""
    if state == QUOTED:
        return CLOSING if byte == 0x22 else QUOTED
    if byte == 0x22 and state != BARE:
        return QUOTED
    return START if byte in b",\n" else BARE


def scan(piece: bytes, state: int) -> Scan:
    """Goes through a piece of CSV at the speed of the search for quotes, wherever they are where they should be."""
    at = 0
    if state == QUOTED:
        quote = piece.find(b'"')
        if quote < 0:
            return Scan(QUOTED, 0, -1)
        at, state = quote + 1, CLOSING
    rest = piece[at:] if at else piece
    if not rest:
        return Scan(state, 0, -1)
    quotes = rest.count(b'"')
    if not quotes:
        feed = rest.rfind(b"\n")
        return Scan(step(BARE, rest[-1]), rest.count(b"\n"), at + feed + 1 if feed >= 0 else -1)
    # An odd number of quotes: the last one opens a field that ends beyond the piece.
    whole = rest.rfind(b'"') if quotes % 2 else len(rest)
    outside = _RUN.sub(b'"', rest[:whole])
    opens_well = not quotes % 2 or (outside[-1:] in (b",", b"\n", b'"') if outside else state != BARE)
    starts_well = rest[0] != 0x22 or state != BARE
    if not (opens_well and starts_well) or _OUT_OF_PLACE.search(outside):
        return _scan_slowly(rest, state, at)
    if quotes % 2:
        end_state = QUOTED
    else:
        end_state = CLOSING if rest[-1] == 0x22 else step(BARE, rest[-1])
    end = _last_outside(rest, whole)
    return Scan(end_state, outside.count(b"\n"), at + end + 1 if end >= 0 else -1)


def _last_outside(rest: bytes, whole: int) -> int:
    """The last line feed before `whole` that is not in quotes, where quotes are where they should be."""
    feed = rest.rfind(b"\n", 0, whole)
    while feed >= 0 and rest.count(b'"', 0, feed) % 2:
        feed = rest.rfind(b"\n", 0, rest.rfind(b'"', 0, feed))
    return feed


def _scan_slowly(rest: bytes, state: int, offset: int) -> Scan:
    records, end = 0, -1
    for at, byte in enumerate(rest):
        if byte == 0x0A and state != QUOTED:
            records, end = records + 1, offset + at + 1
        state = step(state, byte)
    return Scan(state, records, end)


def scan_lines(piece: bytes, _state: int) -> Scan:
    """The same for a format whose records are lines."""
    return Scan(START, piece.count(b"\n"), piece.rfind(b"\n") + 1 or -1)


class Walk:
    """Follows one record of CSV over any number of pieces, to count its fields and find its end."""

    _NEXT = re.compile(rb"[,\n]")

    def __init__(self) -> None:
        self.state = START
        self.field = 0

    def seek_end(self, piece: bytes) -> int:
        """Where the line feed is that ends the record; -1 where the piece ends before it."""
        at = 0
        while at < len(piece):
            if self.state == QUOTED:
                at = piece.find(b'"', at)
                if at < 0:
                    return -1
            elif self.state == BARE:
                found = self._NEXT.search(piece, at)
                if not found:
                    return -1
                at = found.start()
            byte = piece[at]
            ended = self.state != QUOTED and byte == 0x0A
            self.field += self.state != QUOTED and byte == 0x2C
            self.state = step(self.state, byte)
            if ended:
                self.field = 0
                return at
            at += 1
        return -1


class LineWalk:
    """The same for a format whose records are lines."""

    state = START
    field = None

    def seek_end(self, piece: bytes) -> int:
        """As `Walk.seek_end`."""
        return piece.find(b"\n")


class Ways(NamedTuple):
    """A range of a file, for each way it may begin: (state at its end, records that end in it)."""

    quoted: tuple[int, int]
    bare: tuple[int, int]
    opened: tuple[int, int]
    """After a field's first byte or a closing quote; differs from `bare` only where the range begins with a quote."""
    lines: int
    last_byte: int

    def from_state(self, state: int) -> tuple[int, int]:
        """The one that came true."""
        return self.quoted if state == QUOTED else self.bare if state == BARE else self.opened


def ways(pieces: Iterable[bytes], lines_only: bool) -> Ways:
    """Reads a range whose beginning is not known."""
    go = scan_lines if lines_only else scan
    found = {QUOTED: (QUOTED, 0), BARE: (BARE, 0), START: (START, 0)}
    lines, last = 0, 0
    for piece in pieces:
        lines += piece.count(b"\n")
        last = piece[-1]
        # Ways that have met go on as one.
        results = {state: go(piece, state) for state in {state for state, _ in found.values()}}
        found = {way: (results[state].state, records + results[state].records) for way, (state, records) in found.items()}
    return Ways(found[QUOTED], found[BARE], found[START], lines, last)


class Begin(NamedTuple):
    """How a range begins: the state, where the next byte is, and whether it is a record's first."""

    state: int
    record_start: bool
    at: Position
    """`record` is that of the record that the first byte belongs to."""


def compose(first: Begin, ranges: "Iterable[tuple[int, Ways]]") -> Iterator[Begin]:
    """How each range begins, from how the first one does; each is given with its length."""
    begin = first
    for length, range_ways in ranges:
        yield begin
        state, records = range_ways.from_state(begin.state)
        at = begin.at
        begin = Begin(
            state,
            state == START and range_ways.last_byte == 0x0A,
            Position(at.record + records, at.line + range_ways.lines, at.byte + length),
        )
