"""Reads of the API as a process of its own, beside the database's own speed for the same statement.

The API is the release build on a port, its rates public; it is asked by `read_load` over keep-alive connections. pgbench
puts the very statement that the API puts (functions/api/src/rates/ports.sql), prepared, as the same role, with the same
routes and days, each drawn as often. Both run in turns, for as long, on the cores that they share with the server.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from checkout import CHECKOUT, build, build_only, note
from postgres import DATABASE, Server

PROMISED = 0.6
PROMISED_AT = 8
CONNECTIONS = (1, 8, 64)
STATEMENT = CHECKOUT / "functions/api/src/rates/ports.sql"
# pgbench takes at most 128 scripts, and each route is one.
ROUTES = 100
DAYS = 31


def reads(data: Path | None, seconds: float, rounds: int, sessions: int, connections: list[int]) -> dict:
    """Measures each number of connections `rounds` times."""
    (waybill,) = build("quick", ["waybill"])
    api, read_load = build_only("release", "api", "read_load")
    with tempfile.TemporaryDirectory(prefix="waybill-bench-") as folder:
        os.chmod(folder, 0o755)
        with Server(Path(folder)) as server:
            server.migrate(waybill)
            fill(server, waybill, data, Path(folder))
            routes = drawn(server)
            with serving(api, server, sessions) as address:
                right(server, address, routes)
                return compare(server, read_load, address, routes, Path(folder), seconds, rounds, connections)


def fill(server: Server, waybill: Path, data: Path | None, folder: Path) -> None:
    """Loads regions, ports and prices from CSV files, made-up ones unless `data` names a folder that has them."""
    if data is None:
        data = folder
        (data / "regions.csv").write_bytes((CHECKOUT / "examples/regions.csv").read_bytes())
        sample(waybill, data / "ports.csv", "ports", 143)
        sample(waybill, data / "prices.csv", "prices", 200_000, "--ports", data / "ports.csv")
    for table in ("regions", "ports", "prices"):
        file = data / f"{table}.csv"
        columns = file.open(encoding="utf-8").readline().strip()
        # The files hold together; checking that row by row is not what is measured.
        copy = f"\\copy {table} ({columns}) from '{file}' with (format csv, header)"
        server.sql(f"set session_replication_role = replica;\n{copy}")
        server.sql(f"insert into waybill.versions values ('{table}', 1, 1)")
    for role in ("api", "reader"):
        server.sql(f"create role {DATABASE}_{role} login in role waybill_{role}s")
        server.sql(f"grant connect on database {DATABASE} to {DATABASE}_{role}")
    server.sql("checkpoint")
    # More than once: a session that is just ending keeps pages from being marked as visible to all.
    for _ in range(3):
        server.sql("vacuum analyze")
    note(f"{server.sql('select count(*) from prices')} prices on {server.sql('select count(*) from (select distinct orig_code, dest_code from prices) r')} routes")


def sample(waybill: Path, file: Path, dataset: str, rows: int, *more: object) -> None:
    """Writes made-up records, the same every time."""
    with file.open("wb") as out:
        subprocess.run([waybill, "sample", dataset, "--rows", str(rows), "--seed", "1", *map(str, more)], stdout=out, check=True)


def drawn(server: Server) -> list[dict[str, str]]:
    """Routes of the prices with the days that are asked for, the same in every run."""
    rows = server.sql(
        f"select orig_code, dest_code, first, first + {DAYS - 1} from "
        "(select orig_code, dest_code, min(min(day)) over () as first from prices group by 1, 2) r "
        f"order by md5(orig_code || dest_code) limit {ROUTES}"
    )
    names = ("origin", "destination", "from", "to")
    return [dict(zip(names, row.split("|"))) for row in rows.splitlines()]


def path(route: dict[str, str]) -> str:
    return "/rates?date_from={from}&date_to={to}&orig_code={origin}&dest_code={destination}".format(**route)


@contextmanager
def parameter_store():
    """The parameter store, as far as the API needs it: any password will do, since the server trusts its machine."""

    class Store(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"Parameter": {"Name": "password", "Type": "SecureString", "Value": "any"}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    store = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{store.server_port}"
    finally:
        store.shutdown()


@contextmanager
def serving(api: Path, server: Server, sessions: int):
    """The API's process; its address."""
    with parameter_store() as store:
        variables = {
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_ENDPOINT_URL": store,
            "WAYBILL_LISTEN": "127.0.0.1:0",
            "WAYBILL_SESSIONS": str(sessions),
            "WAYBILL_ENVIRONMENT": "bench",
            "WAYBILL_PARAMETERS": "/waybill/bench",
            "WAYBILL_DATABASE_HOST": "127.0.0.1",
            "WAYBILL_DATABASE_PORT": str(server.port),
            "WAYBILL_DATABASE_NAME": DATABASE,
            "WAYBILL_DATABASE_TLS": "off",
            "WAYBILL_INCOMING_BUCKET": "none",
            "WAYBILL_LOADS_QUEUE_URL": "http://127.0.0.1:1/none",
            "WAYBILL_PUBLIC_RATES": "true",
        }
        kept = {name: value for name, value in os.environ.items() if name.startswith("TOKIO_") or name == "WAYBILL_LOG"}
        process = subprocess.Popen([api], env=variables | kept, stderr=subprocess.PIPE, text=True)
        try:
            said = []
            for line in process.stderr:
                said.append(line)
                found = re.search(r"listening.*address=([\d.:]+)", re.sub(r"\x1b\[[\d;]*m", "", line))
                if found:
                    break
            else:
                sys.exit("bench: the API ended before it listened:\n" + "".join(said))
            # Who does not read its log would stop it in the end.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield found[1]
        finally:
            process.terminate()
            process.wait(60)


def right(server: Server, address: str, routes: list[dict[str, str]]) -> None:
    """Fails unless every route is answered as the prices say, computed by the database in another way."""
    for route in routes:
        expected = json.loads(
            server.sql(
                "select json_agg(json_build_object('day', to_char(d, 'YYYY-MM-DD'), 'count', nullif(n, 0), "
                "'price', case when n >= 3 then p end) order by d desc) from "
                f"(select d, (select count(*) from prices where orig_code = '{route['origin']}' and dest_code = '{route['destination']}' and day = d) as n, "
                f"(select round(avg(price), 2) from prices where orig_code = '{route['origin']}' and dest_code = '{route['destination']}' and day = d) as p "
                f"from (select generate_series('{route['from']}'::date, '{route['to']}', '1 day')::date as d) days) r"
            )
        )
        with urllib.request.urlopen(f"http://{address}{path(route)}") as answer:
            if json.load(answer) != {"rates": expected}:
                sys.exit(f"bench: {path(route)} is not answered as the prices say")


def compare(server, read_load, address, routes, folder, seconds, rounds, connections) -> dict:
    """Measures in turns; the figures of each number of connections, the median of the rounds."""
    scripts = write_scripts(routes, folder)
    paths = "".join(path(route) + "\n" for route in routes)
    result = {}
    for count in connections:
        found = {"pgbench": [], "api": [], "tags": []}
        for number in range(rounds):
            note(f"{count} connections, round {number + 1} of {rounds}")
            found["pgbench"].append(ask_pgbench(server, scripts, routes, folder, count, seconds))
            found["api"].append(ask_api(read_load, address, paths, count, seconds))
            found["tags"].append(ask_api(read_load, address, paths, count, seconds, "tags"))
        ratios = [mine["rate"] / theirs["rate"] for mine, theirs in zip(found["api"], found["pgbench"])]
        result[str(count)] = {
            "ratio": round(statistics.median(ratios), 3),
            "ratios": [round(ratio, 3) for ratio in ratios],
            **{who: {name: round(statistics.median(one[name] for one in all_), 3) for name in ("rate", "p50_ms", "p99_ms")} for who, all_ in found.items()},
        }
    return result


def ask_api(read_load: Path, address: str, paths: str, count: int, seconds: float, *more: str) -> dict:
    """What `read_load` found. One answer that was lost or not as expected ends the bench."""
    done = subprocess.run([read_load, address, str(count), str(seconds), *more], input=paths, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    if found["lost"] or found["wrong"]:
        sys.exit(f"bench: lost or wrong answers: {found}")
    return found


def write_scripts(routes: list[dict[str, str]], folder: Path) -> list[Path]:
    """The API's statement once for each route, its parameters as variables that pgbench sends as parameters."""
    statement = " ".join(line for line in STATEMENT.read_text().splitlines() if not line.startswith("--"))
    scripts = []
    for number in range(len(routes)):
        names = {1: f"origin{number}::text", 2: f"destination{number}::text", 3: "first::date", 4: "last::date"}
        script = folder / f"route{number}.sql"
        script.write_text(re.sub(r"\$([1-4])(::\w+)?", lambda found: f":{names[int(found[1])]}", statement) + ";\n")
        scripts.append(script)
    return scripts


def ask_pgbench(server: Server, scripts: list[Path], routes: list[dict[str, str]], folder: Path, count: int, seconds: float) -> dict:
    """What pgbench found, as the role that reads."""
    log = folder / "log"
    log.mkdir()
    command = [server.bin / "pgbench", "--no-vacuum", "--protocol=prepared", "--host=127.0.0.1", f"--port={server.port}"]
    command += [f"--username={DATABASE}_reader", f"--client={count}", "--jobs=1", f"--time={max(1, round(seconds))}", "--random-seed=1"]
    command += ["--log", f"--log-prefix={log}/took", "--define", f"first={routes[0]['from']}", "--define", f"last={routes[0]['to']}"]
    for number, (script, route) in enumerate(zip(scripts, routes)):
        command += ["--define", f"origin{number}={route['origin']}", "--define", f"destination{number}={route['destination']}", f"--file={script}"]
    done = subprocess.run([*command, DATABASE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)
    rate = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    if done.returncode or not rate or not re.search(r"failed transactions: 0 ", done.stdout):
        sys.exit(f"bench: pgbench failed: {done.stdout}{done.stderr}")
    took = sorted(int(line.split()[2]) for file in log.iterdir() for line in file.open())
    for file in log.iterdir():
        file.unlink()
    log.rmdir()
    at = lambda share: took[int(len(took) * share)] / 1000
    return {"rate": round(float(rate[1])), "p50_ms": at(0.5), "p99_ms": at(0.99)}


def table(result: dict) -> str:
    """The figures as a person reads them."""
    lines = [f"{'connections':<13}{'asked':<12}{'per second':>12}{'p50':>11}{'p99':>11}{'of pgbench':>12}"]
    for count, figures in result.items():
        for who, name in (("pgbench", "database"), ("api", "rates"), ("tags", "unchanged")):
            one = figures[who]
            ratio = f"{figures['ratio']:>12.2f}" if who == "api" else ""
            short = who == "api" and int(count) == PROMISED_AT and figures["ratio"] < PROMISED
            lines.append(
                f"{count:<13}{name:<12}{one['rate']:>12,.0f}{one['p50_ms']:>8.2f} ms{one['p99_ms']:>8.2f} ms{ratio}"
                + (f"  promised {PROMISED}: falls short" if short else "")
            )
    return "\n".join(lines)


def add(commands) -> None:
    """The command and its options."""
    command = commands.add_parser("reads", help="GET /rates against the database's own speed")
    command.add_argument("--data", type=Path, help="a folder with regions.csv, ports.csv and prices.csv (made up if not given)")
    command.add_argument("--seconds", type=float, default=10, help="how long each measurement takes (10)")
    command.add_argument("--rounds", type=int, default=3, help="how often each is made (3)")
    command.add_argument("--sessions", type=int, default=8, help="the API's sessions (8)")
    command.add_argument("--connections", type=int, nargs="+", default=list(CONNECTIONS), help="how many ask at once (1 8 64)")
    command.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    command.set_defaults(run=run)


def run(options) -> None:
    result = reads(options.data, options.seconds, options.rounds, options.sessions, options.connections)
    print(json.dumps(result) if options.json else table(result))
