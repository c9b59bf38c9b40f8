"""The lines are those that the other lanes write: the same alarms and graphs read both."""

import contextlib
import errno
import io
import json
import re
import unittest
import uuid
from pathlib import Path

from waybill_spark.ledger import End, Held, Summary
from waybill_spark.metrics import Metrics

RUST = Path(__file__).resolve().parents[3] / "crates/platform/src"
HELD = Held(7, uuid.UUID("018f4e3e-7b5c-7cc0-8000-000000000001"), 2, "prices", "b", "k", None, 1, False, False, None, None, 1)
READ = Summary(9, 100, b"", None)


def _line(end: End, dataset: "str | None" = "prices") -> dict:
    with contextlib.redirect_stdout(io.StringIO()) as written:
        Metrics("prod", "c0ffee", HELD, dataset).ended(end)
    return json.loads(written.getvalue())


def _announced(line: dict) -> "list[str]":
    return [metric["Name"] for directive in line["_aws"]["CloudWatchMetrics"] for metric in directive["Metrics"]]


class _Full(io.StringIO):
    """Takes nothing more."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "no space left")


class Lines(unittest.TestCase):
    def test_a_line_has_what_it_announces(self):
        line = _line(End("committed", READ))
        self.assertEqual([line[name] for name in _announced(line)][:4], [1, 9, 0, 100])
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        for name in {name for names in directive["Dimensions"] for name in names}:
            self.assertIsInstance(line[name], str)

    def test_what_was_not_measured_is_not_announced(self):
        self.assertEqual(_announced(_line(End("failed"))), ["batches_failed"])

    def test_rows_that_were_not_loaded_do_not_count(self):
        line = _line(End("rejected", READ, rejected=3))
        self.assertEqual((line["rows"], line["rejected_rows"]), (0, 3))

    def test_a_line_that_cannot_be_written_stops_nothing(self):
        with contextlib.redirect_stdout(_Full()), self.assertLogs("waybill.spark") as said:
            Metrics("prod", "c0ffee", HELD, "prices").ended(End("committed", READ))
        self.assertIn("a metrics line was lost: OSError", said.output[0])

    def test_names_that_senders_make_up_are_no_metrics(self):
        self.assertEqual(_line(End("failed"), None)["dataset"], "unknown")

    def test_names_units_and_dimensions_are_the_other_lanes(self):
        rust = (RUST / "metrics/load.rs").read_text().partition("#[cfg(test)]")[0]
        (directive,) = _line(End("committed", READ))["_aws"]["CloudWatchMetrics"]
        pairs = re.findall(r'\("(\w+)", "(\w+)"\)', rust)
        self.assertEqual([(metric["Name"], metric["Unit"]) for metric in directive["Metrics"][1:]], pairs)
        sets = re.findall(r"&\[ENVIRONMENT([^\]]*)\]", rust.partition("of_the_version")[0])
        theirs = [["environment", *re.findall(r'"(\w+)"', names)] for names in sets]
        self.assertEqual(directive["Dimensions"], theirs)
        names = (RUST / "metrics.rs").read_text()
        self.assertIn(f'NAMESPACE: &str = "{directive["Namespace"]}"', names)
        self.assertIn(f'BATCHES_COMMITTED: &str = "{directive["Metrics"][0]["Name"]}"', names)


if __name__ == "__main__":
    unittest.main()
