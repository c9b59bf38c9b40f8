"""Terraform's lock on a state, and whether the run that took it is over.

Terraform writes who locked: user and host, and when. A host of GitHub's has a name that says nothing, so the time decides:
whoever took the lock was running then. Where no job that was running then is running still, the lock is nobody's.
"""

import json
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from environments import AwsFailed, aws, state_bucket, time_of
from github import GitHub
from runs import unfinished

# The user that GitHub's own runners work as. A lock of anybody else is a person's, at a machine of their own.
RUNNER = "runner"
# What clocks may differ by, and how long GitHub may take to notice that a runner is gone and say so.
SLACK = timedelta(minutes=2)
PATIENCE = timedelta(minutes=20)


@dataclass(frozen=True)
class Lock:
    """What the lock's file says."""

    id: str
    who: str
    operation: str
    created: datetime

    def __str__(self) -> str:
        return f"lock {self.id}, taken by {self.who} at {self.created:%Y-%m-%d %H:%M:%S} UTC for {self.operation}"


def held(environment: str) -> Lock | None:
    """The lock on an environment's state, where there is one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lock"
        try:
            aws("s3api", "get-object", "--bucket", state_bucket(environment), "--key", f"stack/{environment}/terraform.tfstate.tflock", str(file))
        except AwsFailed as failure:
            if "NoSuchKey" in failure.said:
                return None
            raise
        said = json.loads(file.read_text())
    return Lock(said["ID"], said["Who"], said["Operation"], time_of(said["Created"]))


def running_jobs(github: GitHub) -> list[dict]:
    """Every job of the repository that a runner is at work on now."""
    jobs = [job for run in unfinished(github) for job in github.pages(f"actions/runs/{run['id']}/jobs", key="jobs", filter="latest")]
    return [job for job in jobs if job["status"] == "in_progress"]


def keeps(lock: Lock, jobs: list[dict], now: datetime) -> str | None:
    """Why the lock must stay, or None where its holder is over."""
    if lock.who.split("@")[0] != RUNNER:
        return "it is a person's, who alone knows whether they still work: ask them"
    if now - lock.created < PATIENCE:
        return f"it is younger than {PATIENCE.seconds // 60} minutes, and GitHub may not have noticed yet that its runner is gone"
    for job in jobs:
        if time_of(job["started_at"]) <= lock.created + SLACK:
            return f"a job that was running then is running still: {job['html_url']}"
    return None
