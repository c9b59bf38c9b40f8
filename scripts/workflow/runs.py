"""Runs of workflows that are not over."""

from github import GitHub

# A run of several jobs has one status: where one job waits for somebody's approval while another is at work, it may be
# `waiting`. `in_progress` is asked for twice, as a run may come to it between two questions.
UNFINISHED = ("in_progress", "waiting", "queued", "pending", "in_progress")


def unfinished(github: GitHub, workflow: str | None = None) -> list[dict]:
    """Every run that is under way or waits, of one workflow or of all, each once."""
    path = f"actions/workflows/{workflow}/runs" if workflow else "actions/runs"
    found = [run for status in UNFINISHED for run in github.pages(path, key="workflow_runs", status=status)]
    return list({run["id"]: run for run in found}.values())
