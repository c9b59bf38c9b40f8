"""Terraform's plan of an environment: made, read, and boiled down to a digest of what it would do.

Between the job that plans and the job that applies lies an approval, and so time. No plan file crosses it: the file holds
every password of the environment's state, and neither an artifact nor a bucket is a place for a second copy of those. What
crosses is the digest. The job that applies plans anew, into a file on its own runner, and applies that file only if it
would do to the letter what was approved.
"""

import hashlib
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from environments import script

NOTHING = "nothing"
NEXT = "Saved the plan to: "
PROGRESS = re.compile(r": (Refreshing state|Reading|Still reading|Read complete)\b")


@dataclass(frozen=True)
class Plan:
    """What would happen to an environment."""

    environment: str
    changes: bool
    text: str
    digest: str
    file: Path


def make(environment: str, release: str, folder: Path, lock: bool) -> Plan:
    """Plans into a file in `folder`. Only who is going to apply takes the lock."""
    file = folder / f"{environment}.plan"
    arguments = ["-input=false", "-no-color", "-detailed-exitcode", f"-lock={'true' if lock else 'false'}"]
    if lock:
        # Another apply by hand is soon over; one that died is freed before.
        arguments.append("-lock-timeout=5m")
    done = script(environment, "plan", *arguments, f"-var=release={release}", f"-out={file}", check=False, capture_output=True)
    if done.returncode not in (0, 2) or not file.exists():
        raise SystemExit(f"{environment} cannot be planned:\n{told(done.stdout)}{done.stderr}")
    shown = json.loads(script(environment, "show", "-json", str(file), capture_output=True).stdout)
    return Plan(environment, done.returncode == 2, told(done.stdout), digest(shown), file)


def told(output: str) -> str:
    """What Terraform said of a plan, without the hundred lines of what it read for it, and without what to type next."""
    lines = [line for line in output.split(NEXT)[0].splitlines(keepends=True) if not PROGRESS.search(line)]
    return "".join(lines).rstrip("\n─") + "\n"


def digest(shown: dict) -> str:
    """What `terraform show -json` of a plan would do, in one short word. The same for two plans that do the same, whenever
    they were made and whatever else was read on the way."""
    does = [
        [change["address"], change.get("deposed"), change.get("previous_address"), change["change"]]
        for change in shown.get("resource_changes", [])
        # Reading changes nothing, whenever it happens; a new address alone is a change of the state.
        if change["change"]["actions"] not in (["no-op"], ["read"]) or "previous_address" in change
    ]
    outputs = {name: change for name, change in shown.get("output_changes", {}).items() if change["actions"] != ["no-op"]}
    if not does and not outputs:
        return NOTHING
    does.sort(key=lambda change: (change[0], change[1] or ""))
    return hashlib.sha256(json.dumps([does, outputs], sort_keys=True).encode()).hexdigest()


def private_folder() -> tempfile.TemporaryDirectory:
    """For plan files: its owner's alone, and gone with the step."""
    return tempfile.TemporaryDirectory(prefix="waybill-plan-")
