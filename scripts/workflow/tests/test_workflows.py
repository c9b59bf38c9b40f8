"""What the checkers of workflows do not look at."""

import json
import os
import re
import unittest
from fnmatch import fnmatchcase

import deploys
import previews
from case import FOLDER

CHECKOUT = FOLDER.parent.parent
WORKFLOWS = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((CHECKOUT / ".github/actions").glob("*/action.yml"))
# Actions that begin so change nothing in the services that the stack is made of.
READS = ("Describe", "Get", "GET", "List", "View", "Validate", "Decrypt")


def reading_session() -> str:
    """The policy of a session that may only read."""
    text = (CHECKOUT / ".github/actions/aws/action.yml").read_text()
    return " ".join(re.search(r"'(\{.*\})' \|\| ''", text, re.DOTALL)[1].split())


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

    def test_what_is_asked_of_other_runs_is_what_the_workflow_does(self) -> None:
        deployment = jobs((CHECKOUT / ".github/workflows/environment.yml").read_text())
        self.assertEqual(deployment["apply"].count(f"- name: {deploys.APPLIES}\n"), 1)
        # Before the job that enters the group, and with nothing after it that takes time.
        self.assertTrue(deployment["plan"].rstrip().endswith('run: scripts/workflow/not-superseded "$ENVIRONMENT" --coming'))
        for workflow in (deploys.WORKFLOW, previews.WORKFLOW):
            self.assertIn(CHECKOUT / ".github/workflows" / workflow, WORKFLOWS)

    def test_who_asks_for_runs_may_see_them(self) -> None:
        asking = ("not-superseded", "free-lock", "sweep look", "sweep take", "preview remove", "last-command-line", "drift", "destroy run")
        seen = set()
        for path in WORKFLOWS:
            for name, lines in jobs(path.read_text()).items():
                if called := {script for script in asking if f"run: scripts/workflow/{script}" in lines}:
                    seen |= called
                    with self.subTest(workflow=path.name, job=name):
                        self.assertIn("      actions: read #", lines)
        self.assertEqual(seen, set(asking))

    def test_a_rollback_names_the_release_that_is_to_go(self) -> None:
        text = (CHECKOUT / ".github/workflows/rollback.yml").read_text()
        self.assertRegex(text, r"\n      release:\n        description: .*\n        type: string\n        required: true\n")
        self.assertIn("\n      RELEASE: ${{ inputs.release }}\n", text)
        self.assertRegex(text, r'run: scripts/waybill release rollback .*--from "\$RELEASE"')

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
        policy = reading_session()
        # What AWS takes of a policy for a session.
        self.assertLessEqual(len(policy), 2048)
        (statement,) = json.loads(policy)["Statement"]
        self.assertGreater(len(statement["Action"]), 30)
        for action in statement["Action"]:
            self.assertTrue(action.split(":")[1].startswith(READS), action)

    def test_a_session_that_reads_can_do_all_that_the_roles_which_plan_may(self) -> None:
        (statement,) = json.loads(reading_session())["Statement"]
        named = re.findall(r'"([a-z0-9-]+:[A-Za-z]+\*?)"', (CHECKOUT / "iac/bootstrap/policy_reading.tf").read_text())
        self.assertGreater(len(named), 60)
        for action in named + ["s3:GetObject", "s3:ListBucket"]:
            self.assertTrue(any(fnmatchcase(action, allowed) for allowed in statement["Action"]), action)

    def test_whoever_only_looks_at_an_environment_takes_the_role_that_plans(self) -> None:
        planning = [lines for path in WORKFLOWS for lines in jobs(path.read_text()).values() if re.search(r"environment: .*-plan\n", lines)]
        self.assertEqual(len(planning), 3)
        for lines in planning:
            self.assertRegex(lines, r'reading: "true"\n +seconds: "3600"')
            self.assertIn("role: ${{ vars.AWS_ROLE_ARN }}", lines)
