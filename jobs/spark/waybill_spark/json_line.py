"""One line of JSON Lines taken apart, with the words and places of the errors that the other lanes' parser has."""

from __future__ import annotations

import re
from typing import Iterator, NoReturn

_SPACE = re.compile(rb"[ \t\n\r]*")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_HEX = re.compile(rb"[0-9a-fA-F]{4}")
_DIGITS = re.compile(rb"[0-9]*")
_SIMPLE = {b'"': '"', b"\\": "\\", b"/": "/", b"b": "\b", b"f": "\f", b"n": "\n", b"r": "\r", b"t": "\t"}
_CONTROL = "control character (\\u0000-\\u001F) found while parsing a string"
_LONE, _HALF = "lone leading surrogate in hex escape", "unexpected end of hex escape"


class LineError(Exception):
    """What is wrong with a line, as the partner is told."""


class Scanner:
    """Reads one object. `at` is the next byte; an error's place counts from 1."""

    def __init__(self, text: bytes):
        self._text = text
        self._at = 0

    def members(self) -> "Iterator[tuple[str, bytes, int]]":
        """Keys, values as they are written, and where those start; then nothing may follow."""
        if self._peek() != b"{":
            self._wrong("expected value", peeked=True)
        self._at += 1
        first = True
        while self._another(first):
            self._at += 1
            key = self._string()
            self._colon()
            self._space()
            start = self._at
            self._ignore_value()
            yield key, self._text[start : self._at], start
            first = False
        self._at += 1
        if self._peek():
            self._wrong("trailing characters", peeked=True)

    def _another(self, first: bool) -> bool:
        byte = self._peek()
        if not byte:
            self._wrong("EOF while parsing an object", peeked=True)
        if byte == b"}":
            return False
        if first:
            if byte != b'"':
                self._wrong("key must be a string", peeked=True)
            return True
        if byte != b",":
            self._wrong("expected `,` or `}`", peeked=True)
        self._at += 1
        byte = self._peek()
        if byte == b'"':
            return True
        what = {b"}": "trailing comma", b"": "EOF while parsing a value"}.get(byte, "key must be a string")
        self._wrong(what, peeked=True)

    def _colon(self) -> None:
        byte = self._peek()
        if byte != b":":
            self._wrong("expected `:`" if byte else "EOF while parsing an object", peeked=True)
        self._at += 1

    def _ignore_value(self) -> None:
        enclosing: list[bytes] = []
        while True:
            opened = self._ignore_one()
            if not opened and not enclosing:
                return
            if opened:
                enclosing.append(opened)
            if self._close(enclosing, accept_comma=not opened):
                return
            if enclosing[-1] == b"{":
                byte = self._peek()
                if byte != b'"':
                    self._wrong("key must be a string" if byte else "EOF while parsing an object", peeked=True)
                self._at += 1
                self._ignore_string()
                self._colon()

    def _close(self, enclosing: list[bytes], accept_comma: bool) -> bool:
        """Goes over closing brackets to the next member; true where the value has ended."""
        while True:
            frame, byte = enclosing[-1], self._peek()
            if byte == b"," and accept_comma:
                self._at += 1
                return False
            if not byte:
                self._wrong(f"EOF while parsing {'a list' if frame == b'[' else 'an object'}", peeked=True)
            if byte != {b"[": b"]", b"{": b"}"}[frame]:
                if accept_comma:
                    self._wrong(f"expected `,` or `{']' if frame == b'[' else '}'}`", peeked=True)
                return False
            self._at += 1
            enclosing.pop()
            if not enclosing:
                return True
            accept_comma = True

    def _ignore_one(self) -> bytes:
        """Goes over a value; of an object or a list only over its opening bracket, which it answers."""
        byte = self._peek()
        if not byte:
            self._wrong("EOF while parsing a value", peeked=True)
        self._at += 1
        if byte in (b"{", b"["):
            return byte
        if byte == b'"':
            self._ignore_string()
        elif byte in (b"n", b"t", b"f"):
            self._ident({b"n": b"ull", b"t": b"rue", b"f": b"alse"}[byte])
        elif byte == b"-":
            self._ignore_integer()
        elif byte.isdigit():
            self._at -= 1
            self._ignore_integer()
        else:
            self._at -= 1
            self._wrong("expected value", peeked=True)
        return b""

    def _ident(self, rest: bytes) -> None:
        for expected in rest:
            byte = self._next()
            if not byte:
                self._wrong("EOF while parsing a value")
            if byte[0] != expected:
                self._wrong("expected ident")

    def _ignore_integer(self) -> None:
        byte = self._next()
        if byte == b"0":
            if self._here().isdigit():
                self._wrong("invalid number", peeked=True)
        elif byte.isdigit():
            self._digits()
        else:
            self._wrong("invalid number")
        if self._here() == b".":
            self._at += 1
            if not self._digits():
                self._wrong("invalid number", peeked=True)
        if self._here() in (b"e", b"E"):
            self._at += 1
            if self._here() in (b"+", b"-"):
                self._at += 1
            if not self._next().isdigit():
                self._wrong("invalid number")
            self._digits()

    def _digits(self) -> int:
        start = self._at
        self._at = _DIGITS.match(self._text, start).end()
        return self._at - start

    def _ignore_string(self) -> None:
        while True:
            self._at = _PLAIN.match(self._text, self._at).end()
            byte = self._next()
            if byte == b'"':
                return
            if not byte:
                self._wrong("EOF while parsing a string")
            if byte != b"\\":
                # Before it, where a value is only gone over; after it, where it is a key.
                self._at -= 1
                self._wrong(_CONTROL)
            escape = self._next()
            if escape == b"u":
                self._hex()
            elif escape not in _SIMPLE:
                self._wrong("invalid escape" if escape else "EOF while parsing a string")

    def _string(self) -> str:
        """A string's meaning; its opening quote has been read."""
        pieces = []
        while True:
            start = self._at
            self._at = _PLAIN.match(self._text, start).end()
            pieces.append(self._text[start : self._at].decode())
            byte = self._next()
            if byte == b'"':
                return "".join(pieces)
            if not byte:
                self._wrong("EOF while parsing a string")
            if byte != b"\\":
                self._wrong(_CONTROL)
            pieces.append(self._escape())

    def _escape(self) -> str:
        byte = self._next()
        if byte in _SIMPLE and byte:
            return _SIMPLE[byte]
        if byte != b"u":
            self._wrong("invalid escape" if byte else "EOF while parsing a string")
        code = self._hex()
        if 0xDC00 <= code <= 0xDFFF:
            self._wrong(_LONE)
        if not 0xD800 <= code <= 0xDBFF:
            return chr(code)
        for expected in (b"\\", b"u"):
            byte = self._next()
            if byte != expected:
                self._wrong(_HALF if byte else "EOF while parsing a string")
        low = self._hex()
        if not 0xDC00 <= low <= 0xDFFF:
            self._wrong(_LONE)
        return chr(((code - 0xD800) << 10 | low - 0xDC00) + 0x10000)

    def _hex(self) -> int:
        digits = self._text[self._at : self._at + 4]
        self._at += len(digits)
        if len(digits) < 4:
            self._wrong("EOF while parsing a string")
        if not _HEX.fullmatch(digits):
            self._wrong("invalid escape")
        return int(digits, 16)

    def _space(self) -> None:
        self._at = _SPACE.match(self._text, self._at).end()

    def _peek(self) -> bytes:
        self._space()
        return self._here()

    def _here(self) -> bytes:
        return self._text[self._at : self._at + 1]

    def _next(self) -> bytes:
        byte = self._here()
        self._at += len(byte)
        return byte

    def _wrong(self, what: str, peeked: bool = False) -> NoReturn:
        place = min(self._at + 1, len(self._text)) if peeked else self._at
        raise LineError(f"the line is not sound JSON: {what} at its byte {place}")


def string_value(value: bytes) -> bytes:
    """What a sound JSON string means; its escapes may yet be wrong."""
    if b"\\" not in value:
        return value[1:-1]
    scanner = Scanner(value)
    scanner._at = 1
    return scanner._string().encode()
