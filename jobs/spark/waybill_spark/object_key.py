"""What an object's key says: the dataset, the format and the compression."""

from __future__ import annotations

from typing import NamedTuple

from .contract import ALL_FORMATS, FORMATS, Contract
from .ledger import End
from .verdict import key_problem, unread_here

_TITLE = "The object's key does not say what it is"


class Unreadable(Exception):
    """The object cannot be loaded in this lane; its argument is how the batch ends."""

    def __init__(self, end: End):
        super().__init__(end.state)
        self.end = end


class Written(NamedTuple):
    """How an object is written."""

    contract: Contract
    format: str
    compression: str


def understand(key: str, contracts: "dict[str, Contract]") -> Written:
    """Reads a key as S3 has it, URL-decoded. Endings are matched without regard to case."""
    dataset, _, path = key.partition("/")
    stem = path.rpartition("/")[2].lower()
    compression = next((ending for ending in ("gz", "zst") if stem.endswith(f".{ending}")), "")
    ending = (stem[: -len(compression) - 1] if compression else stem).rpartition(".")[2]
    if ending not in ALL_FORMATS or "." not in stem:
        detail = "the key ends in none of .csv, .jsonl, .json, .xml (each also with .gz or .zst): name the object after its format"
        raise Unreadable(key_problem("unknown-format", _TITLE, detail))
    contract = contracts.get(dataset)
    if contract is None:
        detail = f"the key begins with `{dataset}/`, but the datasets are: {', '.join(sorted(contracts))}"
        raise Unreadable(key_problem("unknown-dataset", "There is no such dataset", detail))
    if ending not in contract.formats:
        title = "The dataset does not take this format"
        raise Unreadable(key_problem("unknown-format", title, f"{dataset} is not accepted as {ending}"))
    if ending not in FORMATS:
        raise Unreadable(unread_here(ending))
    return Written(contract, ending, compression)
