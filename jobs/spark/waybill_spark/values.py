"""One field against its column: text in, value out, or the rule that it breaks.

A column of a block is looked up value by value in a `Memo`, which checks each distinct value once. Codes, days and prices
repeat, so that most of the work is done by a dictionary and little by Python.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any, Callable, NamedTuple, Optional, Union

from . import dates, json_check, numbers, words
from .contract import Column
from .pattern import compile_pattern
from .rule import Violation

_SPACE = b" \t\n\x0c\r"
_UUID = re.compile(rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_BOOLEANS = {b"true": True, b"t": True, b"1": True, b"false": False, b"f": False, b"0": False}
_ESCAPE = re.compile(rb"[\\\t\n\r]")
_ESCAPED = {b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}


class Json(NamedTuple):
    """A JSON value as a reader found it: `number`, `string`, `bool` or `compound`, with its text, escapes undone."""

    kind: str
    text: bytes


Raw = Union[bytes, Json, None]
_JSON_NAMES = {
    "number": "a JSON number", "string": "a JSON string", "bool": "a JSON boolean", "compound": "a JSON object or array"
}  # fmt: skip
_TAKES = {
    "number": {"integer", "bigint", "decimal", "double"},
    "string": {"text", "date", "timestamp", "uuid", "decimal"},
    "bool": {"boolean"},
    "compound": {"json"},
}


class Good(NamedTuple):
    """A checked value: for Parquet, and as COPY's text format has it."""

    value: Any
    copied: bytes


NULL = Good(None, b"\\N")


class Checker:
    """Checks the values of one column."""

    def __init__(self, column: Column):
        self.column = column
        self._format = dates.DateFormat(column.format) if column.format else None
        self._read = self._reader()
        self._pattern = compile_pattern(column.pattern) if column.pattern else None
        # Constants are written as ISO 8601 has it, whatever the column's own format.
        constant = Checker._constant_reader(column)
        self._min = constant(column.min)
        self._max = constant(column.max)
        self._allowed = [constant(value) for value in column.one_of]
        default = constant(column.default)
        self._default = NULL if default is None else Good(_stored(column, default), copied(default))

    @staticmethod
    def _constant_reader(column: Column) -> "Callable[[Optional[str]], Any]":
        plain = Checker.__new__(Checker)
        plain.column, plain._format = column, None

        def read(text: Optional[str]) -> Any:
            if text is None:
                return None
            value = plain._reader()(text.encode())
            if isinstance(value, Violation):
                raise ValueError(f"the contract's constant {text} of the column {column.name} {value.message}")
            return value

        return read

    def check(self, raw: Raw) -> Union[Good, Violation]:
        """What a reader found, as a value of the column's type that keeps the column's own rules."""
        if raw is None:
            return self._absent()
        if isinstance(raw, Json):
            if self.column.type.word not in _TAKES[raw.kind]:
                return words.wrong_json_type(self.column, _JSON_NAMES[raw.kind])
            text = self._trimmed(raw.text) if raw.kind == "string" else raw.text
        else:
            text = self._trimmed(raw)
            if not text:
                return self._absent()
        value = self._read(text)
        if isinstance(value, Violation):
            return value
        return self._broken(value, text) or Good(_stored(self.column, value), copied(value))

    def _trimmed(self, text: bytes) -> bytes:
        return text.strip(_SPACE) if self.column.trim else text

    def _absent(self) -> Union[Good, Violation]:
        if self._default is NULL and self.column.required:
            return words.REQUIRED
        return self._default

    def _broken(self, value: Any, text: bytes) -> Optional[Violation]:
        """The first of the rules beyond the type that the value breaks."""
        column = self.column
        if self._min is not None and value < self._min:
            return words.below(shown(column, self._min))
        if self._max is not None and value > self._max:
            return words.above(shown(column, self._max))
        if column.max_length is not None and len(value) > column.max_length:
            return words.too_long(len(value), column.max_length)
        if self._pattern and not self._pattern.fullmatch(value):
            return words.no_match(column, text)
        if self._allowed and value not in self._allowed:
            return words.not_listed([shown(column, allowed) for allowed in self._allowed])
        return None

    def _reader(self) -> Callable[[bytes], Any]:
        return getattr(self, "_read_" + self.column.type.word)

    def _read_text(self, text: bytes) -> Any:
        try:
            value = text.decode()
        except UnicodeDecodeError:
            return words.unreadable(text, words.NO_TEXT)
        return words.unreadable(text, words.NO_TEXT) if "\0" in value else value

    def _number(self, text: bytes, read: "tuple[Any, Optional[str]]") -> Any:
        value, fault = read
        return words.no_number(self.column, text, fault) if fault else value

    def _read_integer(self, text: bytes) -> Any:
        return self._number(text, numbers.whole(text, 32))

    def _read_bigint(self, text: bytes) -> Any:
        return self._number(text, numbers.whole(text, 64))

    def _read_decimal(self, text: bytes) -> Any:
        return self._number(text, numbers.decimal(text, self.column.type.precision, self.column.type.scale))

    def _read_double(self, text: bytes) -> Any:
        return self._number(text, numbers.double(text))

    def _read_boolean(self, text: bytes) -> Any:
        value = _BOOLEANS.get(text)
        return words.unreadable(text, words.NO_BOOLEAN) if value is None else value

    def _read_date(self, text: bytes) -> Any:
        value, fault = self._format.read(text) if self._format else dates.date(text)
        return words.no_date(self.column, text, fault) if fault else value

    def _read_timestamp(self, text: bytes) -> Any:
        value, fault = dates.timestamp(text)
        return words.no_date(self.column, text, fault) if fault else Instant(value)

    def _read_uuid(self, text: bytes) -> Any:
        return text.decode().lower() if _UUID.fullmatch(text) else words.unreadable(text, words.NO_UUID)

    def _read_json(self, text: bytes) -> Any:
        try:
            value = text.decode()
        except UnicodeDecodeError:
            return words.unreadable(text, words.NO_TEXT)
        if "\0" in value:
            return words.unreadable(text, words.NO_TEXT)
        fault = json_check.fault(value)
        return words.no_json(text, fault) if fault else value


class Instant(int):
    """Microseconds since 1970."""


def _stored(column: Column, value: Any) -> Any:
    return int(value) if column.type.word == "timestamp" else value


def copied(value: Any) -> bytes:
    """A value in COPY's text format."""
    if isinstance(value, str):
        text = value.encode()
        return _ESCAPE.sub(lambda found: _ESCAPED[found[0]], text) if _ESCAPE.search(text) else text
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, Instant):
        return dates.sql_instant(value).encode()
    if isinstance(value, float):
        return repr(value).encode()
    if isinstance(value, Decimal):
        return format(value, "f").encode()
    return str(value).encode()


def shown(column: Column, value: Any) -> str:
    """A constant as messages write it."""
    if isinstance(value, Instant):
        return dates.instant(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value if isinstance(value, str) else numbers.plain(value)


class Memo(dict):
    """What has become of the values of one column so far."""

    # Enough for most columns; a column of unique values must not fill the memory.
    MOST = 200_000

    def __init__(self, checker: Checker, keys: "Optional[frozenset[str]]" = None):
        super().__init__()
        self._checker = checker
        self._keys = keys
        self.any_bad = False

    def __missing__(self, raw: Raw) -> Union[Good, Violation]:
        checked = self._checker.check(raw)
        if isinstance(checked, Good) and self._keys is not None and checked.value is not None:
            if str(checked.value) not in self._keys:
                checked = words.unknown_reference(self._checker.column.references)
        self.any_bad = self.any_bad or isinstance(checked, Violation)
        if len(self) >= self.MOST:
            self.clear()
        self[raw] = checked
        return checked
