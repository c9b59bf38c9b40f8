"""Terraform on copies of the configurations: lock files, `.terraform` and state never reach the checkout.

With WAYBILL_TERRAFORM_STANDIN (a Terraform CLI configuration whose providers answer without AWS) plans, applies and
tests run offline. Without it the real providers are used as far as they can be without credentials: fmt and validate.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from checkout import CHECKOUT

STANDIN = os.environ.get("WAYBILL_TERRAFORM_STANDIN")


class Terraform:
    """One copy of the tree, and one folder for providers that all configurations share."""

    def __init__(self) -> None:
        self.work = Path(tempfile.mkdtemp(prefix="waybill-terraform-"))
        self.tree = self.work / "tree"
        for part in ("iac", "environments", "docs/runbooks"):
            shutil.copytree(CHECKOUT / part, self.tree / part, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
        self.environment |= {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        if STANDIN:
            self.environment["TF_CLI_CONFIG_FILE"] = STANDIN
        else:
            cache = self.work / "plugins"
            cache.mkdir()
            self.environment |= {"TF_PLUGIN_CACHE_DIR": str(cache), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}

    def __enter__(self) -> "Terraform":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.work, ignore_errors=True)

    def run(self, folder: str, *arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess:
        """Runs it in a configuration's copy. A failure that is not wanted ends everything with its output."""
        done = subprocess.run(
            ["terraform", f"-chdir={self.tree / folder}", *arguments],
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if check and done.returncode:
            raise SystemExit(f"terraform {' '.join(arguments)} in {folder}:\n{done.stdout}")
        return done

    def init(self, folder: str) -> None:
        """Providers and modules; state beside the copy, whatever backend is configured."""
        (self.tree / folder / "zz_test_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
        self.run(folder, "init", "-input=false", "-no-color")

    def values(self, folder: str, workspace: str, *arguments: str) -> list[dict]:
        """What an apply of a fresh workspace comes to: every managed resource, from all modules. With the stand-in nothing
        is made; unlike in a plan, names and policies are known to the last word. That a second plan is empty says little here: the
        stand-in's always is, unless a value changes from one plan to the next."""
        variables = {"TF_WORKSPACE": workspace}
        self.run(folder, "apply", "-input=false", "-auto-approve", "-no-color", *arguments, **variables)
        again = self.run(folder, "plan", "-input=false", "-no-color", "-detailed-exitcode", *arguments, check=False, **variables)
        if again.returncode:
            raise SystemExit(f"{folder}, {workspace}: a second plan is not empty:\n{again.stdout}")
        shown = self.run(folder, "show", "-json", "-no-color", **variables)
        return list(resources(json.loads(shown.stdout)["values"]["root_module"]))

    def output(self, folder: str, workspace: str, name: str) -> object:
        """An output of what was applied."""
        shown = self.run(folder, "output", "-json", "-no-color", name, TF_WORKSPACE=workspace)
        return json.loads(shown.stdout)


def resources(module: dict):
    """Every managed resource of a module and of those below it."""
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            yield resource
    for child in module.get("child_modules", []):
        yield from resources(child)


def configurations() -> list[str]:
    """Every root and module."""
    folders = {path.parent for path in (CHECKOUT / "iac").rglob("versions.tf") if ".terraform" not in path.parts}
    return sorted(str(folder.relative_to(CHECKOUT)) for folder in folders)
