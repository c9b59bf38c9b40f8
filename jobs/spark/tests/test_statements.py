"""The ledger's statements are those of the crates, word for word: two lanes that write one ledger must not drift apart."""

import re
import unittest
from pathlib import Path

from waybill_spark import foreign_keys, ledger, places, staging, verdict

CRATES = Path(__file__).resolve().parents[3] / "crates"


def _words(text: str) -> str:
    """Without line breaks, and without the backslashes by which Rust goes on in the next line."""
    return re.sub(r"\s+", " ", text.replace("\\\n", " "))


class Statements(unittest.TestCase):
    def _rust(self, crate: str) -> str:
        return _words("\n".join(path.read_text() for path in sorted((CRATES / crate / "src").rglob("*.rs"))))

    def test_the_ledgers_statements_are_the_crates(self):
        rust = self._rust("ledger")
        for statement in (*ledger.STATEMENTS, *foreign_keys.STATEMENTS, *places.STATEMENTS):
            self.assertTrue(f'"{_words(statement)}"' in rust, statement)
        self.assertIn(f"ATTEMPTS: i32 = {ledger.ATTEMPTS};", rust)

    def test_the_locks_of_merges_are_the_crates(self):
        rust = self._rust("loader")
        for statement in (staging.LOCK_MERGE, staging.LATER_SNAPSHOT):
            self.assertTrue(f'"{_words(statement)}"' in rust, statement)

    def test_what_took_too_long_is_said_as_the_task_lane_says_it(self):
        problem = verdict.out_of_time("{seconds}").problem
        word = problem["type"].rpartition("/")[2]
        self.assertIn(f'OUT_OF_TIME: &str = "{word}";', self._rust("ledger"))
        self.assertIn(
            f'Problem::new(Problem::OUT_OF_TIME, "{problem["title"]}") '
            f'.with_status({problem["status"]}) .with_detail(format!( "{problem["detail"]}" ))',
            self._rust("lane"),
        )


if __name__ == "__main__":
    unittest.main()
