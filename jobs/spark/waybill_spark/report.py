"""What was wrong, in file order, with an exact total and a bounded listing."""

from __future__ import annotations

import json
from typing import BinaryIO, Iterator, NamedTuple, Optional

CAP = 10_000
CAP_BYTES = 8 << 20
_VALUE_CHARS = 500


class Finding(NamedTuple):
    """One thing that is wrong with a record, or with the file: then `record` is 0 and `row` empty."""

    record: int
    line: int
    byte: int
    column: Optional[str]
    rule: str
    value: Optional[str]
    message: str
    row: bytes
    first: Optional[int] = None
    """The byte of the record whose line the message must still name."""


class Findings:
    """A report in the making."""

    def __init__(self) -> None:
        self.listed: list[Finding] = []
        self.total = 0
        self._rows_bytes = 0

    def is_full(self) -> bool:
        """Whether further entries are only counted."""
        return len(self.listed) >= CAP or self._rows_bytes >= CAP_BYTES

    def push(self, finding: Finding) -> None:
        """Adds the next entry in file order."""
        self.total += 1
        if not self.is_full():
            self._rows_bytes += len(finding.row)
            self.listed.append(finding)


def shown(value: bytes) -> str:
    """A field's bytes as text that PostgreSQL and JSON can hold; a long one is cut."""
    text = lossy(value[: _VALUE_CHARS * 4]).replace("\0", "\u2400")
    return text if len(text) <= _VALUE_CHARS else f"{text[:_VALUE_CHARS]}…"


def lossy(value: bytes) -> str:
    """Bytes as text, with U+FFFD for each part that is none."""
    return value.decode(errors="replace")


def write(findings: list[Finding], target: BinaryIO) -> None:
    """Findings for another task to read."""
    for finding in findings:
        target.write(json.dumps(finding._replace(row=finding.row.decode("latin-1"))).encode() + b"\n")


def read(text: bytes) -> Iterator[Finding]:
    """What `write` wrote."""
    for line in text.splitlines():
        finding = Finding(*json.loads(line))
        yield finding._replace(row=finding.row.encode("latin-1"))
