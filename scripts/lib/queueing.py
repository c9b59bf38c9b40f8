"""A model of batches that wait for loaders, to see what more loaders would do before one pays for them.

Batches are sent, written down by a few writers in the order in which they came, wait in the order of
`crates/ledger/src/queue.rs`, and are loaded. Writing down and loading are amounts of work in seconds, as one alone takes
them. Whatever runs at once shares the database, and on one machine its cores: up to `saturation` go at full speed, more
share that speed evenly. Nothing fails here, and a free loader knows at once that somebody waits.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

URGENT, NORMAL = 0, 1


@dataclass
class Batch:
    """One batch on its way; times are seconds from the beginning."""

    sent: float
    work: float
    partner: str
    dataset: str = "prices"
    priority: int = NORMAL
    # What it costs to write it down; nothing where the API did so when it took it.
    noting: float = 0.0
    # When it was written down: the ledger's `received_at`, which the bench counts from.
    arrives: float = 0.0
    begins: float = 0.0
    ends: float = 0.0

    @property
    def waited(self) -> float:
        return self.begins - self.sent

    @property
    def took(self) -> float:
        return self.ends - self.sent


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


@dataclass
class Machine:
    """What runs at once and shares one speed."""

    saturation: float
    now: float = 0.0
    # The work that whatever has run all the time was given by now. A piece of work ends when this reaches its mark.
    given: float = 0.0
    marks: list[tuple[float, int, Batch, bool]] = field(default_factory=list)
    begun: int = 0

    def begin(self, batch: Batch, work: float, loads: bool) -> None:
        self.begun += 1
        heapq.heappush(self.marks, (self.given + work, self.begun, batch, loads))

    def next_end(self) -> float:
        return self.now + (self.marks[0][0] - self.given) / self._speed() if self.marks else math.inf

    def go_on(self, until: float) -> None:
        self.given += (until - self.now) * self._speed()
        self.now = until

    def end(self) -> tuple[Batch, bool]:
        self.now = self.next_end()
        self.given, _, batch, loads = heapq.heappop(self.marks)
        return batch, loads

    def _speed(self) -> float:
        return min(1.0, self.saturation / len(self.marks)) if self.marks else 0.0


def run(
    batches: Iterable[Batch], loaders: int, saturation: float, order: Callable[[], Fair | FirstInFirstOut] = Fair, writers: int = 2
) -> list[Batch]:
    """Loads copies of all batches with so many loaders; the copies, with their times, in the order of their ends."""
    coming = deque(sorted((replace(batch) for batch in batches), key=lambda batch: batch.sent))
    machine, queue = Machine(saturation), order()
    unwritten: deque[Batch] = deque()
    writing = loading = 0
    ended: list[Batch] = []

    def arrived(batch: Batch) -> None:
        batch.arrives = machine.now
        queue.add(batch)

    while coming or machine.marks:
        if coming and coming[0].sent <= machine.next_end():
            machine.go_on(coming[0].sent)
            batch = coming.popleft()
            (unwritten.append if batch.noting else arrived)(batch)
        else:
            batch, loads = machine.end()
            if loads:
                loading -= 1
                batch.ends = machine.now
                queue.done(batch)
                ended.append(batch)
            else:
                writing -= 1
                arrived(batch)
        while writing < writers and unwritten:
            batch = unwritten.popleft()
            machine.begin(batch, batch.noting, loads=False)
            writing += 1
        while loading < loaders and (batch := queue.take(machine.now)):
            batch.begins = machine.now
            machine.begin(batch, batch.work, loads=True)
            loading += 1
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
    """From the first that was sent to the last end."""
    return len(ended) / (ended[-1].ends - min(batch.sent for batch in ended))
