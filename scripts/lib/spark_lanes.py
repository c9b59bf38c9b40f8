"""Both lanes on one server, each with a database of its own, and what each leaves there."""

import contextlib
import dataclasses
import io
import json
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

from checkout import CHECKOUT, environment
from postgres import OWNER, Server

sys.path.insert(0, str(CHECKOUT / "jobs/spark"))

from waybill_spark.access import Access
from waybill_spark.contract import read_folder
from waybill_spark.engine import Engine
from waybill_spark.load import Settings
from waybill_spark.run import Done, run
from waybill_spark.store import Place

LOGIN = "lane"


class Lanes:
    """The databases `function` and `spark`, and a folder that stands for S3."""

    def __init__(self, server: Server, folder: Path, waybill: Path, load_file: Path, engine: Engine):
        self.server, self.folder, self._load_file, self.engine = server, folder, load_file, engine
        server.sql(f"create role {LOGIN} login")
        for database in ("function", "spark"):
            server.sql(f"create database {database} owner {OWNER}")
            url = self.url(database, OWNER)
            subprocess.run([waybill, "migrate"], env=environment(DATABASE_URL=url), stdout=sys.stderr, check=True)
        server.sql(f"grant waybill_loaders to {LOGIN}")
        self.measured: "list[dict]" = []
        self.settings = Settings(
            contracts=read_folder(CHECKOUT / "datasets"),
            lake=Place("lake", "v1"),
            access=Access(self.url("spark", LOGIN)),
            folder=str(folder),
            release="bench",
        )

    def url(self, database: str, user: str) -> str:
        """Where a database is."""
        return f"postgres://{user}@127.0.0.1:{self.server.port}/{database}"

    def sql(self, database: str, text: str) -> str:
        """What psql prints for it, run as the superuser."""
        return self.server.sql(f"\\c {database}\n{text}")

    def rows(self, database: str, query: str) -> list:
        """What a query answers, as JSON has it."""
        answer = self.sql(database, f"select coalesce(json_agg(q), '[]') from ({query}) q")
        return json.loads(answer.partition("\n")[2] if answer.startswith("You are") else answer)

    def by_function(self, dataset: str, file: Path) -> None:
        """Loads a file by the code of the function and the task lane."""
        there = environment(DATABASE_URL=self.url("function", LOGIN))
        done = subprocess.run([self._load_file, dataset, file], env=there, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"load_file failed on {file.name}: {done.stderr}")

    def receive(self, dataset: str, name: str, content: bytes, force: bool = True, **options: object) -> uuid.UUID:
        """Puts an object into the incoming bucket and makes its batch known, as intake does."""
        batch, key = uuid.uuid4(), f"{dataset}/{name}"
        path = self.folder / "incoming" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        columns = {"dry_run": False, "expect_rows": "null", **options}
        self.sql("spark", f"""
            insert into waybill.batches (id, dataset, bucket, object_key, submitted_by, force, {', '.join(columns)})
            values ('{batch}', '{dataset}', 'incoming', '{key}', 'test', {force}, {', '.join(map(str, columns.values()))});
            insert into waybill.events (batch, state, attempt)
            select number, 'received', 0 from waybill.batches where id = '{batch}'""")
        return batch

    def by_spark(self, batch: uuid.UUID, **changes: object) -> Done:
        """Loads a batch by the Spark lane. What that wrote for the alarms to count is in `measured`."""
        with contextlib.redirect_stdout(io.StringIO()) as written:
            done = run(self.engine, dataclasses.replace(self.settings, **changes), batch)
        self.measured = [json.loads(line) for line in written.getvalue().splitlines()]
        return done

    def counted(self) -> "list[str]":
        """As what the last load counts."""
        return [line["state"] for line in self.measured]

    def batch(self, batch: uuid.UUID) -> dict:
        """A batch of the Spark lane's database."""
        (row,) = self.rows("spark", f"select * from waybill.batches where id = '{batch}'")
        return row

    def ledger(self, database: str) -> list:
        """Every batch as it ended, with its report and timeline: all that must be the same in both."""
        return self.rows(database, """
            select b.number, b.dataset, b.state, b.attempt, b.rows, b.rejected, b.bytes, b.sha256, b.header, b.release,
                b.report_total, b.report_listed, b.error,
                (select json_agg(json_build_array(e.state, e.attempt, e.note) order by e.id) from waybill.events e
                 where e.batch = b.number) as timeline,
                (select json_agg(e order by e.ordinal) from waybill.errors e where e.batch = b.number) as report
            from waybill.batches b order by b.number""")

    def tables(self, database: str) -> dict:
        """What is in the tables."""
        return {
            table: self.rows(database, f"select * from {table} t order by t::text collate \"C\"")
            for table in ("public.regions", "public.ports", "public.prices", "waybill.versions")
        }


def session(folder: Path):
    """A local master with as many workers as a test needs."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(CHECKOUT / "jobs/spark"), os.environ.get("PYTHONPATH", "")])
    os.environ.update(PYSPARK_PYTHON=sys.executable, PYSPARK_DRIVER_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(folder / "spark"), "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.memory": "1g", "spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false",
    }  # fmt: skip
    builder = SparkSession.builder.master("local[2]").appName("waybill spark-test")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def temporary() -> "tempfile.TemporaryDirectory[str]":
    """A folder that another user may enter, since PostgreSQL does not run as root."""
    folder = tempfile.TemporaryDirectory(prefix="waybill-spark-")
    os.chmod(folder.name, 0o755)
    return folder
