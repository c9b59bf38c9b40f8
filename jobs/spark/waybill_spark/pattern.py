"""A contract's regular expression in Python's engine.

The other lanes read patterns with Rust's. Where the two would read one differently the contract is refused here, not guessed at.
"""

from __future__ import annotations

import re

# Flags, names, Unicode classes, set operations, and escapes that one of the two lacks or that mean other sets of characters.
_DIFFERENT = re.compile(
    r"\(\?(?!:)|\\[pPzZbBwWsSxuUNhQERXKGk<>]|\\[0-9]|\[[^\]]*(?:\[|&&|--|~~|\|\|)|[*+?}]\+|\{,"
)


def compile_pattern(source: str) -> "re.Pattern[str]":
    """To be used with `fullmatch`."""
    found = _DIFFERENT.search(source)
    if found:
        raise ValueError(
            f"the pattern {source} has {found[0]}, which Python's engine may read otherwise: "
            "write the characters out to load the dataset in the Spark lane"
        )
    return re.compile(f"(?:{source})")
