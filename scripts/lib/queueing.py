"""A model of batches that wait for loaders, to see what more loaders would do before one pays for them.

Batches arrive, wait in the order of `crates/ledger/src/queue.rs`, and are loaded. A load is an amount of work in seconds, as
one load alone takes it. Loads that run at once share the database: up to `saturation` of them go at full speed, more
share that speed evenly. Nothing fails here, and a free loader knows at once that somebody waits.
"""

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

URGENT, NORMAL = 0, 1


@dataclass
class Batch:
    """One batch on its way; times are seconds from the beginning."""

    arrives: float
    work: float
    partner: str
    dataset: str = "prices"
    priority: int = NORMAL
    begins: float = 0.0
    ends: float = 0.0

    @property
    def waited(self) -> float:
        return self.begins - self.arrives

    @property
    def took(self) -> float:
        return self.ends - self.arrives


@dataclass
class Fair:
    """The ledger's order: urgent first, then whose dataset and partner has the fewest loads running, then who was served
    longest ago, then who came first."""

    waiting: dict[tuple[int, str, str], deque[Batch]] = field(default_factory=dict)
    running: dict[tuple[str, str], int] = field(default_factory=dict)
    served: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        self.waiting.setdefault((batch.priority, batch.dataset, batch.partner), deque()).append(batch)

    def take(self, now: float) -> Batch | None:
        if not self.waiting:
            return None
        place = min(self.waiting, key=self._order)
        batches = self.waiting[place]
        batch = batches.popleft()
        if not batches:
            del self.waiting[place]
        whose = place[1:]
        self.running[whose] = self.running.get(whose, 0) + 1
        self.served[whose] = now
        return batch

    def done(self, batch: Batch) -> None:
        self.running[batch.dataset, batch.partner] -= 1

    def _order(self, place: tuple[int, str, str]) -> tuple:
        whose = place[1:]
        # Who was never served comes before all others.
        return place[0], self.running.get(whose, 0), self.served.get(whose, -1.0), whose


@dataclass
class FirstInFirstOut:
    """What a plain queue would do."""

    waiting: deque[Batch] = field(default_factory=deque)

    def add(self, batch: Batch) -> None:
        self.waiting.append(batch)

    def take(self, _: float) -> Batch | None:
        return self.waiting.popleft() if self.waiting else None

    def done(self, _: Batch) -> None:
        pass


def run(batches: Iterable[Batch], loaders: int, saturation: float, order: Callable[[], Fair | FirstInFirstOut] = Fair) -> list[Batch]:
    """Loads copies of all batches with so many loaders; the copies, with their times, in the order of their ends."""
    coming = deque(Batch(b.arrives, b.work, b.partner, b.dataset, b.priority) for b in sorted(batches, key=lambda b: b.arrives))
    queue = order()
    # Each load ends when the work that every running load has been given reaches its mark.
    marks: list[tuple[float, int, Batch]] = []
    ended: list[Batch] = []
    now = given = 0.0
    tie = itertools.count()
    while coming or marks:
        speed = min(1.0, saturation / len(marks)) if marks else 0.0
        next_end = now + (marks[0][0] - given) / speed if marks else float("inf")
        if coming and coming[0].arrives <= next_end:
            given += (coming[0].arrives - now) * speed
            now = coming[0].arrives
            queue.add(coming.popleft())
        else:
            now, given = next_end, marks[0][0]
            batch = heapq.heappop(marks)[2]
            batch.ends = now
            queue.done(batch)
            ended.append(batch)
        while len(marks) < loaders and (batch := queue.take(now)):
            batch.begins = now
            heapq.heappush(marks, (given + batch.work, next(tie), batch))
    return ended


def burst(files: int, work: float, partner: str, begins: float = 0.0, lasts: float = 0.0, **more) -> list[Batch]:
    """As many batches of one size, evenly over a span."""
    return [Batch(begins + lasts * n / files, work, partner, **more) for n in range(files)]


def poisson(draw: random.Random, per_second: float, lasts: float, work: Callable[[], float], partner: str, **more) -> list[Batch]:
    """Batches that come by chance, so many a second in the mean."""
    batches, at = [], draw.expovariate(per_second)
    while at < lasts:
        batches.append(Batch(at, work(), partner, **more))
        at += draw.expovariate(per_second)
    return batches


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that this share of them does not exceed."""
    values = sorted(values)
    return values[max(0, math.ceil(share * len(values)) - 1)]


def files_per_second(ended: list[Batch]) -> float:
    """From the first arrival to the last end."""
    return len(ended) / (ended[-1].ends - min(batch.arrives for batch in ended))
