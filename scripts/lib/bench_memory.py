"""The loader's peak memory against the size of the batch. See scripts/bench."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_load import PORTS, sample
from checkout import CHECKOUT, build, note
from postgres import Server

# What a made-up price takes as CSV, on the average.
ROW_BYTES = 27.8
PROMISED_MIB = 128
# The server takes rows and keeps none: what it costs to keep them is scripts/bench load's to measure.
DISCARD = """
create function discard() returns trigger language plpgsql as 'begin return null; end';
create trigger discard before insert on prices for each row execute function discard();
"""


def memory(megabytes: list[int], keep: bool) -> list[dict]:
    """Loads one batch of each size, written by another process while it is read."""
    (waybill,) = build("quick", ["waybill"])
    (load_file,) = build("release", [], example=("loader", "load_file"))
    with tempfile.TemporaryDirectory(prefix="waybill-bench-") as folder:
        os.chmod(folder, 0o755)
        with Server(Path(folder)) as server:
            server.migrate(waybill)
            ports = Path(folder) / "ports.csv"
            sample(waybill, ports, "ports", PORTS)
            for dataset, file in [("regions", CHECKOUT / "examples/regions.csv"), ("ports", ports)]:
                run(server, load_file, dataset, file)
            if not keep:
                server.sql(DISCARD)
            result = []
            for size in megabytes:
                note(f"{size:,} MB")
                result.append({"megabytes": size} | one(server, waybill, load_file, Path(folder), ports, size, keep))
                server.sql("truncate prices")
            return result


def one(server: Server, waybill: Path, load_file: Path, folder: Path, ports: Path, megabytes: int, keep: bool) -> dict:
    """One batch, through a pipe that has a name."""
    pipe = folder / f"prices-{megabytes}.csv"
    os.mkfifo(pipe)
    rows = int(megabytes * 1e6 / ROW_BYTES)
    command = [waybill, "sample", "prices", "--rows", rows, "--seed", "1", "--ports", ports]
    writer = subprocess.Popen(["sh", "-c", 'exec "$@" > "$0"', pipe, *map(str, command)])
    started = time.monotonic()
    said, peak = run(server, load_file, "prices", pipe, succeeds=keep)
    seconds = time.monotonic() - started
    if writer.wait() != 0:
        sys.exit("bench: the batch was not written to its end")
    if not keep and f"{rows} rows were checked and 0 reached the table" not in said:
        sys.exit(f"bench: the load ended otherwise than it should have: {said}")
    return {"rows": rows, "seconds": round(seconds, 1), "peak_mib": round(peak, 1)}


def run(server: Server, load_file: Path, dataset: str, file: Path, succeeds: bool = True) -> tuple[str, float]:
    """What a load said, and its peak memory in MiB."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen([load_file, dataset, file], env={**os.environ, "DATABASE_URL": server.url()}, stdout=out, stderr=out)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read().decode(errors="replace")
    if (child.returncode == 0) != succeeds:
        sys.exit(f"bench: {dataset}: {said}")
    return said, usage.ru_maxrss / 1024


def table(result: list[dict]) -> str:
    """The figures as a person reads them."""
    lines = [f"{'batch':>12}{'rows':>15}{'time':>10}{'peak':>10}   promised: {PROMISED_MIB} MiB"]
    for batch in result:
        short = "  falls short" if batch["peak_mib"] > PROMISED_MIB else ""
        lines.append(
            f"{batch['megabytes']:>9,} MB{batch['rows']:>15,}{batch['seconds']:>9.1f}s{batch['peak_mib']:>6.0f} MiB{short}"
        )
    return "\n".join(lines)
