"""What a batch came to, as a line on stdout in CloudWatch's embedded metric format: the line that the other lanes write
(crates/platform, metrics), so that the same alarms and graphs count this lane's batches."""

from __future__ import annotations

import json
import logging
import time
from typing import Any, Optional

from .ledger import End, Held

log = logging.getLogger("waybill.spark")

DIMENSIONS = (("environment", "dataset", "lane"), ("environment", "lane"), ("environment",))
MEASURED = (("rows", "Count"), ("rejected_rows", "Count"), ("content_bytes", "Bytes"), ("load_seconds", "Seconds"))
"""Announced only where the content was read to its end: what was not measured must not pull an average down."""


class Metrics:
    """One attempt's lines. `dataset`: none where no contract has it, for names that senders make up would each be a metric
    that is paid for."""

    def __init__(self, environment: str, release: str, held: Held, dataset: Optional[str]):
        self._about = {
            "environment": environment,
            "dataset": dataset or "unknown",
            "lane": "spark",
            "release": release,
            "batch": str(held.id),
            "attempt": held.attempt,
        }
        self._began = time.monotonic()

    def received(self) -> None:
        """It is begun for the first time."""
        self._write("received", {})

    def ended(self, end: End) -> None:
        """The attempt is over, whether or not the batch is tried again."""
        known = end.summary
        if not known:
            self._write(end.state, {})
            return
        self._write(end.state, {
            "rows": known.rows if end.state in ("committed", "checked") else 0,
            "rejected_rows": end.rejected,
            "content_bytes": known.content_bytes,
            "load_seconds": round(time.monotonic() - self._began, 3),
        })  # fmt: skip

    def _write(self, state: str, measured: "dict[str, Any]") -> None:
        outcome = f"batches_{state}"
        announced = ((outcome, "Count"), *(MEASURED if measured else ()))
        directive = {
            "Namespace": "Waybill",
            "Dimensions": DIMENSIONS,
            "Metrics": [{"Name": name, "Unit": unit} for name, unit in announced],
        }
        envelope = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
        line = {"_aws": envelope, **self._about, "state": state, **measured, outcome: 1}
        try:
            print(json.dumps(line), flush=True)
        except (OSError, ValueError) as error:
            # A full disk or a reader that is gone: nothing that a batch should depend on.
            log.warning("batch=%s: a metrics line was lost: %s", self._about["batch"], type(error).__name__)
