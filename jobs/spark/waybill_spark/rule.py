"""What breaking a rule looks like. The rules' names are those of docs/contracts.md."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple


class Violation(NamedTuple):
    """A field's value broke a rule; the message is for the partner and does not repeat the value."""

    rule: str
    message: str


class Fault(NamedTuple):
    """What is wrong with the content as a whole or with the rest of it: reading cannot go on."""

    rule: str
    message: str
    value: "bytes | None" = None


EXCERPT = 200


def excerpt(value: bytes) -> bytes:
    """The beginning of a wrong value, short enough to repeat."""
    return value[:EXCERPT]


def quote(name: str) -> str:
    """A name for a sentence: visible however odd, and not too long."""
    return rust_debug(name) if len(name) <= 60 else rust_debug(name[:60]) + "…"


_ESCAPES = {"\t": "\\t", "\r": "\\r", "\n": "\\n", '"': '\\"', "\\": "\\\\", "\0": "\\0"}


def rust_debug(text: str) -> str:
    """A text in quotes as the other lanes write it: what cannot be seen by itself is escaped."""
    return '"' + "".join(map(_visible, text)) + '"'


def _visible(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    alone = char.isprintable() and unicodedata.category(char) not in ("Mn", "Me")
    return char if alone else f"\\u{{{ord(char):x}}}"
