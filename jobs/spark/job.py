"""Loads one batch with Spark: what EMR Serverless, Glue or a local master is told to run.

    spark-submit --py-files waybill_spark.zip job.py --batch <id> --lake s3://bucket/prefix …

The batch must be in the ledger. Where the database is: DATABASE_URL, or --host, --database, --login and the SSM parameter that
holds the password. Ends with 0 where the batch is settled, well or badly; with 1 where it has to be tried again.
"""

from __future__ import annotations

import argparse
import importlib.resources
import logging
import os
import sys
import time
import uuid
from pathlib import Path

from pyspark.sql import SparkSession

import waybill_spark
from waybill_spark.access import Access
from waybill_spark.contract import read_folder
from waybill_spark.engine import Engine
from waybill_spark.load import Settings
from waybill_spark.reading import RANGE_BYTES
from waybill_spark.run import run
from waybill_spark.store import Place


MARGIN_S = 300
"""How long before the end of its time a load is stopped: the engine counts from before this program began, and there must be time
left to say so in. Ended by the engine, the batch would look as if the driver had died, and be begun again and again."""


def main(arguments: "list[str]") -> int:
    """Runs the job; its exit status."""
    began = time.monotonic()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    told = _parser().parse_known_args(arguments)[0]  # Glue adds arguments of its own.
    settings = Settings(
        contracts=read_folder(Path(told.contracts) if told.contracts else _shipped()),
        lake=Place.parse(told.lake),
        access=_access(told),
        folder=told.folder,
        release=told.release,
        environment=told.environment,
        range_bytes=told.range_mib << 20,
        late=None if told.time_limit_s is None else began + told.time_limit_s - min(MARGIN_S, told.time_limit_s / 10),
    )
    spark = SparkSession.builder.appName(f"waybill {told.batch}").getOrCreate()
    try:
        done = run(Engine(spark.sparkContext), settings, told.batch)
    finally:
        spark.stop()
    return 0 if done.good else 1


def _access(told: argparse.Namespace) -> Access:
    if told.host:
        return Access(None, told.host, told.port, told.database, told.login, told.password_parameter, told.authorities)
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise SystemExit("where is the database? set DATABASE_URL, or give --host, --database, --login and the others")
    return Access(url)


def _shipped() -> object:
    """The contracts of this release, which lie in the package."""
    return importlib.resources.files(waybill_spark) / "datasets"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Loads one batch with Spark.", allow_abbrev=False)
    parser.add_argument("--batch", type=uuid.UUID, required=True, help="the batch's id in the ledger")
    parser.add_argument("--lake", required=True, help="where Parquet goes: s3://bucket/prefix")
    parser.add_argument("--release", default="spark", help="the release that the ledger names")
    parser.add_argument("--environment", default="local", help="the environment that metrics are counted under")
    parser.add_argument("--contracts", help="a folder of contracts instead of this release's")
    parser.add_argument("--folder", help="a folder that stands for S3, with a folder for each bucket")
    parser.add_argument("--range-mib", type=int, default=RANGE_BYTES >> 20, help="how much of a file one task reads")
    parser.add_argument("--time-limit-s", type=int, help="after how many seconds the engine ends the job")
    parser.add_argument("--host", help="the database's host")
    parser.add_argument("--port", type=int, default=5432)
    parser.add_argument("--database", default="")
    parser.add_argument("--login", default="")
    parser.add_argument("--password-parameter", default="", help="the SSM parameter that holds the password")
    parser.add_argument("--authorities", default="", help="a PEM file of authorities: a path, or one that lies beside the job")
    return parser


if __name__ == "__main__":
    # Not sys.exit: Glue takes any SystemExit for a failure.
    status = main(sys.argv[1:])
    if status:
        sys.exit(status)
