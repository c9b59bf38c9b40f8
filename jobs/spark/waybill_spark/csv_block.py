"""A block of CSV as columns. Plain records are taken apart by the few calls that Python has in C; the others one by one."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Optional, Sequence

from .csv_fields import UNCLOSED, read_field
from .layout import Layout
from .parsed import Malformed, Parsed, Span, oversize, oversize_message
from .positions import Walk
from .records import RECORD_BYTES, Block
from .rule import excerpt

# A field as it should be, and what ends it.
_FIELD = re.compile(rb'("[^"]*(?:""[^"]*)*"|[^",\r\n]*)(,|\r?\n|\Z)')


def parse(block: Block, layout: Layout) -> Parsed:
    """The records of a block."""
    if block.oversize:
        return oversize(block, layout, UNCLOSED)
    text = block.bytes
    if b'"' in text:
        parsed = _well_quoted(text, layout)
    else:
        parsed = _without_quotes(text, layout)
    return parsed or _one_by_one(text, layout)


def _without_quotes(text: bytes, layout: Layout) -> Optional[Parsed]:
    """Nothing where a carriage return stands alone."""
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    ends = [start + len(line) for start, line in zip(starts, lines)]
    raw_ends = ends
    if b"\r" in text:
        if text.count(b"\r") != text.count(b"\r\n"):
            return None
        lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
        raw_ends = [start + len(line) for start, line in zip(starts, lines)]
    spans = list(map(Span, starts, ends, raw_ends))
    if max(map(len, lines)) >= RECORD_BYTES:
        return None
    rows = [line.split(b",") for line in lines]
    width = len(layout.fields)
    if b"" not in lines and set(map(len, rows)) == {width}:
        return Parsed(_by_column(list(zip(*rows)), layout), range(len(rows)), {}, spans)
    malformed = {
        record: _miscounted(line, len(row), width)
        for record, (line, row) in enumerate(zip(lines, rows))
        if not line or len(row) != width
    }
    good = [record for record in range(len(rows)) if record not in malformed]
    columns = list(zip(*(rows[record] for record in good)))
    return Parsed(_by_column(columns, layout), good, malformed, spans)


def _well_quoted(text: bytes, layout: Layout) -> Optional[Parsed]:
    """Nothing where a record is not written as it should be, or has other fields than the header."""
    width = len(layout.fields)
    found = _FIELD.findall(text)
    if len(found) > 1 and found[-1] == (b"", b"") and found[-2][1] != b",":
        found.pop()  # the nothing that follows the last record
    values, ends = zip(*found)
    lengths = list(map(len, values))
    breaks = ends[width - 1 :: width]
    commas = len(ends) - len(breaks)
    if len(values) % width or b"," in breaks or ends.count(b",") != commas or b"" in breaks[:-1]:
        return None
    sizes = [length + len(end) for length, end in zip(lengths, ends)]
    if sum(sizes) != len(text):
        return None
    totals = list(accumulate(sizes))[width - 1 :: width]
    starts = [0, *totals]
    spans = [
        Span(start, total - (1 if end else 0), total - len(end)) for start, total, end in zip(starts, totals, breaks)
    ]
    blank_or_long = (span.raw_end == span.start or span.end - span.start > RECORD_BYTES for span in spans)
    if any(blank_or_long):
        return None
    plain = [value[1:-1].replace(b'""', b'"') if value[:1] == b'"' else value for value in values]
    columns = [plain[field::width] for field in range(width)]
    return Parsed(_by_column(columns, layout), range(len(spans)), {}, spans)


def _by_column(fields: "Sequence[Sequence[bytes]]", layout: Layout) -> "list[Optional[Sequence[bytes]]]":
    columns: "list[Optional[Sequence[bytes]]]" = [None] * len(layout.names)
    for place, column in enumerate(layout.fields):
        if column is not None:
            columns[column] = fields[place] if fields else ()
    return columns


def _miscounted(raw: bytes, has: int, width: int) -> Malformed:
    if not raw:
        return Malformed("columns", None, "the line is blank: take it out")
    return Malformed("columns", None, f"the record has {has} field{'' if has == 1 else 's'}; the header has {width}")


def _one_by_one(text: bytes, layout: Layout) -> Parsed:
    width = len(layout.fields)
    rows, good, malformed, spans = [], [], {}, []
    start = 0
    while start < len(text):
        row, flaw, end = _record(text, start)
        returned = text[end - 1 : end] == b"\r" and end > start and end < len(text)
        span = Span(start, end, end - returned)
        wrong = _wrong(text, span, row, flaw, layout)
        if wrong:
            malformed[len(spans)] = wrong
        else:
            good.append(len(spans))
            rows.append(row)
        spans.append(span)
        start = end + 1
    columns = [[row[place] for row in rows] for place in range(width)]
    return Parsed(_by_column(columns, layout), good, malformed, spans)


# A flaw with its field, and where that field starts and ends.
_Flaw = "tuple[str, int, int, int]"


def _record(text: bytes, start: int) -> "tuple[list[bytes], Optional[_Flaw], int]":
    row, flaw, last, at = [], None, False, start
    while not last:
        field = read_field(text, at)
        # The first flaw counts, but for the one that takes the rest of the content with it.
        if field.flaw and (flaw is None or field.flaw == UNCLOSED):
            flaw = (field.flaw, len(row), at, field.end)
        row.append(field.value)
        at, last = field.end + 1, field.last
    return row, flaw, at - 1


def _wrong(
    text: bytes, span: Span, row: "list[bytes]", flaw: "Optional[_Flaw]", layout: Layout
) -> Optional[Malformed]:
    length = span.end - span.start
    if length > RECORD_BYTES:
        if flaw and flaw[0] == UNCLOSED:
            return Malformed("quote", layout.column_at(len(row) - 1), UNCLOSED)
        walk = Walk()
        walk.seek_end(text[span.start : span.start + RECORD_BYTES])
        return Malformed("record_size", layout.column_at(walk.field), oversize_message(length))
    if flaw:
        message, field, start, end = flaw
        return Malformed("quote", layout.column_at(field), message, excerpt(text[start:end]))
    if span.raw_end == span.start or len(row) != len(layout.fields):
        return _miscounted(text[span.start : span.raw_end], len(row), len(layout.fields))
    return None
