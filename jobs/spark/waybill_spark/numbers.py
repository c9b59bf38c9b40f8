"""Numbers as a contract reads them: no `+`, no white space, no digit separators; exponents in doubles only.

Each reader answers the value, or the name of what is wrong: `malformed`, `range`, or `fine` (too many digits after the point).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Optional, Union

_WHOLE = re.compile(rb"-?[0-9]+")
_DECIMAL = re.compile(rb"(-?)([0-9]+)(?:\.([0-9]+))?")
_DOUBLE = re.compile(rb"-?([0-9]+(?:\.[0-9]+)?)(?:[eE][+-]?[0-9]+)?")

MALFORMED, RANGE, FINE = "malformed", "range", "fine"


def whole(text: bytes, bits: int) -> tuple[Optional[int], Optional[str]]:
    """A whole number of so many bits."""
    if not _WHOLE.fullmatch(text):
        return None, MALFORMED
    # Python refuses to read thousands of digits, and no type here holds as many.
    digits = text.lstrip(b"-").lstrip(b"0")
    if len(digits) > 19:
        return None, RANGE
    value = int(digits or b"0")
    value = -value if text.startswith(b"-") else value
    return (value, None) if -(1 << bits - 1) <= value < 1 << bits - 1 else (None, RANGE)


def decimal(text: bytes, precision: int, scale: int) -> tuple[Optional[Decimal], Optional[str]]:
    """An exact number with all digits of its scale."""
    match = _DECIMAL.fullmatch(text)
    if not match:
        return None, MALFORMED
    sign, before, after = match[1], match[2].lstrip(b"0"), match[3] or b""
    if len(before) > precision - scale:
        return None, RANGE
    if len(after) > scale:
        return None, FINE
    digits = before + after + b"0" * (scale - len(after))
    unscaled = int(digits or b"0")
    negative = 1 if sign and unscaled else 0
    return Decimal((negative, tuple(map(int, str(unscaled))), -scale)), None


def double(text: bytes) -> tuple[Optional[float], Optional[str]]:
    """A finite number of 64 bits that did not vanish on the way."""
    match = _DOUBLE.fullmatch(text)
    if not match:
        return None, MALFORMED
    value = float(text)
    vanished = value == 0.0 and bool(match[1].strip(b"0."))
    return (None, RANGE) if value in (float("inf"), float("-inf")) or vanished else (value, None)


def plain(value: Union[int, float, Decimal]) -> str:
    """A number as messages write it: all its digits, no exponent, a whole double without a point."""
    if isinstance(value, float):
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return format(value, "f") if isinstance(value, Decimal) else str(value)
