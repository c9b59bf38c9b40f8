"""Whole loads against psql's \\copy and others, in one run, in turns. See scripts/bench."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from checkout import CHECKOUT, build, note
from postgres import OWNER, Server

# As many as the freight-rate service has: fewer would make the index smaller, and its inserts cheaper, than they are.
PORTS = 143
PROMISED = {"indexed": 0.5, "declared": 0.15, "plain": 1.0}
# The first of the twelve months that made-up prices are of.
FIRST_MONTH = "2021-01-01"


def by_month(first: str) -> str:
    """What an operator's migration would be who has no price before that month."""
    text = (CHECKOUT / "docs/examples/prices-by-month.sql").read_text()
    shipped = "first_month date := '2027-01-01'"
    if shipped not in text:
        sys.exit("bench: docs/examples/prices-by-month.sql sets its month in another way")
    return text.replace(shipped, f"first_month date := '{first}'")


TABLES = {
    "plain": "alter table prices drop constraint if exists prices_orig_code_fkey, "
    "drop constraint if exists prices_dest_code_fkey; drop index if exists prices_route_day;",
    "indexed": "create index prices_route_day on prices (orig_code, dest_code, day) include (price);",
    "declared": "alter table prices "
    "add constraint prices_orig_code_fkey foreign key (orig_code) references ports (code), "
    "add constraint prices_dest_code_fkey foreign key (dest_code) references ports (code);",
    "partitioned": by_month(FIRST_MONTH),
}
ADBC = """
import sys
from adbc_driver_postgresql import dbapi
from pyarrow import csv, int32, date32
types = csv.ConvertOptions(column_types={"price": int32(), "day": date32()})
with dbapi.connect(sys.argv[1]) as connection, connection.cursor() as cursor:
    cursor.adbc_ingest("prices", csv.open_csv(sys.argv[2], convert_options=types), mode="append")
    connection.commit()
"""
PGLOADER = """LOAD CSV FROM '{file}' INTO {url} TARGET TABLE prices (orig_code, dest_code, day, price)
WITH skip header = 1, fields terminated by ',';
"""


@dataclass
class Took:
    """What one load cost: time, processor seconds of client and server, and the client's peak memory in MiB."""

    seconds: float
    cpu: float
    peak: float


def load(rows: int, pairs: int, tables: list[str], rivals: bool, scratch: int | None) -> dict:
    """Times `pairs` rounds of loads of `rows` rows into each table."""
    (waybill,) = build("quick", ["waybill"])
    (load_file,) = build("release", [], example=("loader", "load_file"))
    with tempfile.TemporaryDirectory(prefix="waybill-bench-") as folder:
        os.chmod(folder, 0o755)
        with Server(Path(folder)) as server:
            server.migrate(waybill)
            ports, file = Path(folder) / "ports.csv", Path(folder) / "prices.csv"
            sample(waybill, ports, "ports", PORTS)
            note(f"writing {rows:,} rows")
            sample(waybill, file, "prices", rows, "--ports", ports)
            base = [(ours(load_file, "regions"), CHECKOUT / "examples/regions.csv"), (ours(load_file, "ports"), ports)]
            for command, content in base:
                take(server, command, content)
            note(f"{file.stat().st_size / 1e6:.0f} MB; {pairs} rounds for each of {len(tables)} tables")
            commands = {"copy": copy(server), "ours": ours(load_file, "prices", scratch)}
            commands |= others(Path(folder)) if rivals else {}
            result = {}
            for table, ddl in TABLES.items():
                server.sql("truncate prices")
                server.sql(f"set role {OWNER};\n{ddl}")
                if table in tables:
                    result[table] = compare(server, commands, file, rows, pairs)
            return result


def sample(waybill: Path, file: Path, dataset: str, rows: int, *more: object) -> None:
    """Writes made-up records, the same every time."""
    with file.open("wb") as out:
        subprocess.run([waybill, "sample", dataset, "--rows", str(rows), "--seed", "1", *map(str, more)], stdout=out, check=True)
    file.chmod(0o644)


def ours(load_file: Path, dataset: str, scratch: int | None = None):
    """The command that loads a file with the whole pipeline."""
    bound = [] if scratch is None else [f"WAYBILL_SCRATCH_BYTES={scratch}"]
    return lambda url, file: ["env", *bound, load_file, dataset, file]


def copy(server: Server):
    """psql's \\copy."""
    text = "\\copy prices (orig_code, dest_code, day, price) from '{}' with (format csv, header)"
    return lambda url, file: [server.bin / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url, "-c", text.format(file)]


def others(folder: Path) -> dict:
    """What else loads CSV into PostgreSQL, where it is to be had."""
    found = {}
    adbc, wanted = CHECKOUT / ".local/adbc", CHECKOUT / "scripts/lib/adbc.txt"
    if subprocess.run([CHECKOUT / "scripts/lib/venv", adbc, wanted], stdout=sys.stderr).returncode == 0:
        found["adbc"] = lambda url, file: [adbc / "bin/python", "-c", ADBC, url, file]
    else:
        note("SKIPPED: ADBC cannot be installed here")
    if shutil.which("pgloader"):
        found["pgloader"] = lambda url, file: pgloader(folder / "prices.load", url, file)
    else:
        note("SKIPPED: pgloader is not installed")
    return found


def pgloader(script: Path, url: str, file: Path) -> list:
    """pgloader with its script."""
    script.write_text(PGLOADER.format(file=file, url=url))
    return ["pgloader", "--quiet", "--on-error-stop", script]


def compare(server: Server, commands: dict, file: Path, rows: int, rounds: int) -> dict:
    """Loads the file with each command in turns, another one first each time."""
    took = {who: [] for who in commands}
    for number in range(rounds):
        names = list(commands)
        for who in names[number % len(names) :] + names[: number % len(names)]:
            server.sql("truncate prices")
            server.sql("checkpoint")
            took[who].append(take(server, commands[who], file))
            loaded = int(server.sql("select count(*) from prices"))
            if loaded != rows:
                sys.exit(f"bench: {who} loaded {loaded:,} of {rows:,} rows")
    result = {}
    for who, runs in took.items():
        ratios = [mine.seconds / theirs.seconds for mine, theirs in zip(runs, took["copy"])]
        cpus = [mine.cpu / theirs.cpu for mine, theirs in zip(runs, took["copy"])]
        result[who] = {
            "seconds": round(statistics.median(run.seconds for run in runs), 3),
            "ratio": round(statistics.median(ratios), 3),
            "ratio_low": round(min(ratios), 3),
            "ratio_high": round(max(ratios), 3),
            "cpu_s": round(statistics.median(run.cpu for run in runs), 3),
            "cpu_ratio": round(statistics.median(cpus), 3),
            "peak_mib": round(max(run.peak for run in runs), 1),
        }
    return result


def take(server: Server, command, file: Path) -> Took:
    """Runs one load to its end."""
    url = server.url()
    before = server.cpu_seconds()
    started = time.monotonic()
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(
            [str(part) for part in command(url, file)], env={**os.environ, "DATABASE_URL": url}, stdout=out, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read().decode(errors="replace")
    if child.returncode or ('"state"' in said and json.loads(said)["state"] != "committed"):
        sys.exit(f"bench: {file.name} was not loaded: {said}")
    client = usage.ru_utime + usage.ru_stime
    return Took(seconds, client + server.cpu_seconds() - before, usage.ru_maxrss / 1024)


def table(result: dict) -> str:
    """The figures as a person reads them."""
    lines = [f"{'table':<12}{'loader':<10}{'time':>9}{'ratio':>8}{'from .. to':>14}{'promised':>10}{'CPU':>9}{'ratio':>8}{'peak':>10}"]
    for name, loaders in result.items():
        for who, figures in loaders.items():
            most = PROMISED.get(name) if who == "ours" else None
            promised = "" if most is None else f"{most:.2f}"
            short = "  falls short" if most is not None and figures["ratio"] > most else ""
            lines.append(
                f"{name:<12}{who:<10}{figures['seconds']:>8.2f}s{figures['ratio']:>8.2f}"
                f"{figures['ratio_low']:>7.2f} .. {figures['ratio_high']:.2f}{promised:>9}"
                f"{figures['cpu_s']:>9.2f}s{figures['cpu_ratio']:>8.2f}{figures['peak_mib']:>6.0f} MiB{short}"
            )
    return "\n".join(lines)
