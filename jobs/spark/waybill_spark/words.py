"""What a violation says: the rest of a sentence that begins with the value. The same words in every lane, letter by letter."""

from __future__ import annotations

from . import dates, numbers
from .contract import Column, Reference
from .rule import Violation

REQUIRED = Violation("required", "has no value; every record needs one")
NO_TEXT = "is no text"
NO_BOOLEAN = "is no boolean: write true or false (t, f, 1 and 0 are understood too)"
NO_UUID = "is no UUID: write it with hyphens, such as 67e55044-10b1-426f-9247-bb680e5fe0c8"

_SPACE = b" \t\n\x0c\r"
_SHOWN = 10

_RANGES = {
    "integer": "is outside the range of integer, -2147483648 to 2147483647",
    "bigint": "is outside the range of bigint, -9223372036854775808 to 9223372036854775807",
    "double": "is outside the range of double, about ±1.8e308, or too close to zero",
}
_DATES = {
    dates.NO_DAY: "names a day that does not exist",
    dates.NO_TIME: "names a time of day or an offset that does not exist",
    dates.FINE: "has more than six digits of a second: send at most microseconds",
    dates.NO_OFFSET: "has no offset from UTC: end it with Z or an offset such as +02:00",
}
_JSON = {
    "deep": Violation("type", "is nested more than 64 deep"),
    "nul": Violation("nul", "holds \\u0000, which the database cannot store: remove it"),
    "surrogate": Violation(
        "encoding", "holds half of a surrogate pair (\\ud800 to \\udfff): send both halves or none"
    ),
    "number": Violation("type", "holds a number with more digits than the database keeps"),
}
_WANTED = {
    "text": "a string: put it in quotes",
    "integer": "a number, without quotes",
    "bigint": "a number, without quotes",
    "double": "a number, without quotes",
    "decimal": "a number or a string of digits",
    "boolean": "true or false, without quotes",
    "date": "a date in a string",
    "timestamp": "a timestamp in a string",
    "uuid": "a UUID in a string",
    "json": "an object or an array",
}


def no_number(column: Column, text: bytes, fault: str) -> Violation:
    """For a text that is not the number it should be."""
    ty = column.type
    if ty.word == "decimal":
        message = {
            numbers.RANGE: f"has more than {ty.precision - ty.scale} digits before the point, which {ty} cannot hold",
            numbers.FINE: f"has more than {ty.scale} digits after the point: round it before you send it",
            numbers.MALFORMED: "is no decimal number: write digits, with a point if need be and no exponent, such as 1250.75",
        }[fault]
    elif fault == numbers.RANGE:
        message = _RANGES[ty.word]
    elif ty.word == "double":
        message = "is no number: write it such as 1250.75 or 1.25e3"
    else:
        message = "is no whole number: write digits only, with a leading - if it is negative, such as 1250"
    return unreadable(text, message)


def no_date(column: Column, text: bytes, fault: str) -> Violation:
    """For a text that is no date or timestamp."""
    if fault in _DATES:
        message = _DATES[fault]
    elif column.type.word == "timestamp":
        message = (
            "is no timestamp: write it as RFC 3339 does, such as 2021-01-31T10:00:00Z or 2021-01-31T10:00:00.5+02:00"
        )
    elif column.format:
        example = dates.DateFormat(column.format).example()
        message = f"is no date in the format {column.format}, in which a day is written such as {example}"
    else:
        message = "is no date: write year, month and day, such as 2021-01-31"
    return unreadable(text, message)


def no_json(text: bytes, fault: str) -> Violation:
    """For a text that is no JSON, or none that the database takes."""
    if fault in _JSON:
        return _JSON[fault]
    if fault == "single":
        return unreadable(text, "is a single JSON value: send an object or an array")
    return unreadable(text, "is no well-formed JSON")


def wrong_json_type(column: Column, found: str) -> Violation:
    """For a JSON value of another type than the column's."""
    return Violation("type", f"is {found}, but type {column.type} takes {_WANTED[column.type.word]}")


def below(least: str) -> Violation:
    """For a value under `min`."""
    return Violation("min", f"is below {least}, the smallest value allowed")


def above(most: str) -> Violation:
    """For a value over `max`."""
    return Violation("max", f"is above {most}, the largest value allowed")


def too_long(count: int, most: int) -> Violation:
    """For a text of too many characters."""
    return Violation("max_length", f"has {count} characters, {count - most} more than the {most} allowed")


def no_match(column: Column, text: bytes) -> Violation:
    """For a text that does not match its pattern."""
    return unreadable(text, f"does not match the pattern {column.pattern} as a whole", "pattern")


def not_listed(shown: list[str]) -> Violation:
    """For a value that is none of those allowed."""
    more = len(shown) - _SHOWN
    rest = f" and {more} more, listed in the contract" if more > 0 else ""
    return Violation("one_of", f"is none of the values allowed: {', '.join(shown[:_SHOWN])}{rest}")


def unknown_reference(reference: Reference) -> Violation:
    """For a reference that nothing answers, whoever found it."""
    dataset, column = reference.dataset, reference.column
    return Violation(
        "references", f"no {dataset} has this {column}; deliver it to the dataset {dataset} first, or correct the value"
    )


def repeated_key(key: tuple[str, ...]) -> Violation:
    """For a key that the batch has twice; the line of the first is added when it is known."""
    return Violation("unique", f"this {', '.join(key)} stands in the batch before; keep one of the two rows")


def unreadable(text: bytes, message: str, rule: str = "type") -> Violation:
    """The cause beneath the fault where there is one: bytes that are no text, or spaces that nobody sees."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return Violation("encoding", "is not UTF-8: convert the file to UTF-8 before you send it")
    if b"\0" in text:
        return Violation("nul", "holds a NUL character, which the database cannot store: remove it")
    if not text:
        return Violation(rule, f"is empty, which {message}")
    if text.strip(_SPACE) != text:
        return Violation(rule, f"{message}; it has white space around it, which may be all that is wrong")
    return Violation(rule, message)
