"""One block of records checked: the rows that are good, and what is wrong with the others."""

from __future__ import annotations

from typing import NamedTuple, Optional

from . import csv_block, jsonl_block
from .contract import Contract
from .layout import Layout
from .parsed import Parsed, Places
from .records import Block
from .report import Finding, shown
from .rule import Violation
from .values import NULL, Checker, Good, Json, Memo, Raw


class Later(NamedTuple):
    """What only the database could find, about the batch as a whole."""

    column: int
    violation: Violation
    first: Optional[int]
    """The byte of the record that the message must name by its line."""


class Checked(NamedTuple):
    """A block after its check."""

    records: int
    bad: int
    columns: "list[list[Good]]"
    """Rows that are loaded or staged, by column."""
    starts: "list[int]"
    """The byte at which the record of each row starts."""
    broken: "list[bool]"
    """Which of the rows break a rule; they are staged, with nulls for the values that are wrong."""
    findings: "list[Finding]"
    lines: "dict[int, int]"
    """Lines of records that messages name, by their byte."""


class BlockChecker:
    """Checks the blocks of one task."""

    def __init__(
        self,
        contract: Contract,
        layout: Layout,
        known: "list[Optional[frozenset[str]]]",
        keep_bad: bool,
        later: "dict[int, list[Later]]",
    ):
        self._contract, self._layout, self._keep_bad, self._later = contract, layout, keep_bad, later
        self._parse = jsonl_block.parse if layout.keys is not None else csv_block.parse
        self._memos = [Memo(Checker(column), keys) for column, keys in zip(contract.columns, known)]
        self._named = {entry.first for entries in later.values() for entry in entries if entry.first is not None}

    def check(self, block: Block) -> Checked:
        """Checks every record of the block."""
        parsed = self._parse(block, self._layout)
        count = len(parsed.good)
        columns = [
            [memo[None]] * count if raw is None else list(map(memo.__getitem__, raw))
            for memo, raw in zip(self._memos, parsed.columns)
        ]
        wrong = self._violations(columns, parsed)
        starts = self._starts(block, parsed)
        later = self._found_later(starts)
        bad_rows = {row for row, _ in wrong} | set(later)
        findings, lines = self._findings(block, parsed, wrong, later)
        kept = columns
        if wrong:
            kept = [[value if isinstance(value, Good) else NULL for value in column] for column in columns]
        broken = [row in bad_rows for row in range(count)] if bad_rows else [False] * count
        if bad_rows and not self._keep_bad:
            keep = [row for row in range(count) if row not in bad_rows]
            kept = [[column[row] for row in keep] for column in kept]
            starts, broken = [starts[row] for row in keep], [False] * len(keep)
        bad = len(bad_rows) + len(parsed.malformed)
        return Checked(count + len(parsed.malformed), bad, kept, starts, broken, findings, lines)

    def _violations(self, columns: "list[list]", parsed: Parsed) -> "set[tuple[int, int]]":
        """Rows and columns of what is wrong."""
        return {
            (row, place)
            for place, (memo, column) in enumerate(zip(self._memos, columns))
            if memo.any_bad
            for row, value in enumerate(column)
            if isinstance(value, Violation)
        }

    def _starts(self, block: Block, parsed: Parsed) -> "list[int]":
        return [block.at.byte + parsed.spans[record].start for record in parsed.good]

    def _found_later(self, starts: "list[int]") -> "dict[int, list[Later]]":
        if not self._later:
            return {}
        return {row: self._later[start] for row, start in enumerate(starts) if start in self._later}

    def _findings(
        self, block: Block, parsed: Parsed, wrong: "set[tuple[int, int]]", later: "dict[int, list[Later]]"
    ) -> "tuple[list[Finding], dict[int, int]]":
        """In file order; in a record by column, what the whole showed last."""
        entries: "list[tuple[int, int, int, object]]" = []
        for record, malformed in parsed.malformed.items():
            entries.append((record, 0, 0, malformed))
        for row, place in wrong:
            entries.append((parsed.good[row], 1, place, row))
        for row, found in later.items():
            entries.extend((parsed.good[row], 2, at, (row, entry)) for at, entry in enumerate(found))
        for row in self._named_rows(block, parsed):
            entries.append((parsed.good[row], 3, 0, None))
        entries.sort(key=lambda entry: entry[:3])
        places, findings, lines = Places(block, parsed), [], {}
        for record, kind, place, what in entries:
            at, raw = places.of(record)
            if kind == 3:
                lines[at.byte] = at.line
                continue
            findings.append(Finding(*at, *self._told(parsed, kind, place, what, raw)))
        return findings, lines

    def _told(self, parsed: Parsed, kind: int, place: int, what: object, raw: bytes) -> tuple:
        """Column, rule, value, message, row and the record to name."""
        if kind == 0:
            value = None if what.value is None else shown(what.value)
            return self._name(what.column), what.rule, value, what.message, raw, None
        if kind == 1:
            field = self._field(parsed, place, what)
            violation = self._memos[place][field]
            return self._name(place), violation.rule, _shown(field), violation.message, raw, None
        row, entry = what
        field = self._field(parsed, entry.column, row)
        return self._name(entry.column), entry.violation.rule, _shown(field), entry.violation.message, raw, entry.first

    def _field(self, parsed: Parsed, place: int, row: int) -> Raw:
        column = parsed.columns[place]
        return None if column is None else column[row]

    def _name(self, place: Optional[int]) -> Optional[str]:
        return None if place is None else self._contract.columns[place].name

    def _named_rows(self, block: Block, parsed: Parsed) -> "list[int]":
        if not self._named:
            return []
        return [row for row, start in enumerate(self._starts(block, parsed)) if start in self._named]


def _shown(field: Raw) -> Optional[str]:
    text = field.text if isinstance(field, Json) else field
    # A CSV field without a byte is an absent one.
    return None if text is None or (text == b"" and not isinstance(field, Json)) else shown(text)
