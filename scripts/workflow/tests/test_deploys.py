import unittest

from case import WithGitHub, load
from deploys import APPLIES, under_way

DONE, BAD, WAITS, RUNS = ("completed", "success"), ("completed", "failure"), ("waiting", None), ("in_progress", None)
CANCELLED = ("completed", "cancelled")


class Order(WithGitHub):
    def test_an_environment_that_has_a_later_commit_is_not_taken_back(self) -> None:
        self.there.deploy_run(41, "waiting", dev=DONE, staging=DONE, prod=WAITS)
        self.there.deploy_run(42, "waiting", dev=DONE, staging=DONE, prod=WAITS)
        self.there.deploy_run(43, "completed", dev=DONE, staging=BAD)
        self.assertRegex(self.refusal("dev", 41), "already.*/runs/43.*rollback")
        self.assertRegex(self.refusal("staging", 41), "already.*/runs/42")
        self.assertIsNone(self.refusal("prod", 41))
        self.assertIsNone(self.refusal("dev", 43, coming=True))

    def test_files_that_are_applied_stay_so_when_the_release_is_taken_back(self) -> None:
        self.there.deploy_run(41, "completed", dev=BAD)
        run = self.there.deploy_run(42, "completed")
        self.there.job(run, "dev / apply", *BAD, steps={APPLIES: "success", "Release": "failure"})
        self.assertRegex(self.refusal("dev", 41), "already.*/runs/42")
        # It was run again, and failed before it came so far.
        self.there.job(run, "dev / apply", *BAD, steps={"Wake the database server": "failure", APPLIES: "skipped"}, attempt=2)
        self.assertRegex(self.refusal("dev", 41), "already.*/runs/42")

    def test_an_earlier_run_does_not_come_to_wait_beside_a_later_one(self) -> None:
        for job in (WAITS, RUNS, ("pending", None), ("queued", None)):
            with self.subTest(apply=job):
                self.there.runs.clear()
                self.there.deploy_run(42, "in_progress", dev=job)
                self.assertRegex(self.refusal("dev", 41, coming=True), "on its way.*/runs/42")
                # What is in the group already is before it.
                self.assertIsNone(self.refusal("dev", 41))

    def test_a_later_run_counts_from_its_plan_on(self) -> None:
        run = self.there.deploy_run(42, "in_progress", dev=DONE)
        self.assertIsNone(self.refusal("staging", 41, coming=True))
        for planned in (RUNS, DONE):
            self.there.jobs[run["id"]].clear()
            self.there.job(run, "staging / plan", *planned)
            self.assertIn("on its way", self.refusal("staging", 41, coming=True))

    def test_a_later_run_that_failed_is_nobodys_way(self) -> None:
        run = self.there.deploy_run(42, "completed", dev=BAD)
        self.there.job(run, "staging / plan", *BAD)
        self.there.job(run, "staging / apply", "completed", "skipped")
        for environment in ("dev", "staging", "prod"):
            self.assertIsNone(self.refusal(environment, 41, coming=True))

    def test_a_later_run_that_lost_its_place_is_to_be_run_again(self) -> None:
        self.there.deploy_run(42, "completed", dev=CANCELLED)
        for coming in (True, False):
            self.assertRegex(self.refusal("dev", 41, coming), "cancelled.*/runs/42.*Run that again")
        # Unless what took its place contains it.
        self.there.deploy_run(43, "waiting", dev=WAITS)
        self.assertIsNone(self.refusal("dev", 41))

    def refusal(self, environment: str, run_number: int, coming: bool = False) -> str | None:
        return load("not-superseded").refusal(self.github, environment, run_number, coming)

    def test_a_deployment_is_on_its_way_until_its_apply_is_over(self) -> None:
        self.there.deploy_run(40, "completed", dev=DONE, staging=BAD)
        run = self.there.deploy_run(41, "waiting", dev=DONE, staging=RUNS)
        self.assertIsNone(under_way(self.github, "dev"))
        # GitHub makes a job when it is about to run: what is not there yet is still to come.
        self.assertEqual(under_way(self.github, "staging"), run)
        self.assertEqual(under_way(self.github, "prod"), run)

    def test_nothing_is_on_its_way_where_all_is_over(self) -> None:
        self.there.deploy_run(40, "completed", dev=DONE, staging=BAD)
        self.assertIsNone(under_way(self.github, "staging"))


class CommandLine(unittest.TestCase):
    def test_only_this_repositorys_main_is_taken_from(self) -> None:
        def artifact(id: int, branch: str = "main", repository: int = 1, expired: bool = False) -> dict:
            return {"expired": expired, "workflow_run": {"id": id, "head_branch": branch, "repository_id": 1, "head_repository_id": repository}}

        newest = load("last-command-line").newest
        self.assertEqual(newest([artifact(5, repository=2), artifact(4, branch="x"), artifact(3, expired=True), artifact(2), artifact(1)]), 2)
        self.assertIsNone(newest([artifact(5, repository=2)]))
