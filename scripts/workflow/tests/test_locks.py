import unittest

from case import WithGitHub, at, load
from environments import time_of
from locks import Lock, keeps, running_jobs


def lock(who: str = "runner@fv-az1", created=at(10)) -> Lock:
    return Lock("an-id", who, "OperationTypeApply", created)


class Keeping(WithGitHub):
    def test_a_runners_lock_is_freed_once_no_job_of_then_is_running(self) -> None:
        self.there.running_job("2026-11-21T10:05:00Z")
        self.assertIsNone(keeps(lock(), running_jobs(self.github), at(11)))

    def test_it_stays_while_a_job_of_then_is_running(self) -> None:
        self.there.running_job("2026-11-21T11:30:00Z")
        self.there.running_job("2026-11-21T09:58:00Z")
        self.assertIn("running still", keeps(lock(), running_jobs(self.github), at(12)))

    def test_a_job_counts_while_another_of_its_run_waits(self) -> None:
        for status in ("waiting", "queued", "pending"):
            with self.subTest(status=status):
                self.there.runs.clear()
                self.there.running_job("2026-11-21T09:58:00Z", run_status=status)
                self.assertIn("running still", keeps(lock(), running_jobs(self.github), at(12)))
        self.there.runs.clear()
        self.there.running_job("2026-11-21T09:58:00Z", run_status="completed", status="completed")
        self.assertIsNone(keeps(lock(), running_jobs(self.github), at(12)))

    def test_clocks_that_differ_a_little_do_not_cost_a_holder_its_lock(self) -> None:
        self.there.running_job("2026-11-21T10:01:00Z")
        self.assertIn("running still", keeps(lock(), running_jobs(self.github), at(12)))

    def test_a_job_that_waits_for_approval_holds_nothing(self) -> None:
        self.there.running_job("2026-11-20T09:00:00Z", status="waiting")
        self.assertIsNone(keeps(lock(), running_jobs(self.github), at(12)))

    def test_a_young_lock_stays_whoever_is_running(self) -> None:
        self.assertIn("younger than 20 minutes", keeps(lock(), [], at(10, 19)))
        self.assertIsNone(keeps(lock(), [], at(10, 21)))

    def test_a_persons_lock_stays_for_ever(self) -> None:
        self.assertIn("a person's", keeps(lock(who="ada@laptop"), [], at(10, day=28)))


class Stale(unittest.TestCase):
    def test_a_lock_older_than_any_job_is_looked_at(self) -> None:
        old_lock = load("stale").old_lock
        self.assertIsNone(old_lock({"state": at(1)}, at(12)))
        self.assertIsNone(old_lock({"lock": at(10)}, at(12)))
        self.assertIn("locked since 2026-11-21 08:00", old_lock({"lock": at(8)}, at(12)))

    def test_a_release_that_ended_badly_is_looked_at_until_something_came_after_it(self) -> None:
        left_release = load("stale").left_release
        for status in ("RUNNING", "SUCCEEDED"):
            self.assertIsNone(left_release([{"name": "r", "status": status}]))
        for status in ("ABORTED", "TIMED_OUT", "FAILED", "PENDING_REDRIVE"):
            self.assertIn(status, left_release([{"name": "r", "status": status}]))
        self.assertIsNone(left_release([]))

    def test_times_are_read_as_terraform_aws_and_github_write_them(self) -> None:
        for text in ("2026-11-21T10:00:00.123456789Z", "2026-11-21T10:00:00Z", "2026-11-21T10:00:00+00:00", "2026-11-21T12:00:00.5+02:00"):
            self.assertEqual(time_of(text).replace(microsecond=0), at(10))
