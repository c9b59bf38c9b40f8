"""Which previews there should be: of open pull requests of the repository itself that bear the label, for as long as
somebody works on them."""

import os
from datetime import datetime, timedelta

from environments import time_of
from github import GitHub
from threads import comment

LABEL = "preview"
COMMENT = "preview"
WORKFLOW = "preview.yml"
# Since it was last brought up to date.
HOURS = 72


def wanted(pull: dict, repository: str) -> bool:
    """Whether a pull request should have a preview. Another repository's code never runs with our roles."""
    ours = (pull["head"]["repo"] or {}).get("full_name") == repository
    return pull["state"] == "open" and ours and any(label["name"] == LABEL for label in pull["labels"])


def lifetime(environment=os.environ) -> timedelta:
    """PREVIEW_HOURS where the repository sets it."""
    said = environment.get("PREVIEW_HOURS") or str(HOURS)
    if not said.isdecimal() or int(said) < 1:
        raise SystemExit(f"PREVIEW_HOURS is '{said}': a number of hours, 1 or more, is wanted")
    return timedelta(hours=int(said))


def busy(github: GitHub, number: int, runs: list[dict]) -> dict | None:
    """Of the unfinished runs of the workflow `preview`, one of this pull request. It is found by its branch: what a run says of
    its pull requests leaves out those that are closed."""
    pull = github.find(f"pulls/{number}")
    return next((run for run in runs if pull and run["head_branch"] == pull["head"]["ref"]), None)


def why_gone(github: GitHub, number: int, written: datetime | None, now: datetime) -> str | None:
    """Why a preview that is there should go, or None. `written` is when its state was last written."""
    pull = github.find(f"pulls/{number}")
    if not pull:
        return "there is no such pull request"
    if pull["state"] != "open":
        return "its pull request is closed"
    if not wanted(pull, github.repository):
        return f"its pull request does not have the label `{LABEL}`"
    # An apply that changes nothing writes no state; the comment is written each time.
    ours = comment(github, number, COMMENT)
    used = max((time for time in (written, ours and time_of(ours["updated_at"])) if time), default=None)
    if used and now - used > lifetime():
        return f"it was last brought up to date at {used:%Y-%m-%d %H:%M} UTC, more than {lifetime() // timedelta(hours=1)} hours ago"
    return None
