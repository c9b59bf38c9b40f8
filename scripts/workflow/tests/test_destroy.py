import unittest

from case import WithGitHub, load


class Destroying(WithGitHub):
    def test_prod_strangers_and_what_was_not_typed_twice_are_refused(self) -> None:
        refusal = load("destroy").refusal
        for environment in ("dev", "staging", "pr-12"):
            self.assertIsNone(refusal(environment, environment))
            self.assertIn("typed", refusal(environment, ""))
        for environment in ("prod", "pr-", "pr-0", "local", "default", "../prod", "prod ", ""):
            self.assertIsNotNone(refusal(environment, environment))

    def test_it_is_refused_where_nobody_would_be_asked(self) -> None:
        asks = load("destroy").asks_somebody
        self.assertFalse(asks(self.github))
        self.there.environments["destroy"] = {"protection_rules": [{"type": "branch_policy"}]}
        self.assertFalse(asks(self.github))
        self.there.environments["destroy"] = {"protection_rules": [{"type": "branch_policy"}, {"type": "required_reviewers"}]}
        self.assertTrue(asks(self.github))


class Waking(unittest.TestCase):
    def wake(self, *seen: str | None) -> tuple[int, int]:
        """How often it was told to start, and how often it was waited for."""
        from server import wake

        told, statuses = [0, 0], iter(seen)

        def count(place: int) -> None:
            told[place] += 1

        wake(lambda: next(statuses), lambda: count(0), lambda: count(1), tries=len(seen) - 1)
        return told[0], told[1]

    def test_a_server_that_answers_is_left_alone(self) -> None:
        for status in ("available", "backing-up", "modifying", None):
            self.assertEqual(self.wake(status), (0, 0))

    def test_one_that_sleeps_is_started_once_and_waited_for(self) -> None:
        self.assertEqual(self.wake("stopped", "stopped", "starting", "available"), (1, 3))

    def test_one_that_falls_asleep_is_started_when_it_is_stopped(self) -> None:
        self.assertEqual(self.wake("stopping", "stopped", "starting", "available"), (1, 3))

    def test_one_that_does_not_come_is_said_to_be_what_it_is(self) -> None:
        with self.assertRaisesRegex(SystemExit, "still 'starting'"):
            self.wake("stopped", "starting", "starting")
