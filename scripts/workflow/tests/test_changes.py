import subprocess
import tempfile
import unittest
from pathlib import Path

from case import FOLDER, load
from changes import ALL, touched

TABLE = [
    (["docs/api.md", "README.md", "LICENSE"], set()),
    (["docs/contracts.md", "docs/canary.md"], {"rust"}),
    (["docs/scaling.md", "docs/examples/prices-by-month.sql"], {"rust"}),
    (["iac/modules/release/definition.asl.json"], {"rust", "terraform"}),
    (["docs/environments.md"], {"terraform"}),
    (["docs/runbooks/api-errors.md"], {"terraform"}),
    (["docs/workflows.md"], {"workflows"}),
    (["crates/loader/src/load.rs"], {"rust"}),
    (["crates/platform/src/names.rs"], {"rust", "terraform"}),
    (["migrations/V3__more.sql"], {"rust"}),
    (["datasets/prices.toml", "Cargo.lock"], {"rust"}),
    (["iac/modules/api/main.tf"], {"terraform"}),
    (["iac/modules/api/README.md"], {"terraform"}),
    (["environments/prod.tfvars"], {"terraform"}),
    ([".github/workflows/ci.yml"], {"workflows"}),
    (["scripts/workflow/plans.py"], {"workflows"}),
    (["scripts/lib/workflows.txt"], {"workflows"}),
    (["scripts/environment"], {"terraform", "workflows"}),
    (["scripts/lib/common.sh"], ALL),
    ([".ci/run"], ALL),
    (["something/new"], ALL),
    (["crates/api.md", "iac/stack/api.tf"], {"rust", "terraform"}),
    (["docs/api.md", ".gitignore"], ALL),
    ([], set()),
]


class Touched(unittest.TestCase):
    def test_the_paths_of_a_change_decide_what_is_checked(self) -> None:
        for paths, wanted in TABLE:
            with self.subTest(paths=paths):
                self.assertEqual(touched(paths), set(wanted))

    def test_every_file_of_the_repository_is_known_or_needs_everything(self) -> None:
        checkout = FOLDER.parent.parent
        files = subprocess.run(["git", "ls-files"], cwd=checkout, check=True, capture_output=True, text=True).stdout.splitlines()
        unknown = {file for file in files if touched([file]) == ALL}
        # Whatever is a part of its own is meant to have a line of its own.
        self.assertEqual({file for file in unknown if file.split("/")[0] in ("crates", "functions", "iac", "environments", "migrations", "datasets", ".github")}, set())

    def test_it_is_told_to_the_jobs_that_follow(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            def git(*arguments: str) -> str:
                identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
                return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()

            git("init", "--quiet", "--initial-branch=main")
            (Path(folder) / "README.md").write_text("one")
            git("add", ".")
            git("commit", "--quiet", "--message=base")
            base = git("rev-parse", "HEAD")
            (Path(folder) / "iac").mkdir()
            (Path(folder) / "iac/a\nb.tf").write_text("two")
            git("add", ".")
            git("commit", "--quiet", "--message=change")
            for arguments, wanted in (([base], ["rust=false", "terraform=true", "workflows=false"]), ([""], ["rust=true", "terraform=true", "workflows=true"])):
                output = Path(folder) / "output"
                output.unlink(missing_ok=True)
                subprocess.run([FOLDER / "touched", *arguments], cwd=folder, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin:/usr/local/bin", "GITHUB_OUTPUT": str(output), **python()})
                self.assertEqual(output.read_text().split(), wanted)


def python() -> dict[str, str]:
    """The Python of these tests first on the PATH."""
    import os
    import sys

    return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


class Verdict(unittest.TestCase):
    def test_only_success_and_what_was_not_needed_let_a_change_in(self) -> None:
        failed = load("verdict").failed
        well = {"decide": {"result": "success"}, "lint": {"result": "success"}, "terraform": {"result": "skipped"}}
        self.assertEqual(failed(well), [])
        for result in ("failure", "cancelled"):
            self.assertEqual(failed({**well, "lint": {"result": result}}), [f"lint: {result}"])

    def test_what_was_skipped_because_nobody_decided_is_no_success(self) -> None:
        failed = load("verdict").failed
        for result in ("failure", "skipped", "cancelled"):
            self.assertTrue(failed({"decide": {"result": result}, "lint": {"result": "skipped"}}))
