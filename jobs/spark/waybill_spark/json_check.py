"""Whether a text is a JSON object or array that PostgreSQL's `jsonb` takes.

A grammar check alone would let through what the server refuses: `\\u0000`, unpaired surrogates, numbers beyond `numeric`,
nesting without end.
"""

from __future__ import annotations

import re
from typing import Optional

MAX_DEPTH = 64
_NUMERIC_BEFORE, _NUMERIC_AFTER = 131_072, 16_383
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_HEX = re.compile(r"[0-9a-fA-F]{4}")


class JsonFault(Exception):
    """Its first argument names what is wrong."""


def fault(text: str) -> Optional[str]:
    """What is wrong with the text of one value: `malformed`, `single`, `deep`, `nul`, `surrogate`, `number`; none if nothing."""
    start = _SPACE.match(text).end()
    try:
        end = _SPACE.match(text, _value(text, start, 0)).end()
    except JsonFault as found:
        return str(found)
    if end < len(text):
        return "malformed"
    return None if text[start] in "{[" else "single"


def _value(text: str, at: int, depth: int) -> int:
    first = text[at : at + 1]
    if first and first in "{[":
        if depth == MAX_DEPTH:
            raise JsonFault("deep")
        return _members(text, at, depth)
    if first == '"':
        return _string(text, at)
    for word in ("true", "false", "null"):
        if text.startswith(word, at):
            return at + len(word)
    return _number(text, at)


def _members(text: str, at: int, depth: int) -> int:
    close = "}" if text[at] == "{" else "]"
    at = _SPACE.match(text, at + 1).end()
    if text[at : at + 1] == close:
        return at + 1
    while True:
        at = _SPACE.match(text, at).end()
        if close == "}":
            at = _SPACE.match(text, _string(text, at)).end()
            if text[at : at + 1] != ":":
                raise JsonFault("malformed")
            at = _SPACE.match(text, at + 1).end()
        at = _SPACE.match(text, _value(text, at, depth + 1)).end()
        if text[at : at + 1] == close:
            return at + 1
        if text[at : at + 1] != ",":
            raise JsonFault("malformed")
        at += 1


def _string(text: str, at: int) -> int:
    if text[at : at + 1] != '"':
        raise JsonFault("malformed")
    at += 1
    while True:
        at = _PLAIN.match(text, at).end()
        byte = text[at : at + 1]
        if byte == '"':
            return at + 1
        if byte != "\\":
            raise JsonFault("malformed")
        at = _escape(text, at + 1)


def _escape(text: str, at: int) -> int:
    byte = text[at : at + 1]
    if byte and byte in '"\\/bfnrt':
        return at + 1
    if byte != "u":
        raise JsonFault("malformed")
    code = _hex(text, at + 1)
    at += 5
    if code == 0:
        raise JsonFault("nul")
    if 0xD800 <= code <= 0xDBFF:
        if text.startswith("\\u", at):
            low = _hex(text, at + 2)
            if 0xDC00 <= low <= 0xDFFF:
                return at + 6
        raise JsonFault("surrogate")
    if 0xDC00 <= code <= 0xDFFF:
        raise JsonFault("surrogate")
    return at


def _hex(text: str, at: int) -> int:
    if not _HEX.match(text, at):
        raise JsonFault("malformed")
    return int(text[at : at + 4], 16)


def _number(text: str, at: int) -> int:
    match = _NUMBER.match(text, at)
    if not match or (len(match[1]) > 1 and match[1].startswith("0")):
        raise JsonFault("malformed")
    rest = text[match.end() : match.end() + 1]
    # A point or an exponent without digits is part of the number and spoils it.
    if (rest == "." and match[2] is None and match[4] is None) or (rest and rest in "eE" and match[4] is None):
        raise JsonFault("malformed")
    exponent = min(int((match[4] or "0")[:12].lstrip("0") or "0") if len(match[4] or "") <= 12 else 1 << 32, 1 << 32)
    exponent = -exponent if match[3] == "-" else exponent
    if len(match[1]) + exponent > _NUMERIC_BEFORE or len(match[2] or "") - exponent > _NUMERIC_AFTER:
        raise JsonFault("number")
    return match.end()
