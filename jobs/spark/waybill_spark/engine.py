"""Spark as this job uses it: tasks over ranges of bytes, their answers in order.

Rows never travel between tasks or to the driver. What a task needs is small (a range, the contract, the keys that may be
referred to), and what it answers are sums; rows go from the task straight to the stage and to the lake.
"""

from __future__ import annotations

from typing import Any, Callable, List, Sequence, TypeVar

from .store import Gone

T = TypeVar("T")
R = TypeVar("R")


class Stopped(Exception):
    """Somebody stopped the work."""


class Engine:
    """A Spark context and what is counted while its tasks run."""

    def __init__(self, context: Any):
        self._context = context
        self._bytes = context.accumulator(0)
        self._rows = context.accumulator(0)
        self._stopped = False

    def run(self, what: str, work: "Callable[[T], R]", items: "Sequence[T]") -> "List[R]":
        """Every item in a task of its own."""
        self.check()
        self._context.setJobDescription(what)
        answers = self._context.parallelize(list(items), len(items)).map(_Caught(work)).collect()
        for answer in answers:
            if isinstance(answer, _Gone):
                raise Gone(answer.message)
        return answers

    def counter(self) -> "Counter":
        """Counts from within tasks; the driver sees it when a task has ended."""
        return Counter(self._bytes, self._rows)

    def progress(self) -> "tuple[int, int]":
        """Stored bytes and records so far."""
        return self._bytes.value, self._rows.value

    def begin(self) -> None:
        """Another batch's work begins."""
        self._stopped = False

    def check(self) -> None:
        """An error where the work was stopped, which nothing else shows between two steps."""
        if self._stopped:
            raise Stopped("the work was stopped between two steps")

    def cancel(self) -> None:
        """Stops what runs, and what would run after it."""
        self._stopped = True
        self._context.cancelAllJobs()


class Counter:
    """Goes to the tasks."""

    def __init__(self, stored_bytes: Any, rows: Any):
        self._bytes, self._rows = stored_bytes, rows

    def bytes(self, count: int) -> None:
        """Adds stored bytes that were read."""
        self._bytes.add(count)

    def rows(self, count: int) -> None:
        """Adds records that were checked."""
        self._rows.add(count)


class _Gone:
    """That the object went away is an answer: the engine would try the task again."""

    def __init__(self, message: str):
        self.message = message


class _Caught:
    def __init__(self, work: "Callable[[Any], Any]"):
        self._work = work

    def __call__(self, item: Any) -> Any:
        try:
            return self._work(item)
        except Gone as error:
            return _Gone(str(error))
