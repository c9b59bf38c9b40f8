"""Deliveries to a stack as partners make them: what the tests of deliveries and of releases share. Runs under the Python of
.local/venv, whose botocore is the client of everything."""

import json
import subprocess
import time
import urllib.parse

import botocore.session
from botocore.config import Config
from stack import EXAMPLES, Stack

ROUTE = "PTLEI,UYMVD"


class Deliveries:
    """The bucket and the queue of a stack, as a partner's client and S3 itself use them."""

    def __init__(self, stack: Stack):
        variables = stack.variables()
        self.stack = stack
        self.bucket = variables["WAYBILL_INCOMING_BUCKET"]
        session = botocore.session.get_session()
        settings = {
            "endpoint_url": variables["AWS_ENDPOINT_URL"],
            "region_name": variables["AWS_REGION"],
            "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
        }
        path_style = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 5})
        self.s3 = session.create_client("s3", config=path_style, **settings)
        self.sqs = session.create_client("sqs", **settings)
        self.ssm = session.create_client("ssm", **settings)
        self.functions = session.create_client("lambda", **settings)
        self.variables = variables
        names = stack.json("local", "names")
        names, loads = names["intake"], names["loads"]
        self.queue = self.sqs.get_queue_url(QueueName=names["queue"])["QueueUrl"]
        self.loads = self.sqs.get_queue_url(QueueName=loads["queue"])["QueueUrl"]
        self.dead = self.sqs.get_queue_url(QueueName=names["dead_letter_queue"])["QueueUrl"]
        self.database = variables["DATABASE_URL"]

    def put(self, key: str, content: bytes) -> dict:
        """Puts an object; its key, version, tag and size."""
        done = self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)
        return {"key": key, "version": done.get("VersionId"), "tag": done["ETag"], "size": len(content)}

    def event(self, what: dict) -> str:
        """The event that S3 sends of an object, with its key as S3 writes keys."""
        entity = {
            "key": urllib.parse.quote_plus(what["key"], safe="/"),
            "size": what["size"],
            "eTag": what["tag"].strip('"'),
            "versionId": what["version"],
            "sequencer": "0055AED6DCD90281E5",
        }
        record = {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "eu-west-1",
            "eventTime": "2026-01-01T00:00:00.000Z",
            "eventName": "ObjectCreated:Put",
            "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": self.bucket}, "object": entity},
        }
        return json.dumps({"Records": [record]})

    def tell(self, what: dict) -> None:
        """Sends the object's event once more."""
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=self.event(what))

    def depth(self, queue: str) -> int:
        """How many messages a queue has, those in work included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)
        return sum(int(value) for value in answer["Attributes"].values())

    def batches(self, key: str) -> list[dict]:
        """The batches that the ledger has of a key."""
        lines = self.stack.run("batches", "--limit", "200", "--json").splitlines()
        return [batch for batch in map(json.loads, lines) if f"/{key}" in batch["source"].split("?versionId")[0]]

    def settled(self, key: str, count: int = 1, seconds: float = 120) -> list[dict]:
        """Waits until so many batches of a key are settled; they are as they were then."""
        last: list[dict] = []

        def done() -> bool:
            nonlocal last
            last = self.batches(key)
            return len(last) == count and all(b["state"] not in ("received", "loading", "failed") for b in last)

        wait(done, seconds, lambda: f"the batches of {key} are {[(b['state'], b['attempt']) for b in last]}")
        return last

    def call(self, function: str, **request: object) -> dict:
        """A function's answer, or the error that it answers with."""
        done = self.functions.invoke(FunctionName=f"waybill-local-{function}", Qualifier="live", Payload=json.dumps(request))
        return json.loads(done["Payload"].read())

    def sql(self, text: str) -> str:
        """What psql answers."""
        command = [self.stack.psql(), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", self.database, "-c", text]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def count(self, number: int | str = "batch") -> int:
        """How many rows of prices a batch has."""
        return int(self.sql(f"select count(*) from prices where batch = {number}"))


def wait(condition, seconds: float, last_seen) -> None:
    """Waits for a condition, and says what was last seen if it never holds."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds:.0f} s: {last_seen()}")
        time.sleep(0.1)


def prices(rows: int, price: int) -> bytes:
    """That many rows of one route, all at one price."""
    return b"orig_code,dest_code,day,price\n" + f"{ROUTE},2022-01-01,{price}\n".encode() * rows


def loads_what_it_refers_to(there: Deliveries) -> None:
    for dataset in ("regions", "ports"):
        there.put(f"{dataset}/{dataset}.csv", (EXAMPLES / f"{dataset}.csv").read_bytes())
        (batch,) = there.settled(f"{dataset}/{dataset}.csv")
        assert batch["state"] == "committed", batch
