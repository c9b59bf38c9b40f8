import unittest

import words
from case import WithGitHub, load
from plans import Plan
from threads import close_issue, comment, open_issue, put_comment
from words import COMMENT_LIMIT, fenced


class Comments(WithGitHub):
    def test_a_comment_is_made_once_and_changed_in_place(self) -> None:
        # More than one page of other people's.
        for number in range(130):
            self.there.comment(7, f"remark {number}", user={"login": "somebody"})
        put_comment(self.github, 7, "plan", "first")
        put_comment(self.github, 7, "plan", "second")
        ours = [one for one in self.there.comments[7] if "waybill:plan" in one["body"]]
        self.assertEqual([one["body"] for one in ours], ["<!-- waybill:plan -->\nsecond"])

    def test_a_comment_of_another_name_or_of_somebody_else_is_left_alone(self) -> None:
        self.there.comment(7, "<!-- waybill:plan -->\nforged", user={"login": "somebody"})
        put_comment(self.github, 7, "preview", "there")
        put_comment(self.github, 7, "plan", "ours")
        self.assertEqual([one["body"].split("\n")[1] for one in self.there.comments[7]], ["forged", "there", "ours"])
        self.assertIn("ours", comment(self.github, 7, "plan")["body"])

    def test_what_passes_is_asked_again_and_what_writes_is_not(self) -> None:
        self.there.comment(7, "<!-- waybill:plan -->\nold")
        self.there.broken = 1
        self.assertIn("old", comment(self.github, 7, "plan")["body"])
        self.there.broken = 1
        with self.assertRaisesRegex(SystemExit, "POST issues/7/comments: 502"):
            self.github.post("issues/7/comments", body="x")
        self.assertEqual(len(self.there.comments[7]), 1)

    def test_what_is_not_there_is_said_plainly(self) -> None:
        self.assertIsNone(self.github.find("pulls/99"))
        with self.assertRaisesRegex(SystemExit, "GET pulls/99: 404"):
            self.github.get("pulls/99")


class Issues(WithGitHub):
    def test_an_issue_is_opened_brought_up_to_date_and_closed_once(self) -> None:
        number = open_issue(self.github, "drift-dev", "dev drifted", "one")
        self.assertEqual(open_issue(self.github, "drift-dev", "dev drifted", "two"), number)
        open_issue(self.github, "drift-prod", "prod drifted", "other")
        self.assertEqual([(i["state"], i["body"].split("\n")[1]) for i in self.there.issues], [("open", "two"), ("open", "other")])
        self.assertEqual(close_issue(self.github, "drift-dev", "it agrees"), number)
        self.assertEqual([i["state"] for i in self.there.issues], ["closed", "open"])
        self.assertEqual(self.there.comments[number][0]["body"], "it agrees")
        self.assertIsNone(close_issue(self.github, "drift-dev", "again"))

    def test_the_next_time_it_is_another_issue(self) -> None:
        first = open_issue(self.github, "drift-dev", "dev drifted", "one")
        close_issue(self.github, "drift-dev", "it agrees")
        self.assertNotEqual(open_issue(self.github, "drift-dev", "dev drifted", "two"), first)


class Text(unittest.TestCase):
    def test_nothing_in_a_plan_ends_its_block(self) -> None:
        block = fenced("a\n```\n## not a heading\n````\n", 1000)
        self.assertTrue(block.startswith("`````\na") and block.endswith("\n`````"))

    def test_what_is_too_long_keeps_its_beginning_and_its_end(self) -> None:
        plan = "# first\n" + "x" * 50 + ("\n" + "y" * 99) * 2000 + "\nPlan: 3 to add, 0 to change, 0 to destroy."
        block = fenced(plan, 10_000)
        self.assertLessEqual(len(block), 10_000)
        self.assertIn("# first", block)
        self.assertIn("Plan: 3 to add", block)
        self.assertIn("left out", block)

    def test_an_output_of_two_lines_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            words.output("digest", "a\nevil=b")

    def test_the_comment_fits_whatever_the_plans_are(self) -> None:
        long = Plan("dev", True, "z" * 400_000 + "\nPlan: 9 to add, 0 to change, 0 to destroy.", "d", None)
        results = {"dev": long, "staging": SystemExit("e" * 200_000)}
        text = load("plan").comment(results, "c0ffee" * 6)
        self.assertLess(len(text), COMMENT_LIMIT)
        for wanted in ("### dev", "Plan: 9 to add", "### staging: cannot be planned", "c0ffeec0ffee", "`prod` is planned"):
            self.assertIn(wanted, text)
