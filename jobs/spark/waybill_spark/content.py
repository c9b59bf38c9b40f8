"""Content as it was meant to be read: decompressed strictly, hashed, and looked at for what it cannot be.

Compressed content is one stream. One task unpacks it to a file that all others then read in ranges.
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO, Callable, Iterator, NamedTuple, Optional

from .gunzip import gunzip
from .rule import Fault
from .stored import ContentFault, Input
from .unzstd import MAGIC, unzstd

CONTENT_BYTES = 8 << 40
"""The other lanes stop at 64 GiB, and what is larger comes here. The cap on how far content expands is the same."""
RATIO, RATIO_FROM = 200, 16 << 20
MARK = b"\xef\xbb\xbf"


class Unpacked(NamedTuple):
    """What is known of content that was read to its end, or to where it could not be read on."""

    bytes: int
    sha256: bytes
    fault: Optional[Fault]


def unpack(
    compression: str, pieces: Iterator[bytes], target: Optional[BinaryIO], progress: Callable[[int], None]
) -> Unpacked:
    """Reads all of the stored bytes, and writes the content to `target` where there is one."""
    digest, size, fault = hashlib.sha256(), 0, None
    source = Input(pieces, progress)
    try:
        for content in _capped(compression, source):
            digest.update(content)
            size += len(content)
            if target:
                target.write(content)
    except ContentFault as found:
        fault = found.fault
    return Unpacked(size, digest.digest(), fault)


def _capped(compression: str, source: Input) -> Iterator[bytes]:
    """The content within its limits."""
    total = 0
    for content in _DECODERS[compression](source):
        room = CONTENT_BYTES - total
        if len(content) > room:
            yield content[:room]
            raise ContentFault("content_size", f"the content is larger than {CONTENT_BYTES} bytes: send it in several batches")
        yield content
        total += len(content)
        if compression and total > RATIO_FROM and total // RATIO > source.taken:
            message = (
                f"the content expands to more than {RATIO} times its compressed size: "
                "send it compressed less, or in several batches"
            )
            raise ContentFault("compression", message)


def _plain(source: Input) -> Iterator[bytes]:
    while source.more():
        piece = source.held
        source.take(len(piece))
        yield piece


_DECODERS = {"": _plain, "gz": gunzip, "zst": unzstd}


def text_starts_at(start: bytes) -> "int | Fault":
    """The length of a byte order mark, or why the content cannot be text in UTF-8. `start` is its first 8 bytes."""
    if start.startswith(MARK):
        return len(MARK)
    for beginnings, rule, message in _NO_TEXT:
        if start.startswith(beginnings):
            return Fault(rule, message)
    if len(start) >= 4 and [byte != 0 for byte in start[:4]] in ([True, False] * 2, [False, True] * 2):
        return Fault("encoding", "the content looks like UTF-16 without a byte order mark: send it as UTF-8")
    return 0


_NO_TEXT = (
    ((b"\xff\xfe\0\0", b"\0\0\xfe\xff"), "encoding", "the content is UTF-32: send it as UTF-8"),
    ((b"\xff\xfe", b"\xfe\xff"), "encoding", "the content is UTF-16: send it as UTF-8"),
    (
        (b"\x1f\x8b",),
        "compression",
        "the content is gzip but its name does not say so: let the name end in .gz, and compress it once",
    ),
    (
        (MAGIC,),
        "compression",
        "the content is zstd but its name does not say so: let the name end in .zst, and compress it once",
    ),
    (
        (b"PK\x03\x04",),
        "encoding",
        "the content is a zip archive or a spreadsheet: send the text in it, plain, as gzip or as zstd",
    ),
)
