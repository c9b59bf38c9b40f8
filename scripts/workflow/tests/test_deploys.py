import unittest

from case import WithGitHub, load
from deploys import newer, under_way

DONE, BAD, WAITS, RUNS = ("completed", "success"), ("completed", "failure"), ("waiting", None), ("in_progress", None)


class Order(WithGitHub):
    def test_an_environment_that_has_a_later_commit_is_not_taken_back(self) -> None:
        self.there.deploy_run(41, "waiting", dev=DONE, staging=DONE, prod=WAITS)
        self.there.deploy_run(42, "waiting", dev=DONE, staging=DONE, prod=WAITS)
        self.there.deploy_run(43, "completed", dev=DONE, staging=BAD)
        self.assertEqual(newer(self.github, "dev", 41)["run_number"], 43)
        self.assertEqual(newer(self.github, "staging", 41)["run_number"], 42)
        self.assertIsNone(newer(self.github, "prod", 41))
        self.assertIsNone(newer(self.github, "dev", 43))

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
