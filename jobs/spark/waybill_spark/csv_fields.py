"""One field of CSV at a time: the careful way, for headers and for records that are not plain."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

UNCLOSED = "a quote that opens a field is never closed: the rest of the content cannot be read"
AFTER_CLOSING = "there is text after a closing quote: double every quote inside a quoted field"
BARE_QUOTE = "there is a quote inside a field that is not quoted: quote the field and double its quotes"
CARRIAGE_RETURN = (
    "there is a carriage return without a line feed outside quotes: quote the field, and end records with a line feed"
)

_DELIMITER = re.compile(rb"[,\n]")
_FLAW = re.compile(rb'["\r]')


class Field(NamedTuple):
    """A field that has been read."""

    value: bytes
    """As it is meant: without the quotes around it, doubled ones single."""
    flaw: Optional[str]
    end: int
    """Where the comma or the line feed after it is, or the length of the bytes."""
    last: bool


def read_field(text: bytes, start: int) -> Field:
    """The field that begins at `start`."""
    return _quoted(text, start) if text[start : start + 1] == b'"' else _bare(text, start)


def _bare(text: bytes, start: int) -> Field:
    end, last = _delimiter(text, start)
    value = _without_return(text, start, end)
    found = _FLAW.search(value)
    flaw = None if not found else BARE_QUOTE if found[0] == b'"' else CARRIAGE_RETURN
    return Field(value, flaw, end, last)


def _quoted(text: bytes, start: int) -> Field:
    at = start + 1
    while True:
        quote = text.find(b'"', at)
        if quote < 0:
            return Field(text[start + 1 :], UNCLOSED, len(text), True)
        if text[quote + 1 : quote + 2] != b'"':
            break
        at = quote + 2
    end, last = _delimiter(text, quote + 1)
    if _without_return(text, quote + 1, end):
        return Field(text[start:end], AFTER_CLOSING, end, last)
    return Field(text[start + 1 : quote].replace(b'""', b'"'), None, end, last)


def _delimiter(text: bytes, start: int) -> tuple[int, bool]:
    found = _DELIMITER.search(text, start)
    return (found.start(), found[0] == b"\n") if found else (len(text), True)


def _without_return(text: bytes, start: int, end: int) -> bytes:
    """The bytes up to a delimiter, without the carriage return that is part of a line end."""
    value = text[start:end]
    return value[:-1] if value.endswith(b"\r") and text[end : end + 1] == b"\n" else value
