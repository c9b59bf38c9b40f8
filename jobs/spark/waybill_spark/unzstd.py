"""Zstandard, frame by frame (RFC 8878): each must be whole, and nothing else may follow."""

from __future__ import annotations

from typing import Iterator

from .stored import ContentFault, Input

# The largest window that is accepted: what RFC 8878 asks every decoder to take.
_WINDOW = 1 << 23
MAGIC = b"\x28\xb5\x2f\xfd"


def unzstd(source: Input) -> Iterator[bytes]:
    """The content of all frames."""
    started = False
    while source.more():
        if not _begins_frame(source.peek(4)):
            if started:
                message = f"there are bytes after the end of the zstd content, from byte {source.taken} on"
            else:
                message = "the content is not zstd, as its name says it is"
            raise ContentFault("compression", message)
        started = True
        yield from _frame(source)


def _frame(source: Input) -> Iterator[bytes]:
    # Needed only where such a file comes.
    import zstandard

    decoder = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
    while not decoder.eof:
        if not source.more():
            raise ContentFault("truncated", "the zstd content is cut off: its end is missing")
        piece = source.held
        try:
            content = decoder.decompress(piece)
        except zstandard.ZstdError as error:
            source.take(len(piece))
            why = str(error).rpartition(": ")[2]
            raise ContentFault(
                "compression",
                f"the zstd content is damaged at or after byte {source.taken}, or needs a window of more than 8 MiB "
                f"(compress it without --ultra and --long): {why}",
            ) from None
        source.take(len(piece) - len(decoder.unused_data))
        if content:
            yield content


def _begins_frame(head: bytes) -> bool:
    skippable = head[0] & 0xF0 == 0x50 and b"\x2a\x4d\x18".startswith(head[1:])
    return MAGIC.startswith(head) or skippable
