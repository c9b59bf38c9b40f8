"""What the checkers of workflows do not look at."""

import json
import os
import re
import unittest

from case import FOLDER

CHECKOUT = FOLDER.parent.parent
WORKFLOWS = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((CHECKOUT / ".github/actions").glob("*/action.yml"))
# Actions that begin so change nothing in the services that the stack is made of.
READS = ("Describe", "Get", "GET", "List", "View", "Validate", "Decrypt")


def jobs(text: str) -> dict[str, str]:
    """Each job's lines, by its id."""
    parts = re.split(r"^  ([a-z-]+):\n", text.split("\njobs:\n")[1], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


class Workflows(unittest.TestCase):
    def test_every_job_ends_by_itself_and_says_what_it_may(self) -> None:
        seen = 0
        for path in WORKFLOWS:
            for name, lines in jobs(path.read_text()).items():
                with self.subTest(workflow=path.name, job=name):
                    seen += 1
                    self.assertIn("\n    permissions:", "\n" + lines)
                    self.assertTrue("    timeout-minutes:" in lines or "    uses: ./" in lines)
        self.assertGreater(seen, 20)

    def test_nothing_that_applies_or_destroys_is_ever_cancelled(self) -> None:
        for path in WORKFLOWS:
            for line in re.findall(r"cancel-in-progress: (.*)", path.read_text()):
                with self.subTest(workflow=path.name):
                    self.assertTrue(line == "false" or path.name == "ci.yml")

    def test_every_script_that_is_called_is_there(self) -> None:
        called = {script for path in WORKFLOWS + ACTIONS for script in re.findall(r"run: ((?:scripts|\.ci)/[\w/-]+)", path.read_text())}
        self.assertGreater(len(called), 15)
        for script in called:
            self.assertTrue(os.access(CHECKOUT / script, os.X_OK), script)

    def test_no_step_is_longer_than_a_line(self) -> None:
        for path in WORKFLOWS + ACTIONS:
            self.assertNotRegex(path.read_text(), r"run: [|>]", path.name)

    def test_an_action_is_the_same_commit_everywhere(self) -> None:
        pins: dict[str, set[str]] = {}
        for path in WORKFLOWS + ACTIONS:
            for action, pin in re.findall(r"uses: ([^.@\s][^@\s]*)@(.*)", path.read_text()):
                self.assertRegex(pin, r"^[0-9a-f]{40} # v\d+\.\d+\.\d+$")
                pins.setdefault(action, set()).add(pin)
        self.assertEqual({action for action, found in pins.items() if len(found) > 1}, set())

    def test_terraform_is_the_same_version_everywhere(self) -> None:
        versions = {version for path in WORKFLOWS + ACTIONS for version in re.findall(r"terraform_version: (.*)", path.read_text())}
        self.assertEqual(len(versions), 1, versions)

    def test_a_session_that_reads_can_do_nothing_else(self) -> None:
        text = (CHECKOUT / ".github/actions/aws/action.yml").read_text()
        policy = " ".join(re.search(r"'(\{.*\})' \|\| ''", text, re.DOTALL)[1].split())
        # What AWS takes of a policy for a session.
        self.assertLessEqual(len(policy), 2048)
        (statement,) = json.loads(policy)["Statement"]
        self.assertGreater(len(statement["Action"]), 30)
        for action in statement["Action"]:
            self.assertTrue(action.split(":")[1].startswith(READS), action)
