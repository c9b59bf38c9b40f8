"""What the workflows know of environments: names, where states lie, and the AWS command line that every runner has."""

import json
import os
import re
import subprocess
from datetime import datetime
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PREVIEW = re.compile(r"pr-([1-9][0-9]*)")
# The keys of iac/stack's backend: stack/<environment>/terraform.tfstate, and the lock beside it.
STATE = re.compile(r"stack/([^/]+)/terraform\.tfstate(\.tflock)?")


def common(name: str) -> str:
    """What environments/common.tfvars says."""
    file = CHECKOUT / "environments/common.tfvars"
    found = re.search(rf'^{name} *= *"(.*)"', file.read_text(), re.MULTILINE)
    if not found:
        raise SystemExit(f"environments/common.tfvars has no {name}: give it as {name} = \"…\"")
    return found[1]


def preview_number(environment: str) -> int | None:
    """12 of pr-12; None of anything else."""
    found = PREVIEW.fullmatch(environment)
    return int(found[1]) if found else None


def state_bucket(environment: str) -> str:
    """As scripts/environment says: prod's state lies where no other role reaches."""
    return f"{common('prefix')}-{'prod-' if environment == 'prod' else ''}state"


def time_of(text: str) -> datetime:
    """A time as AWS, GitHub and Terraform write it. Digits beyond microseconds are Go's."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00"))


class AwsFailed(SystemExit):
    """A call was refused; `said` is what AWS said."""

    def __init__(self, command: str, said: str) -> None:
        super().__init__(f"aws {command}: {said}")
        self.said = said


def aws(*arguments: str) -> dict:
    """One call of the AWS command line, which follows pages by itself."""
    done = subprocess.run(["aws", *arguments, "--output", "json"], capture_output=True, text=True)
    if done.returncode:
        raise AwsFailed(" ".join(arguments[:2]), done.stderr.strip())
    return json.loads(done.stdout) if done.stdout.strip() else {}


def states(bucket: str) -> dict[str, dict[str, datetime]]:
    """What lies in a state bucket, by environment: when its `state` and its `lock` were written."""
    listed = aws("s3api", "list-objects-v2", "--bucket", bucket, "--prefix", "stack/")
    found: dict[str, dict[str, datetime]] = {}
    for entry in listed.get("Contents", []):
        if place := STATE.fullmatch(entry["Key"]):
            found.setdefault(place[1], {})["lock" if place[2] else "state"] = time_of(entry["LastModified"])
    return found


def script(environment: str, *arguments: str, check: bool = True, **options) -> subprocess.CompletedProcess:
    """scripts/environment, which knows state, workspace and files."""
    done = subprocess.run([CHECKOUT / "scripts/environment", environment, *arguments], text=True, env=terraform_variables(), **options)
    if check and done.returncode:
        said = "".join(part for part in (done.stdout, done.stderr) if part)
        raise SystemExit(f"scripts/environment {environment} {arguments[0]} ended with {done.returncode}\n{said}".rstrip())
    return done


def terraform_variables() -> dict[str, str]:
    """The environment of Terraform in a workflow: no colours, and where there is a lock file, no other providers than it
    names."""
    arguments = [os.environ.get("TF_CLI_ARGS_init", ""), "-no-color"]
    if (CHECKOUT / "iac/stack/.terraform.lock.hcl").exists():
        arguments.append("-lockfile=readonly")
    return {**os.environ, "TF_CLI_ARGS_init": " ".join(arguments).strip()}
