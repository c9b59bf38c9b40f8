"""A preview's end: everything that it was made of, its database in dev's server, its workspace."""

import subprocess
from pathlib import Path

from environments import script, state_bucket, states
from github import GitHub
from previews import COMMENT
from server import asleep, status
from threads import comment, put_comment
from words import say, warn

HERE = Path(__file__).resolve().parent
# What the comment begins with once the preview is gone.
GONE = "There is no preview any more"


def remove(github: GitHub, number: int, why: str) -> None:
    """Destroys it where it is there, and says so on the pull request."""
    name = f"pr-{number}"
    if name in states(state_bucket(name)):
        if asleep(status("dev")):
            warn(f"{name} stays for now: its database lies in dev's server, which sleeps. The sweeper takes it once dev is awake.")
            return
        subprocess.run([HERE / "free-lock", name], check=True)
        script(name, "destroy", "-auto-approve", "-input=false", "-no-color", "-lock-timeout=10m")
    say(f"{name} is gone: {why}")
    # A number without a pull request has no place for a comment.
    if github.find(f"pulls/{number}") and comment(github, number, COMMENT):
        put_comment(github, number, COMMENT, f"{GONE}: {why}. A push, or setting the label anew, makes another one.")
