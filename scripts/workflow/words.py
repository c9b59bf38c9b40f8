"""What workflows leave for people and for each other: summaries, outputs, text that fits."""

import os
import re
from datetime import datetime
from pathlib import Path

# GitHub takes 65,536 characters for a comment or an issue, and 1 MiB for a step's summary.
COMMENT_LIMIT = 65_000
SUMMARY_LIMIT = 900_000


def fenced(text: str, limit: int) -> str:
    """A block of code that nothing in the text can end, of at most so many characters. Of what is too long, the end is
    kept: there Terraform says what it comes to."""
    text = text.strip("\n")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    room = limit - 2 * len(fence) - 2
    if len(text) > room:
        tail = text[-min(400, room // 4) :].split("\n", 1)[-1]
        cut = f"\n… {len(text):,} characters, of which the middle is left out here …\n"
        text = text[: room - len(tail) - len(cut)] + cut + tail
    return f"{fence}\n{text}\n{fence}"


def summary(text: str) -> None:
    """Onto the run's page, and into the log where there is no such page."""
    _append("GITHUB_STEP_SUMMARY", text + "\n\n")


def output(name: str, value: str) -> None:
    """For the steps and jobs that follow."""
    if "\n" in value:
        raise ValueError(f"the output {name} has more than one line")
    _append("GITHUB_OUTPUT", f"{name}={value}\n")


def say(text: str) -> None:
    """Into the log."""
    print(text, flush=True)


def warn(text: str) -> None:
    """Into the log and onto the run's page. An annotation is one line."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::warning::{escaped}", flush=True)


def run_address(environment=os.environ) -> str:
    """Where this run can be read."""
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    return f"{server}/{environment.get('GITHUB_REPOSITORY', '')}/actions/runs/{environment.get('GITHUB_RUN_ID', '')}"


def minute(time: datetime) -> str:
    """A time for people."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _append(variable: str, text: str) -> None:
    if file := os.environ.get(variable):
        with Path(file).open("a", encoding="utf-8") as place:
            place.write(text)
    else:
        say(text.rstrip("\n"))
