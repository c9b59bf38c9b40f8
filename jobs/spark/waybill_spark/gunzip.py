"""Gzip, member by member (RFC 1952): each must have its checksum and length, and nothing else may follow."""

from __future__ import annotations

import zlib
from typing import Iterator

from .stored import ContentFault, Input

_PIECE = 256 * 1024
_HEADER_CHECK, _EXTRA, _NAME, _COMMENT, _RESERVED = 2, 4, 8, 16, 0xE0
_CHECKSUM = "corrupt gzip stream does not have a matching checksum"


def gunzip(source: Input) -> Iterator[bytes]:
    """The content of all members."""
    started = False
    while source.more():
        magic = source.peek(2)
        if magic != b"\x1f\x8b"[: len(magic)]:
            if started:
                message = f"there are bytes after the end of the gzip content, from byte {source.taken} on"
            else:
                message = "the content is not gzip, as its name says it is"
            raise ContentFault("compression", message)
        started = True
        _header(source)
        yield from _body(source)


def _header(source: Input) -> None:
    head = _exactly(source, 10)
    flags = head[3]
    if head[2] != 8 or flags & _RESERVED:
        raise _damaged(source, "invalid gzip header")
    if flags & _EXTRA:
        length = _exactly(source, 2)
        head += length + _exactly(source, int.from_bytes(length, "little"))
    for flag in (_NAME, _COMMENT):
        while flags & flag:
            byte = _exactly(source, 1)
            head += byte
            if byte == b"\0":
                break
    if flags & _HEADER_CHECK and _exactly(source, 2) != (zlib.crc32(head) & 0xFFFF).to_bytes(2, "little"):
        raise _damaged(source, _CHECKSUM)


def _body(source: Input) -> Iterator[bytes]:
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    checksum, length = 0, 0
    while not decoder.eof:
        if not source.more():
            raise _cut_off()
        piece, before = source.held, decoder.copy()
        try:
            content = decoder.decompress(piece, _PIECE)
        except zlib.error:
            source.take(_failing_byte(before, piece))
            raise _damaged(source, "corrupt deflate stream") from None
        left = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
        source.take(len(piece) - len(left))
        checksum, length = zlib.crc32(content, checksum), length + len(content)
        if content:
            yield content
    trailer = _exactly(source, 8)
    if trailer != checksum.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little"):
        raise _damaged(source, _CHECKSUM)


def _failing_byte(decoder: "zlib._Decompress", piece: bytes) -> int:
    """How many bytes of the piece were looked at until the fault showed."""
    for count in range(1, len(piece)):
        try:
            decoder.decompress(piece[count - 1 : count])
        except zlib.error:
            return count
    return len(piece)


def _exactly(source: Input, count: int) -> bytes:
    read = b""
    while len(read) < count:
        if not source.more():
            raise _cut_off()
        part = source.held[: count - len(read)]
        source.take(len(part))
        read += part
    return read


def _damaged(source: Input, why: str) -> ContentFault:
    return ContentFault("compression", f"the gzip content is damaged at or before byte {source.taken}: {why}")


def _cut_off() -> ContentFault:
    return ContentFault("truncated", "the gzip content is cut off: its end is missing")
