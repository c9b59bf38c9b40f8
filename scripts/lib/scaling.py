"""What `scripts/scaling` asks of the model in queueing.py, and the tables that docs/scaling.md shows."""

import random
from dataclasses import dataclass
from pathlib import Path

from queueing import URGENT, Batch, Fair, FirstInFirstOut, burst, files_per_second, percentile, poisson, run

PAGE = Path(__file__).resolve().parents[2] / "docs/scaling.md"
LOADERS = [1, 2, 4, 8, 16]
SEED = 1


@dataclass(frozen=True)
class Costs:
    """What a batch costs: seconds to write it down and to load it, each alone, and how many at once go at full speed."""

    note: float
    file: float
    row: float
    saturation: float

    def work(self, rows: int) -> float:
        return self.file + rows * self.row


@dataclass(frozen=True)
class Burst:
    """What `scripts/bench burst` measured: so many files of so many rows, and seconds until the last of each kind was in."""

    files: int
    rows: int
    loaders: int
    sent: float
    files_per_s: float
    oldest: float
    others: float
    urgent: float


# docs/scaling.md says where and when; `file`, `row` and `saturation` are fitted to these, see there.
MEASURED = [
    Burst(200, 100, 2, 1.1, 28.9, 4.0, 0.4, 0.1),
    Burst(200, 100, 4, 1.7, 28.9, 2.7, 0.4, 0.2),
    Burst(200, 100, 8, 2.0, 30.7, 1.2, 0.4, 0.1),
    Burst(200, 100, 16, 2.7, 27.6, 1.1, 0.3, 0.1),
    Burst(200, 5000, 2, 1.9, 16.5, 9.0, 0.7, 0.3),
    Burst(200, 5000, 4, 2.1, 19.7, 5.8, 0.9, 0.2),
    Burst(200, 5000, 8, 2.1, 21.7, 5.1, 0.9, 0.3),
    Burst(200, 5000, 16, 2.0, 19.2, 6.5, 1.1, 0.7),
]
COSTS = Costs(note=0.012, file=0.053, row=0.0000085, saturation=2.2)
OTHERS = 10


def replay(was: Burst, costs: Costs) -> Burst:
    """The same burst in the model."""
    work = costs.work(was.rows)
    batches = burst(was.files, work, "big", lasts=was.sent, noting=costs.note)
    batches += burst(OTHERS, work, "small", begins=was.sent, noting=costs.note)
    batches.append(Batch(was.sent, work, "urgent", priority=URGENT))
    ended = run(batches, was.loaders, costs.saturation)

    def longest(partner: str) -> float:
        # The ledger, which the bench asks, knows a batch from when it is written down.
        return max(batch.ends - batch.arrives for batch in of(ended, partner))

    rate = len(ended) / (ended[-1].ends - min(batch.arrives for batch in ended))
    return Burst(was.files, was.rows, was.loaders, was.sent, rate, longest("big"), longest("small"), longest("urgent"))


# Ten minutes: who sends, what, and how often. Rows are those of one file.
LASTS = 600
BULK_FILES, BULK_ROWS = 1000, 5_000
STEADY, STEADY_PER_S, STEADY_ROWS = 4, 0.5, 100
LARGE_PER_S, LARGE_ROWS = 1 / 60, 500_000
SHOWN = {"bulk": "bulk", "steady": "steady-1", "large": "large", "ports": "registry"}


def minutes(seed: int, costs: Costs = COSTS) -> list[Batch]:
    """Ten minutes of batches: small ones by chance, a large one now and then, another dataset, and a thousand at once."""
    draw = random.Random(seed)
    batches = burst(BULK_FILES, costs.work(BULK_ROWS), "bulk", begins=60, lasts=10, noting=costs.note)
    for number in range(STEADY):
        batches += poisson(draw, STEADY_PER_S, LASTS, lambda: costs.work(STEADY_ROWS), f"steady-{number + 1}", noting=costs.note)
    batches += poisson(draw, LARGE_PER_S, LASTS, lambda: costs.work(LARGE_ROWS), "large", noting=costs.note)
    batches += poisson(draw, 0.05, LASTS, lambda: costs.work(1000), "registry", dataset="ports", noting=costs.note)
    return batches


def of(ended: list[Batch], partner: str) -> list[Batch]:
    return [batch for batch in ended if batch.partner == partner]


def seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def table(head: list[str], rows: list[list[object]]) -> str:
    lines = [head, ["---:"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def check(costs: Costs) -> str:
    """The measured bursts beside the model's."""
    rows = []
    for measured in MEASURED:
        model = replay(measured, costs)
        pairs = [(measured.files_per_s, model.files_per_s), (measured.oldest, model.oldest), (measured.others, model.others)]
        rows.append([measured.rows, measured.loaders, *(f"{was:.1f} / {says:.1f}" for was, says in pairs)])
    return table(["rows a file", "loaders", "files/s, measured / model", "oldest, s", "the other partner, s"], rows)


def loaders(costs: Costs) -> str:
    """The ten minutes with more and more loaders: how long batches wait for one."""
    rows = []
    for count in LOADERS:
        ended = run(minutes(SEED, costs), count, costs.saturation)
        cells = []
        for who in SHOWN.values():
            waited = [batch.waited for batch in of(ended, who)]
            cells.append(f"{seconds(percentile(waited, 0.5))} / {seconds(percentile(waited, 0.99))}")
        oldest = max(batch.took for batch in ended)
        rows.append([count, f"{files_per_second(of(ended, 'bulk')):.1f}", seconds(oldest), *cells])
    return table(["loaders", "bulk files/s", "oldest, s", *(f"{name}: wait p50 / p99, s" for name in SHOWN)], rows)


def fairness(costs: Costs) -> str:
    """The ten minutes in the ledger's order and in a plain queue's: how long until 99 of 100 are loaded."""
    rows = []
    for count in LOADERS:
        both = [run(minutes(SEED, costs), count, costs.saturation, order) for order in (Fair, FirstInFirstOut)]
        rows.append([count, *(" / ".join(seconds(percentile([b.took for b in of(ended, who)], 0.99)) for ended in both) for who in SHOWN.values())])
    return table(["loaders", *(f"{name}: ours / plain, s" for name in SHOWN)], rows)


def tables(costs: Costs = COSTS) -> dict[str, str]:
    return {"CHECK": check(costs), "LOADERS": loaders(costs), "FAIRNESS": fairness(costs)}


def parts(page: str, name: str) -> tuple[str, str, str]:
    """A page before a table, the table, and the page after it."""
    begin, end = f"<!-- BEGIN_{name} -->\n", f"\n<!-- END_{name} -->"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"{PAGE} must have the lines <!-- BEGIN_{name} --> and <!-- END_{name} --> once")
    before, _, rest = page.partition(begin)
    shown, _, after = rest.partition(end)
    return before + begin, shown.strip("\n"), end + after


def shown(page: str, name: str) -> str:
    """What a page has in a table's place."""
    return parts(page, name)[1]


def written(page: str) -> str:
    """The page with the tables of now."""
    for name, text in tables().items():
        before, _, after = parts(page, name)
        page = f"{before}\n{text}\n{after}"
    return page
