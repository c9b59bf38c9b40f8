import copy
import unittest

from case import load
from plans import NOTHING, Plan, digest

CHANGE = {"address": "module.api.aws_x.this", "change": {"actions": ["update"], "before": {"name": "a"}, "after": {"name": "b"}, "after_unknown": {}}}
OTHER = {"address": "aws_y.this", "change": {"actions": ["create"], "before": None, "after": {}, "after_unknown": {"arn": True}}}
STILL = {"address": "aws_z.this", "change": {"actions": ["no-op"], "before": {"last": 1}, "after": {"last": 1}}}
READ = {"address": "data.aws_z.this", "change": {"actions": ["read"], "before": None, "after": {}}}


class Digests(unittest.TestCase):
    def test_the_same_changes_have_the_same_digest_whenever_they_were_planned(self) -> None:
        one = {"resource_changes": [CHANGE, OTHER, STILL], "timestamp": "1", "prior_state": {"serial": 1}}
        two = {"resource_changes": [OTHER, READ, CHANGE], "timestamp": "2", "prior_state": {"serial": 2}}
        self.assertEqual(digest(one), digest(two))

    def test_another_change_has_another_digest(self) -> None:
        first = digest({"resource_changes": [CHANGE, OTHER]})
        changed = copy.deepcopy(CHANGE)
        changed["change"]["after"]["name"] = "c"
        replaced = copy.deepcopy(CHANGE)
        replaced["change"]["actions"] = ["delete", "create"]
        drifted = copy.deepcopy(CHANGE)
        drifted["change"]["before"]["name"] = "z"
        moved = {**STILL, "previous_address": "aws_z.old"}
        for plan in ([CHANGE], [changed, OTHER], [replaced, OTHER], [drifted, OTHER], [CHANGE, OTHER, moved], []):
            with self.subTest(plan=plan):
                self.assertNotEqual(digest({"resource_changes": plan}), first)
        output = {"url": {"actions": ["update"], "before": "a", "after": "b"}}
        self.assertNotEqual(digest({"resource_changes": [CHANGE, OTHER], "output_changes": output}), first)

    def test_a_plan_that_changes_nothing_says_so(self) -> None:
        self.assertEqual(digest({"resource_changes": [STILL, READ], "output_changes": {"url": {"actions": ["no-op"]}}}), NOTHING)


class Approval(unittest.TestCase):
    def to_apply(self, digest: str, approved: str | None, there: bool = True) -> bool:
        return load("apply").is_to_apply(Plan("dev", digest != NOTHING, "", digest, None), approved, there)

    def test_what_was_approved_is_applied_and_nothing_else(self) -> None:
        self.assertTrue(self.to_apply("a", "a"))
        self.assertTrue(self.to_apply("a", "new", there=False))
        self.assertTrue(self.to_apply("a", None))
        for approved, there in (("b", True), ("new", True), (NOTHING, True), ("", True), ("a", False)):
            with self.subTest(approved=approved, there=there), self.assertRaisesRegex(SystemExit, "is not what it was"):
                self.to_apply("a", approved, there)

    def test_a_run_that_applied_already_goes_on_when_it_is_run_again(self) -> None:
        for approved in ("a", "new", NOTHING, None):
            self.assertFalse(self.to_apply(NOTHING, approved))
