"""A contract file as the job needs it: the same file that is compiled into the other lanes.

Those have checked it already, so that little is checked here. What this reader does not know is refused all the same: a rule
that is passed over would let in rows that another lane rejects.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Optional

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10 and older
    import tomli as tomllib

# Those that this lane reads, and all that a contract may name.
FORMATS = ("csv", "jsonl")
ALL_FORMATS = (*FORMATS, "json", "xml")
# Where rows go: `into` of `[spark]`.
INTO = ("both", "postgres", "lake")
# What `json` and `xml` say is for those who read documents.
_DATASET_KEYS = {"name", "table", "description", "mode", "key", "unknown_columns", "formats", "columns", "json", "xml", "spark"}
_COLUMN_KEYS = {
    "name", "type", "description", "required", "min", "max", "max_length", "pattern", "one_of", "references", "trim",
    "default", "format", "aliases", "xml",
}  # fmt: skip


class ContractError(Exception):
    """A contract that this lane cannot load by."""


@dataclass(frozen=True)
class Type:
    """A column's type; `precision` and `scale` of a decimal only."""

    word: str
    precision: int = 0
    scale: int = 0

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.word == "decimal" else self.word

    @staticmethod
    def parse(word: str) -> "Type":
        """A type as the contract writes it."""
        if not word.startswith("decimal("):
            return Type(word)
        precision, _, scale = word[len("decimal(") : -1].partition(",")
        return Type("decimal", int(precision), int(scale or "0"))


@dataclass(frozen=True)
class Reference:
    """A column of a dataset, this one or another."""

    dataset: str
    column: str


@dataclass(frozen=True)
class Column:
    """One column and its rules. Constants are texts as a file would have them, dates as ISO 8601."""

    name: str
    type: Type
    required: bool = False
    min: Optional[str] = None
    max: Optional[str] = None
    max_length: Optional[int] = None
    pattern: Optional[str] = None
    one_of: tuple[str, ...] = ()
    references: Optional[Reference] = None
    trim: bool = False
    default: Optional[str] = None
    format: Optional[str] = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """What a dataset promises."""

    name: str
    table: str
    mode: str
    key: tuple[str, ...]
    reject_unknown: bool
    formats: tuple[str, ...]
    columns: tuple[Column, ...]
    into: str = "both"
    headers: dict[str, int] = field(compare=False, default_factory=dict)

    @property
    def to_table(self) -> bool:
        """Whether a batch's rows go into the table."""
        return self.into != "lake"

    @property
    def to_lake(self) -> bool:
        """Whether a batch's rows go into the lake."""
        return self.into != "postgres"

    def index_of(self, name: str) -> int:
        """The place of the column with this very name."""
        return next(place for place, column in enumerate(self.columns) if column.name == name)

    def references(self) -> list[tuple[int, Reference]]:
        """Columns that refer to others, by their place."""
        return [(place, column.references) for place, column in enumerate(self.columns) if column.references]


def read(text: str) -> Contract:
    """A contract from its file's text."""
    table = tomllib.loads(text)
    name = table.get("name", "?")
    _only_known(table, _DATASET_KEYS, f"the contract of {name}")
    columns = tuple(_column(name, entry) for entry in table["columns"])
    spark = table.get("spark", {})
    _only_known(spark, {"into"}, f"[spark] of {name}")
    into = spark.get("into", "both")
    if into not in INTO:
        raise ContractError(f"[spark] into of {name} is {into!r}: write one of {', '.join(INTO)}")
    headers = {column.name: place for place, column in enumerate(columns)}
    for place, column in enumerate(columns):
        headers.update({alias: place for alias in column.aliases})
    return Contract(
        name=name,
        table=table["table"],
        mode=table["mode"],
        key=tuple(table.get("key", ())),
        reject_unknown=table.get("unknown_columns", "reject") == "reject",
        formats=tuple(table.get("formats", ALL_FORMATS)),
        columns=columns,
        into=into,
        headers=headers,
    )


def read_folder(folder: Any) -> dict[str, Contract]:
    """Every contract of a folder, or of one in an archive of Python code, by its dataset's name."""
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    contracts = [read(file.read_text(encoding="utf-8")) for file in files]
    if not contracts:
        raise ContractError(f"{folder} has no contracts: name the folder with the datasets' *.toml")
    return {contract.name: contract for contract in contracts}


def _column(dataset: str, entry: dict[str, Any]) -> Column:
    where = f"the column {entry.get('name', '?')} of {dataset}"
    _only_known(entry, _COLUMN_KEYS, where)
    reference = entry.get("references")
    return Column(
        name=entry["name"],
        type=Type.parse(entry["type"]),
        required=entry.get("required", False),
        min=_constant(entry.get("min")),
        max=_constant(entry.get("max")),
        max_length=entry.get("max_length"),
        pattern=entry.get("pattern"),
        one_of=tuple(str(_constant(value)) for value in entry.get("one_of", ())),
        references=Reference(*reference.split(".")) if reference else None,
        trim=entry.get("trim", False),
        default=_constant(entry.get("default")),
        format=entry.get("format"),
        aliases=tuple(entry.get("aliases", ())),
    )


def _constant(value: Any) -> Optional[str]:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat().replace(" ", "T")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return repr(value)


def _only_known(table: dict[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise ContractError(
            f"{where} has {', '.join(unknown)}, which this release of the Spark lane does not know: load it in another lane"
        )
