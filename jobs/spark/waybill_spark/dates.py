"""Dates and timestamps, in the proleptic Gregorian calendar, of the years 1 to 9999.

Each reader answers the value, or the name of what is wrong: `malformed`, `day`, `time`, `fine` or `offset`.
"""

from __future__ import annotations

import datetime
import re
from typing import Optional

MALFORMED, NO_DAY, NO_TIME, FINE, NO_OFFSET = "malformed", "day", "time", "fine", "offset"

_DATE = re.compile(rb"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_FRACTION = re.compile(rb"\.([0-9]*)(.*)", re.DOTALL)
_OFFSET = re.compile(rb"([+-])([0-9]{2}):([0-9]{2})")

EPOCH = datetime.date(1970, 1, 1).toordinal()
_MONTHS = "January February March April May June July August September October November December".split()


def date(text: bytes) -> tuple[Optional[datetime.date], Optional[str]]:
    """A day written as 2021-01-31."""
    match = _DATE.fullmatch(text)
    if not match:
        return None, MALFORMED
    return _day(int(match[1]), int(match[2]), int(match[3]))


def _day(year: int, month: int, day: int) -> tuple[Optional[datetime.date], Optional[str]]:
    try:
        return datetime.date(year, month, day), None
    except ValueError:
        return None, NO_DAY


def timestamp(text: bytes) -> tuple[Optional[int], Optional[str]]:
    """An instant as RFC 3339 writes it, in microseconds since 1970."""
    # What comes first is told first: the order of these steps is that of the other lanes.
    clock = text[10:]
    if len(clock) < 9 or clock[:1] not in b"Tt" or clock[3:4] != b":" or clock[6:7] != b":":
        return None, MALFORMED
    day, fault = date(text[:10])
    if day is None:
        return None, fault
    parts = [clock[1:3], clock[4:6], clock[7:9]]
    if not all(part.isdigit() for part in parts):
        return None, MALFORMED
    hour, minute, second = map(int, parts)
    micros, rest = 0, clock[9:]
    if rest.startswith(b"."):
        digits, rest = _FRACTION.fullmatch(rest).groups()
        if not digits:
            return None, MALFORMED
        if len(digits) > 6:
            return None, FINE
        micros = int(digits.ljust(6, b"0"))
    offset, fault = _offset(rest)
    if offset is None:
        return None, fault
    if hour > 23 or minute > 59 or second > 59:
        return None, NO_TIME
    seconds = (day.toordinal() - EPOCH) * 86_400 + hour * 3600 + minute * 60 + second - offset
    return seconds * 1_000_000 + micros, None


def _offset(text: bytes) -> tuple[Optional[int], Optional[str]]:
    if text in (b"Z", b"z"):
        return 0, None
    if not text:
        return None, NO_OFFSET
    match = _OFFSET.fullmatch(text)
    if not match:
        return None, MALFORMED
    hours, minutes = int(match[2]), int(match[3])
    if hours > 23 or minutes > 59:
        return None, NO_TIME
    return (1 if match[1] == b"+" else -1) * (hours * 3600 + minutes * 60), None


class DateFormat:
    """How a contract writes its dates: the conversions of strftime that stand for a day, a month and a year."""

    _PARTS = {
        "Y": r"(?P<Y>[0-9]{4})", "y": r"(?P<y>[0-9]{2})", "m": r"(?P<m>0[1-9]|1[0-2])", "d": r"(?P<d>0[1-9]|[12][0-9]|3[01])",
        "e": r"(?P<e> [1-9]|[12][0-9]|3[01])", "j": r"(?P<j>(?!000)[0-2][0-9]{2}|3[0-5][0-9]|36[0-6])",
        "b": f"(?P<b>{'|'.join(month[:3] for month in _MONTHS)})", "B": f"(?P<B>{'|'.join(_MONTHS)})", "%": "%",
    }  # fmt: skip
    _SHORT = {"F": "%Y-%m-%d", "D": "%m/%d/%y", "h": "%b"}

    def __init__(self, text: str):
        self.text = text
        for short, long in self._SHORT.items():
            text = text.replace("%" + short, long)
        self._long = text
        pieces = re.split(r"%(.)", text)
        unknown = [piece for piece in pieces[1::2] if piece not in self._PARTS]
        if unknown:
            raise ValueError(f"the date format {self.text} has %{unknown[0]}, which the Spark lane does not know")
        self._pattern = re.compile(
            "".join(self._PARTS[piece] if place % 2 else re.escape(piece) for place, piece in enumerate(pieces))
        )

    def example(self) -> str:
        """The last day of January 2021."""
        day, month = 31, 1
        values = {"Y": "2021", "y": "21", "m": f"{month:02}", "d": str(day), "e": str(day), "j": "031", "%": "%"}
        values.update(b=_MONTHS[month - 1][:3], B=_MONTHS[month - 1])
        return re.sub(r"%(.)", lambda match: values[match[1]], self._long)

    def read(self, text: bytes) -> tuple[Optional[datetime.date], Optional[str]]:
        """A day that is written exactly as the format writes it."""
        try:
            match = self._pattern.fullmatch(text.decode())
        except UnicodeDecodeError:
            match = None
        if not match:
            return None, MALFORMED
        part = match.groupdict()
        if part.get("Y"):
            year = int(part["Y"])
        else:
            short = int(part["y"])
            year = short + (1900 if short >= 69 else 2000)
        if part.get("j"):
            day, fault = _day(year, 1, 1)
            day = day and day + datetime.timedelta(days=int(part["j"]) - 1)
            return (day, fault) if day is None or day.year == year else (None, NO_DAY)
        names = [name[: 3 if part.get("b") else None] for name in _MONTHS]
        month = int(part["m"]) if part.get("m") else names.index(part.get("b") or part["B"]) + 1
        return _day(year, month, int(part.get("d") or part["e"]))


def instant(micros: int) -> str:
    """An instant as 2021-01-31T10:00:00.5Z, with the digits of a second that it needs."""
    year, clock = _civil(micros)
    return f"{year[0]:04}-{year[1]:02}-{year[2]:02}T{clock}Z"


def sql_instant(micros: int) -> str:
    """An instant as PostgreSQL reads it; an offset can lead to the day before the year 1."""
    (year, month, day), clock = _civil(micros)
    before = year < 1
    return f"{1 - year if before else year:04}-{month:02}-{day:02} {clock}+00{' BC' if before else ''}"


def _civil(micros: int) -> tuple[tuple[int, int, int], str]:
    seconds, fraction = divmod(micros, 1_000_000)
    days, clock = divmod(seconds, 86_400)
    ordinal = days + EPOCH
    if ordinal < 1:
        day = (0, 12, 31 + ordinal)  # at most one day before the year 1
    elif ordinal > datetime.date.max.toordinal():
        day = (10_000, 1, ordinal - datetime.date.max.toordinal())
    else:
        found = datetime.date.fromordinal(ordinal)
        day = (found.year, found.month, found.day)
    text = f"{clock // 3600:02}:{clock // 60 % 60:02}:{clock % 60:02}"
    return day, text + (f".{fraction:06}".rstrip("0") if fraction else "")
