"""The lake: a batch's rows as Parquet, published by one small object.

    <lake>/<dataset>/data/batch=<number>/attempt=<attempt>/part-00000.parquet
    <lake>/<dataset>/published/batch=<number>/manifest

The manifest lists the files, a line each, as engines that know symbolic links to files read it (Athena, Hive, Trino, Redshift
Spectrum). It is written once, if it is not there, after the ledger says `committed`: files of an attempt that was overtaken, or
of a batch that was rejected, are never in one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple, Optional

import pyarrow as pa
import pyarrow.parquet as parquet

from .contract import Column, Contract
from .store import FolderStore, Place, S3Store
from .values import Good

_ROWS_AT_ONCE = 128 * 1024
_TYPES = {
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    # As text: engines differ in how they keep these two, and all of them read text.
    "uuid": pa.string(),
    "json": pa.string(),
}


class Attempt(NamedTuple):
    """Where one attempt at a batch writes."""

    lake: Place
    dataset: str
    number: int
    attempt: int

    @property
    def data(self) -> Place:
        """Its Parquet files."""
        return self.lake.child(f"{self.dataset}/data/batch={self.number}/attempt={self.attempt}")

    @property
    def scratch(self) -> Place:
        """What its tasks leave for each other; gone when it has ended."""
        return self.lake.child(f"scratch/{self.dataset}/batch={self.number}/attempt={self.attempt}")

    @property
    def manifest(self) -> Place:
        """The object that publishes the batch."""
        return self.lake.child(f"{self.dataset}/published/batch={self.number}/manifest")


def schema(contract: Contract) -> pa.Schema:
    """The contract's columns as Parquet keeps them."""
    return pa.schema([_field(column) for column in contract.columns])


def _field(column: Column) -> pa.Field:
    ty = column.type
    arrow = pa.decimal128(ty.precision, ty.scale) if ty.word == "decimal" else _TYPES[ty.word]
    return pa.field(column.name, arrow, nullable=not column.required and column.default is None)


class PartFile:
    """One task's rows on their way into one file."""

    def __init__(self, contract: Contract):
        self._schema = schema(contract)
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "part.parquet"
        self._writer: Optional[Any] = None
        self._batches: "list[pa.RecordBatch]" = []
        self._waiting = 0
        self.rows = 0

    def write(self, columns: "list[list[Good]]") -> None:
        """Adds rows."""
        arrays = [
            pa.array([good.value for good in column], field.type) for column, field in zip(columns, self._schema)
        ]
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        self._batches.append(batch)
        self._waiting += batch.num_rows
        self.rows += batch.num_rows
        if self._waiting >= _ROWS_AT_ONCE:
            self._flush()

    def finish(self, store: "FolderStore | S3Store", place: Place) -> None:
        """Stores the file; without a row there is none."""
        self._flush()
        if self._writer:
            self._writer.close()
            store.put_file(place, self._path)
        self.close()

    def close(self) -> None:
        """Leaves nothing on this machine."""
        self._folder.cleanup()

    def _flush(self) -> None:
        if not self._waiting:
            return
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._path, self._schema, compression="zstd")
        self._writer.write_table(pa.Table.from_batches(self._batches, schema=self._schema))
        self._batches, self._waiting = [], 0


def publish(store: "FolderStore | S3Store", attempt: Attempt) -> bool:
    """Makes the attempt's files the batch's; false where they were already."""
    files = store.list(attempt.data)
    if not files:
        # Without a row it would not have been committed.
        raise FileNotFoundError(f"batch {attempt.number} is committed and has no files below {attempt.data}: it is not published")
    return store.create(attempt.manifest, "".join(f"{file}\n" for file in files).encode())
