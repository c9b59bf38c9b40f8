"""Where bytes lie: S3, or a folder that stands for it on one machine. A store is made anew in each task."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple, Optional
from urllib.parse import urlsplit


class Gone(Exception):
    """The object went away or was replaced: the sender must deliver again. Its text is for the partner."""


class Place(NamedTuple):
    """An object, or with an empty key a bucket."""

    bucket: str
    key: str
    version: Optional[str] = None

    @staticmethod
    def parse(address: str) -> "Place":
        """`s3://bucket/key`."""
        parts = urlsplit(address)
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError(f"{address} is no address: write it as s3://bucket/prefix")
        return Place(parts.netloc, parts.path.strip("/"))

    def child(self, path: str) -> "Place":
        """Something below it."""
        return Place(self.bucket, f"{self.key}/{path}" if self.key else path)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def open_store(folder: Optional[str]) -> "FolderStore | S3Store":
    """S3, or a folder with a folder for each bucket."""
    return FolderStore(Path(folder)) if folder else S3Store()


class FolderStore:
    """Objects as files, for one machine."""

    def __init__(self, folder: Path):
        self._folder = folder

    def path(self, place: Place) -> Path:
        """The file that an object is."""
        return self._folder / place.bucket / place.key

    def size(self, place: Place) -> int:
        """Its size in bytes."""
        try:
            return self.path(place).stat().st_size
        except FileNotFoundError:
            raise Gone("the object is not there (any more)") from None

    def read(self, place: Place, start: int, end: int) -> bytes:
        """Bytes of it, fewer only at its end."""
        try:
            with self.path(place).open("rb") as file:
                file.seek(start)
                return file.read(end - start)
        except FileNotFoundError:
            raise Gone("the object is not there (any more)") from None

    def put_file(self, place: Place, file: Path) -> None:
        """Stores a file; one that is there is replaced."""
        target = self.path(place)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}.{file.name}")
        shutil.copyfile(file, part)
        part.replace(target)

    def create(self, place: Place, body: bytes) -> bool:
        """Stores a small object unless there is one; false where there is."""
        target = self.path(place)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}")
        part.write_bytes(body)
        try:
            os.link(part, target)
        except FileExistsError:
            return False
        finally:
            part.unlink()
        return True

    def list(self, place: Place) -> list[Place]:
        """What lies below, in order of the keys."""
        found = (path for path in self.path(place).rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(Place(place.bucket, str(path.relative_to(self._folder / place.bucket))) for path in found)

    def remove(self, places: list[Place]) -> None:
        """Takes objects away; one that is not there is no error."""
        for place in places:
            self.path(place).unlink(missing_ok=True)


class S3Store:
    """Objects in S3. Ranges of an object are asked for by its version, so that all of them are of one content."""

    _GONE = {"404", "405", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed"}

    def __init__(self) -> None:
        import boto3

        self._s3: Any = boto3.client("s3")

    def size(self, place: Place) -> int:
        """Its size in bytes."""
        return self._ask(self._s3.head_object, place)["ContentLength"]

    def read(self, place: Place, start: int, end: int) -> bytes:
        """Bytes of it, fewer only at its end."""
        if start >= end:
            return b""
        answer = self._ask(self._s3.get_object, place, Range=f"bytes={start}-{end - 1}")
        return answer["Body"].read()

    def _ask(self, call: Any, place: Place, **arguments: str) -> Any:
        import botocore.exceptions

        if place.version:
            arguments["VersionId"] = place.version
        try:
            return call(Bucket=place.bucket, Key=place.key, **arguments)
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in self._GONE:
                raise Gone("the object is not there (any more)") from None
            raise

    def put_file(self, place: Place, file: Path) -> None:
        """Stores a file; one that is there is replaced."""
        self._s3.upload_file(str(file), place.bucket, place.key)

    def create(self, place: Place, body: bytes) -> bool:
        """Stores a small object unless there is one; false where there is."""
        import botocore.exceptions

        try:
            self._s3.put_object(Bucket=place.bucket, Key=place.key, Body=body, IfNoneMatch="*")
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "412"):
                return False
            raise
        return True

    def list(self, place: Place) -> list[Place]:
        """What lies below, in order of the keys."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=f"{place.key}/")
        return [Place(place.bucket, entry["Key"]) for page in pages for entry in page.get("Contents", ())]

    def remove(self, places: list[Place]) -> None:
        """Takes objects away; one that is not there is no error."""
        for start in range(0, len(places), 1000):
            keys = [{"Key": place.key} for place in places[start : start + 1000]]
            self._s3.delete_objects(Bucket=places[0].bucket, Delete={"Objects": keys, "Quiet": True})


class BufferedRange:
    """Reads forward through an object with few requests."""

    AHEAD = 8 << 20

    def __init__(self, store: "FolderStore | S3Store", place: Place, size: int):
        self._store, self._place, self._size = store, place, size
        self._start, self._held = 0, b""

    def read(self, start: int, end: int) -> bytes:
        """Bytes of the object, fewer only at its end."""
        end = min(end, self._size)
        if not (self._start <= start and end <= self._start + len(self._held)):
            ahead = min(max(end, start + self.AHEAD), self._size)
            self._start, self._held = start, self._store.read(self._place, start, ahead)
            if len(self._held) < ahead - start:
                raise Gone("the object is shorter than it was")
        return self._held[start - self._start : end - self._start]


