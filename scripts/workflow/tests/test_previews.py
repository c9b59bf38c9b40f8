import unittest

from case import WithGitHub, at, load
from previews import lifetime, wanted, why_gone
from small_github import REPOSITORY
from threads import put_comment

NOW = at(12)


class Wanted(WithGitHub):
    def test_an_open_pull_request_of_ours_with_the_label_has_one(self) -> None:
        self.assertTrue(wanted(self.there.pull(1), REPOSITORY))
        self.assertFalse(wanted(self.there.pull(2, state="closed"), REPOSITORY))
        self.assertFalse(wanted(self.there.pull(3, labels=("bug",)), REPOSITORY))
        self.assertFalse(wanted(self.there.pull(4, repository="stranger/name"), REPOSITORY))
        # Its fork was deleted.
        self.assertFalse(wanted(self.there.pull(5, repository=None), REPOSITORY))

    def test_what_is_done_follows_from_how_things_are_now(self) -> None:
        decide = load("preview").decide
        self.there.pull(1)
        self.assertEqual(decide(self.github, 1), ("make", f"{1:040x}"))
        self.there.pull(1, state="closed")
        self.assertEqual(decide(self.github, 1)[0], "nothing")
        put_comment(self.github, 1, "preview", "A preview is being made")
        self.assertEqual(decide(self.github, 1)[0], "remove")
        put_comment(self.github, 1, "preview", "There is no preview any more: closed.")
        self.assertEqual(decide(self.github, 1)[0], "nothing")
        self.there.pull(1)
        self.assertEqual(decide(self.github, 1)[0], "make")


class Sweeping(WithGitHub):
    def ripe(self, there: dict) -> dict[int, str]:
        return load("sweep").ripe(self.github, there, NOW)

    def test_it_takes_what_has_no_open_pull_request_or_no_label(self) -> None:
        self.there.pull(1)
        self.there.pull(2, state="closed")
        self.there.pull(3, labels=())
        fresh = {"state": at(11)}
        taken = self.ripe({f"pr-{number}": fresh for number in (1, 2, 3, 4)})
        self.assertEqual(taken.keys(), {2, 3, 4})
        self.assertIn("closed", taken[2])
        self.assertIn("label", taken[3])
        self.assertIn("no such", taken[4])

    def test_it_takes_what_nobody_brought_up_to_date_for_its_lifetime(self) -> None:
        self.there.pull(1)
        self.assertEqual(self.ripe({"pr-1": {"state": at(11, 59, day=18)}}).keys(), {1})
        self.assertEqual(self.ripe({"pr-1": {"state": at(12, 1, day=18)}}), {})

    def test_a_push_that_changed_only_code_counts_too(self) -> None:
        self.there.pull(1)
        self.there.comment(1, "<!-- waybill:preview -->\nthere", updated_at="2026-11-20T12:00:00Z")
        self.assertEqual(self.ripe({"pr-1": {"state": at(1, day=1)}}), {})
        self.assertIsNone(why_gone(self.github, 1, at(1, day=1), NOW))

    def test_it_leaves_alone_what_its_own_workflow_is_at_work_on(self) -> None:
        going = {number: "its pull request is closed" for number in (1, 2, 3, 4, 5, 6, 7)}
        for number in (1, 2, 3, 4, 5, 6):
            self.there.pull(number, state="closed")
        for number, status in ((1, "in_progress"), (2, "waiting"), (3, "queued"), (4, "pending"), (5, "completed")):
            self.there.preview_run(f"branch-{number}", status)
        self.assertEqual(load("sweep").without_busy(self.github, going).keys(), {5, 6, 7})

    def test_environments_and_strangers_workspaces_are_never_taken(self) -> None:
        there = {name: {"state": at(1, day=1)} for name in ("dev", "staging", "prod", "pr-x", "pr-007", "alice", "pr-12x")}
        self.assertEqual(self.ripe(there), {})
        self.assertEqual(load("sweep").unknown(there), ["alice", "pr-007", "pr-12x", "pr-x"])

    def test_a_lifetime_that_is_no_number_is_refused(self) -> None:
        self.assertEqual(lifetime({"PREVIEW_HOURS": "8"}).total_seconds(), 8 * 3600)
        self.assertEqual(lifetime({"PREVIEW_HOURS": ""}).total_seconds(), 72 * 3600)
        for said in ("soon", "0", "-3"):
            with self.assertRaisesRegex(SystemExit, "PREVIEW_HOURS"):
                lifetime({"PREVIEW_HOURS": said})


class Leftovers(WithGitHub):
    def test_what_no_state_knows_is_reported_once_tags_had_time_to_go(self) -> None:
        leftovers = load("sweep").leftovers
        self.there.pull(1, state="closed")
        self.there.pull(2, state="closed")["closed_at"] = "2026-11-20T12:00:00Z"
        things = {"pr-1": ["arn:1"], "pr-2": ["arn:b", "arn:a"], "pr-3": ["arn:3"], "pr-4": ["arn:4"], "dev": ["arn:dev"]}
        self.assertEqual(leftovers(self.github, things, {"pr-4": {}}, NOW), {"pr-2": ["arn:a", "arn:b"], "pr-3": ["arn:3"]})

    def test_one_issue_lives_as_long_as_something_is_left(self) -> None:
        report = load("sweep").report
        report(self.github, ["alice"], {"pr-2": ["arn:a"]})
        report(self.github, [], {"pr-2": [f"arn:{number}" for number in range(150)]})
        (issue,) = self.there.issues
        self.assertNotIn("alice", issue["body"])
        self.assertIn("and 50 more", issue["body"])
        report(self.github, [], {})
        self.assertEqual([one["state"] for one in self.there.issues], ["closed"])
