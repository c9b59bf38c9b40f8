"""The stored bytes below a decoder: counted, and looked at before they are taken."""

from __future__ import annotations

from typing import Callable, Iterator

from .rule import Fault


class ContentFault(Exception):
    """Content that cannot be read to its end."""

    def __init__(self, rule: str, message: str):
        super().__init__(message)
        self.fault = Fault(rule, message)


class Input:
    """A source of bytes."""

    def __init__(self, pieces: Iterator[bytes], progress: "Callable[[int], None]" = lambda _: None):
        self._pieces, self._progress = pieces, progress
        self.held = b""
        self.taken = 0

    def more(self) -> bool:
        """Gets the next piece where nothing is held; false at the end."""
        return bool(self.peek(1))

    def peek(self, count: int) -> bytes:
        """The next bytes without taking them, fewer only at the end."""
        while len(self.held) < count:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._progress(len(piece))
            self.held += piece
        return self.held[:count]

    def take(self, count: int) -> None:
        """Counts bytes as used."""
        self.taken += count
        self.held = self.held[count:]
