"""Where a contract's columns are in a file: what its header says, or the names that its objects may use."""

from __future__ import annotations

from typing import NamedTuple, Optional, Union

from .contract import Contract
from .csv_fields import read_field
from .rule import Fault, quote

_MOST = 20


class Layout(NamedTuple):
    """How the fields of a file become a contract's columns."""

    names: tuple[str, ...]
    """The contract's own names, in order."""
    fields: tuple[Optional[int], ...] = ()
    """CSV: the column of each field, none for one that is ignored."""
    keys: "dict[str, int] | None" = None
    """JSON: the column of each key."""
    reject_unknown: bool = True

    def column_at(self, field: Optional[int]) -> Optional[int]:
        """The contract's column that a CSV field holds."""
        return self.fields[field] if field is not None and field < len(self.fields) else None


def by_key(contract: Contract) -> Layout:
    """Of a format without a header."""
    return Layout(_names(contract), (), contract.headers, contract.reject_unknown)


def by_header(line: bytes, contract: Contract) -> Union[Layout, Fault]:
    """Of a CSV file with this header, given without its line end. The fault names everything that is wrong with it."""
    if not line:
        return Fault("header", "the first line is blank: it must be the header", line)
    if b"\0" in line:
        return Fault("nul", "the header contains a NUL character", line)
    names, at, last = [], 0, False
    while not last:
        field = read_field(line, at)
        if field.flaw:
            return Fault("quote", f"in the header, {field.flaw}", line)
        try:
            names.append(field.value.decode())
        except UnicodeDecodeError:
            return Fault("encoding", "the header is not UTF-8", line)
        at, last = field.end + 1, field.last
    columns = [contract.headers.get(name) for name in names]
    problems = _problems(names, columns, contract)
    if problems:
        return Fault("header", f"the header {'; it '.join(problems)}{_hint(names)}", line)
    return Layout(_names(contract), tuple(columns), None, contract.reject_unknown)


def _names(contract: Contract) -> tuple[str, ...]:
    return tuple(column.name for column in contract.columns)


def _problems(names: list[str], columns: "list[Optional[int]]", contract: Contract) -> list[str]:
    problems = []
    missing = [
        column.name
        for place, column in enumerate(contract.columns)
        if column.required and column.default is None and place not in columns
    ]
    if missing:
        problems.append(f"lacks the required {_list(missing)}")
    unknown = [name for name, column in zip(names, columns) if column is None]
    if contract.reject_unknown and unknown:
        known = _list(list(_names(contract)))
        problems.append(f"names {_list(unknown)}, which the dataset does not have: it has {known}")
    first: dict[str, int] = {}
    for field, (name, column) in enumerate(zip(names, columns)):
        # Two names of one column are as ambiguous as one name twice.
        what = name if column is None else contract.columns[column].name
        if what in first:
            problems.append(f"has {quote(what)} twice, in fields {first[what] + 1} and {field + 1}")
        first[what] = field
    return problems


def _hint(names: list[str]) -> str:
    """What a header of one name that contains another delimiter should have been."""
    if len(names) == 1:
        for char, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if char in names[0]:
                return f". The fields seem to be separated by {word}: use commas"
    return ""


def _list(names: list[str]) -> str:
    text = ", ".join(map(quote, names[:_MOST]))
    return f"{text} and {len(names) - _MOST} more" if len(names) > _MOST else text
