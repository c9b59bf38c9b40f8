"""This lane begins where the others end: a batch that intake sends here must not be refused for its size."""

import re
import tempfile
import unittest
from pathlib import Path

from waybill_spark import content
from waybill_spark.contract import read
from waybill_spark.head import Head
from waybill_spark.object_key import understand
from waybill_spark.reading import open_content
from waybill_spark.store import Place
from waybill_spark.tasks import Source

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
GIB = 1 << 30


def _said(file: str, pattern: str) -> int:
    """The number that a file of another part says."""
    (found,) = re.findall(pattern, (CHECKOUT / file).read_text())
    value, _, shift = found.replace("_", "").partition(" << ")
    return int(value) << int(shift or 0)


class _Unread:
    """Stands for the engine where hashing so much would take hours: the size is all that is asked for."""

    def counter(self):
        return None

    def run(self, what, work, items):
        assert len(items) == 1, "one range needs no scan: only the hash is to be had"
        return [content.Unpacked(0, b"", None)]


class Limits(unittest.TestCase):
    def test_what_no_task_takes_comes_here_and_is_taken(self):
        tasks = _said("crates/reader/src/limits.rs", r"content_bytes: (\d+ << \d+)")
        most = GIB * _said("iac/stack/variables.tf", r"var\.spark\.from_gb <= (\d+)")
        given = GIB * _said("iac/stack/variables.tf", r"from_gb += optional\(number, (\d+)\)")
        programs = _said("crates/platform/src/settings/spark.rs", r"DEFAULT_BYTES: u64 = (\d+ << \d+)")
        self.assertEqual((most, given, programs), (tasks, tasks, tasks))
        self.assertGreater(content.CONTENT_BYTES, 100 * tasks)

    def test_content_expands_as_far_as_in_the_other_lanes(self):
        limits = "crates/reader/src/limits.rs"
        self.assertEqual(content.RATIO, _said(limits, r"ratio: (\d+)"))
        self.assertEqual(content.RATIO_FROM, _said(limits, r"ratio_from: (\d+ << \d+)"))

    def test_an_object_that_no_task_takes_is_read_to_its_end(self):
        written = understand("everything/large.csv", {"everything": read((HERE / "everything.toml").read_text())})
        size = 70 * GIB
        with tempfile.TemporaryDirectory() as folder:
            place = Place("incoming", "everything/large.csv")
            path = Path(folder, place.bucket, place.key)
            path.parent.mkdir(parents=True)
            with path.open("wb") as file:
                file.write(b"code\nAB1\n")
                file.truncate(size)
            found = open_content(_Unread(), Source(place, size, folder, False), written, place, 2 * size)
        self.assertIsInstance(found.head, Head)
        self.assertEqual((found.source.size, found.source.cut_off, found.ends), (size, False, (size,)))


if __name__ == "__main__":
    unittest.main()
