"""A block of JSON Lines as columns: every line one object, its keys the contract's columns.

Values are found but not interpreted: a number comes as it is written, so that nothing is lost on the way to a decimal.
"""

from __future__ import annotations

import re
from typing import Optional

from .json_line import LineError, Scanner, string_value
from .layout import Layout
from .parsed import Malformed, Parsed, Span, oversize, oversize_message
from .records import RECORD_BYTES, Block
from .rule import excerpt, quote
from .values import Json, Raw

_DEPTH = 64
_SPACE = b" \t\n\x0c\r"
# A member of an object in its plainest form: nothing escaped, nothing nested.
_MEMBER = re.compile(
    r'[ \t]*"([^"\\\x00-\x1f]*)"[ \t]*:[ \t]*'
    r'(?:"([^"\\\x00-\x1f]*)"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false)|null)[ \t]*([,}])'
)


class _Flaw(Exception):
    def __init__(self, rule: str, message: str, column: Optional[int] = None, value: Optional[bytes] = None):
        super().__init__(message)
        self.malformed = Malformed(rule, column, message, None if value is None else excerpt(value))


def parse(block: Block, layout: Layout) -> Parsed:
    """The records of a block."""
    if block.oversize:
        return oversize(block, layout, "")
    text = block.bytes
    rows, good, malformed, spans = [], [], {}, []
    start = 0
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        returned = end < len(text) and end > start and text[end - 1] == 0x0D
        span = Span(start, end, end - returned)
        try:
            rows.append(_record(text[start : span.raw_end], end - start, layout))
            good.append(len(spans))
        except _Flaw as flaw:
            malformed[len(spans)] = flaw.malformed
        spans.append(span)
        start = end + 1
    columns = [[row[place] for row in rows] for place in range(len(layout.names))]
    return Parsed(columns, good, malformed, spans)


def _record(raw: bytes, length: int, layout: Layout) -> "list[Raw]":
    if length > RECORD_BYTES:
        raise _Flaw("record_size", oversize_message(length))
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(raw, error.start, layout) from None
    return _plain(text, layout) or _carefully(raw, layout)


def _plain(text: str, layout: Layout) -> "Optional[list[Raw]]":
    """The fields of an object in its plainest form, none for any other."""
    row: "list[Raw]" = [None] * len(layout.names)
    at = text.find("{") + 1
    seen = set()
    if not at or text[: at - 1].strip(" \t"):
        return None
    end = ","
    while end == ",":
        member = _MEMBER.match(text, at)
        if not member:
            return None
        key, string, number, boolean, end = member.groups()
        column = layout.keys.get(key)
        if column is None:
            if layout.reject_unknown:
                return None
        elif column in seen:
            return None
        else:
            seen.add(column)
            if string is not None:
                row[column] = Json("string", string.encode())
            elif number is not None:
                row[column] = Json("number", number.encode())
            elif boolean is not None:
                row[column] = Json("bool", boolean.encode())
        at = member.end()
    return None if text[at:].strip(" \t") else row


def _carefully(raw: bytes, layout: Layout) -> "list[Raw]":
    trimmed = raw.lstrip(_SPACE)
    if not trimmed:
        raise _Flaw("syntax", "the line is blank: take it out")
    if trimmed[:1] != b"{":
        raise _Flaw("syntax", "the line is not a JSON object")
    try:
        members = list(Scanner(raw).members())
    except LineError as error:
        raise _Flaw("syntax", str(error)) from None
    # What is wrong with a field is only said of an object that is sound as JSON.
    row: "list[Raw]" = [None] * len(layout.names)
    seen = set()
    for key, value, _ in members:
        column = layout.keys.get(key)
        if column is not None:
            if column in seen:
                message = f"the object names the column {layout.names[column]} twice"
                raise _Flaw("duplicate_column", message, column, value)
            seen.add(column)
            row[column] = _field(value, column)
        elif layout.reject_unknown:
            message = f"the dataset has no column {quote(key)}: it has {', '.join(layout.names)}"
            raise _Flaw("unknown_column", message, None, value)
    return row


def _field(value: bytes, column: int) -> Raw:
    first = value[:1]
    if first == b"n":
        return None
    if first in (b"t", b"f"):
        return Json("bool", value)
    if first == b'"':
        try:
            return Json("string", string_value(value))
        except LineError as error:
            raise _Flaw("syntax", str(error), column, value) from None
    if first in (b"{", b"["):
        if _depth(value) > _DEPTH:
            raise _Flaw("syntax", f"the value is nested more than {_DEPTH} levels deep", column, value)
        return Json("compound", value)
    return Json("number", value)


_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*"|([{\[])|[}\]]', re.DOTALL)


def _depth(value: bytes) -> int:
    """How deep a sound JSON value is nested."""
    depth = deepest = 0
    for found in _NESTING.finditer(value):
        if found[1]:
            depth += 1
            deepest = max(depth, deepest)
        elif found[0] in (b"}", b"]"):
            depth -= 1
    return deepest


def _not_utf8(raw: bytes, start: int, layout: Layout) -> _Flaw:
    """For a line that is not UTF-8 from a byte on, with the column where that byte is if it can be told."""
    column = None
    # Up to that byte the text is the same, so that offsets hold. Broken or not, what has been found until then counts.
    readable = raw.decode(errors="replace").encode()
    try:
        for key, value, at in Scanner(readable).members():
            if at <= start < at + len(value):
                column = layout.keys.get(key)
    except LineError:
        pass
    return _Flaw("encoding", f"the record is not UTF-8 from its byte {start} on", column, raw[start:])
