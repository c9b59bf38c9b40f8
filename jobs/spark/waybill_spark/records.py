"""Whole records out of a range of content: each record belongs to the range in which its first byte lies."""

from __future__ import annotations

from typing import Callable, Iterator, NamedTuple, Optional

from .positions import QUOTED, START, Begin, LineWalk, Position, Walk, scan, scan_lines

PIECE = 1 << 20
RECORD_BYTES = 1 << 20
KEPT = 1024


class Oversize(NamedTuple):
    """What is known of a record that is too long to keep."""

    field: Optional[int]
    """The field in which the limit was passed, from 0; none where the format has no such thing."""
    bytes: int
    """Its whole length without the line feed."""
    unclosed: bool
    """Whether it ran to the end of the content because of a quote that never closes."""


class Block(NamedTuple):
    """Whole records, or the beginning of one that is too long to keep."""

    bytes: bytes
    at: Position
    records: int
    lines: int
    oversize: Optional[Oversize] = None


class Reader:
    """Reads the records of one range. `read(start, end)` answers bytes of the content, fewer only at its end."""

    def __init__(self, read: "Callable[[int, int], bytes]", size: int, lines_only: bool, cut_off: bool = False):
        self._read = read
        self._size = size
        self._lines_only = lines_only
        self._cut_off = cut_off
        """The content's end is not to be had, so that a last record without a line feed is not whole."""
        self.dropped: Optional[Position] = None
        """Where that record starts."""

    def blocks(self, begin: Begin, end: int) -> Iterator[Block]:
        """The records that begin in the range, which ends before `end`, in order."""
        at = begin.at
        if not begin.record_start:
            skipped = self._skip(begin)
            if skipped is None:
                return
            at = skipped
        scan_piece = scan_lines if self._lines_only else scan
        rest, state, next_byte = b"", START, at.byte
        while next_byte < end and at.byte < end:
            piece = self._read(next_byte, min(next_byte + PIECE, end))
            next_byte += len(piece)
            found = scan_piece(piece, state)
            state = found.state
            if found.last_end >= 0:
                block = Block(rest + piece[: found.last_end], at, found.records, 0)
                block, at = _counted(block)
                yield block
                rest = piece[found.last_end :]
            else:
                rest += piece
            if len(rest) > RECORD_BYTES:
                oversize, at = self._oversize(at)
                if oversize is None:
                    return
                yield oversize
                rest, state, next_byte = b"", START, at.byte
        if rest:
            yield from self._last(rest, at, next_byte)

    def _last(self, rest: bytes, at: Position, next_byte: int) -> Iterator[Block]:
        """The record that runs over the range's end."""
        walk = self._walk()
        walk.seek_end(rest)
        while next_byte < self._size and len(rest) <= RECORD_BYTES:
            piece = self._read(next_byte, min(next_byte + 64 * 1024, self._size))
            next_byte += len(piece)
            end = walk.seek_end(piece)
            rest += piece if end < 0 else piece[: end + 1]
            if end >= 0:
                break
        else:
            if len(rest) > RECORD_BYTES:
                oversize, _ = self._oversize(at)
                if oversize:
                    yield oversize
                return
            if self._cut_off:
                self.dropped = at
                return
        yield _counted(Block(rest, at, 1, 0))[0]

    def _skip(self, begin: Begin) -> Optional[Position]:
        """Where the first record begins after the one that the range's first byte belongs to."""
        walk = self._walk()
        walk.state = begin.state
        at, lines = begin.at.byte, 0
        while at < self._size:
            piece = self._read(at, min(at + PIECE, self._size))
            end = walk.seek_end(piece)
            if end >= 0:
                lines += piece.count(b"\n", 0, end + 1)
                return Position(begin.at.record + 1, begin.at.line + lines, at + end + 1)
            lines += piece.count(b"\n")
            at += len(piece)
        return None

    def _oversize(self, at: Position) -> "tuple[Optional[Block], Position]":
        """Reads over a record that is too long; nothing where the content is cut off before its end."""
        walk = self._walk()
        kept = self._read(at.byte, at.byte + RECORD_BYTES)
        walk.seek_end(kept)
        field, lines, length = walk.field, kept.count(b"\n"), len(kept)
        last, ended = kept[-1], False
        while not ended and at.byte + length < self._size:
            piece = self._read(at.byte + length, min(at.byte + length + PIECE, self._size))
            end = walk.seek_end(piece)
            ended = end >= 0
            piece = piece[: end + 1] if ended else piece
            lines, length, last = lines + piece.count(b"\n"), length + len(piece), piece[-1]
        if not ended and self._cut_off:
            self.dropped = at
            return None, at
        lines += last != 0x0A
        unclosed = walk.state == QUOTED
        oversize = Oversize(walk.field if unclosed else field, length - ended, unclosed)
        after = Position(at.record + 1, at.line + lines, at.byte + length)
        return Block(kept[:KEPT], at, 1, lines, oversize), after

    def _walk(self) -> "Walk | LineWalk":
        return LineWalk() if self._lines_only else Walk()


def _counted(block: Block) -> "tuple[Block, Position]":
    """The block with its lines, and where the next one begins."""
    lines = block.bytes.count(b"\n") + (not block.bytes.endswith(b"\n"))
    at = block.at
    return block._replace(lines=lines), Position(at.record + block.records, at.line + lines, at.byte + len(block.bytes))
