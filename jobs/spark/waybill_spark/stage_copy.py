"""One range's rows into the attempt's stage, once, however often the engine runs the task."""

from __future__ import annotations

from typing import Iterable, Iterator

from . import staging
from .access import Access
from .check import Checked
from .contract import Contract
from .staging import Stage


def copy_rows(access: Access, contract: Contract, stage: Stage, part: int, blocks: Iterable[Checked]) -> None:
    """Copies the rows in one transaction with the word that they are copied. Where another try of the task has done so, the
    blocks are only gone through."""
    session = access.session(long=True)
    try:
        with session.transaction():
            if session.count(staging.take_part(stage), part):
                session.copy(staging.copy(contract, stage), _encoded(blocks))
            else:
                for _ in blocks:
                    pass
    finally:
        session.close()


def _encoded(blocks: Iterable[Checked]) -> Iterator[bytes]:
    for block in blocks:
        if not block.starts:
            continue
        columns = [[good.copied for good in column] for column in block.columns]
        starts = [b"%d" % start for start in block.starts]
        broken = [b"t" if bad else b"f" for bad in block.broken]
        yield b"\n".join(map(b"\t".join, zip(*columns, starts, broken))) + b"\n"
