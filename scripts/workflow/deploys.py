"""Runs of the workflow `deploy`, and how far each came: a run brings one commit to dev, staging and prod, one after the
other, with hours or days in between."""

from enum import Enum

from github import GitHub

WORKFLOW = "deploy.yml"
# Runs that are over are looked at only so far back.
RECENT = 30
# As environment.yml names the step.
APPLIES = "Apply what was approved"


class Standing(Enum):
    """How far a run came in an environment, where that matters to the runs before it."""

    THERE = "its files are applied"
    COMING = "it is at work there, or waits to be"
    CANCELLED = "it was cancelled there"


def jobs_of(github: GitHub, run: dict, environment: str, attempts: str = "latest") -> dict[str, list[dict]]:
    """What a run does in an environment, `plan` and `apply`; nothing of either before GitHub has made it."""
    jobs = github.pages(f"actions/runs/{run['id']}/jobs", key="jobs", filter=attempts)
    # The name is that of the job in deploy.yml and of the one in environment.yml.
    return {kind: [job for job in jobs if job["name"] == f"{environment} / {kind}"] for kind in ("plan", "apply")}


def apply_job(github: GitHub, run: dict, environment: str) -> dict | None:
    """The job that brought, or is to bring, a run's commit to an environment; None before GitHub has made it."""
    return next(iter(jobs_of(github, run, environment)["apply"]), None)


def applied(github: GitHub, run: dict, environment: str) -> bool:
    """Whether a run applied its commit's files, at any attempt. The job says less: where the release was taken back
    afterwards it failed, and so may a later attempt before it came to applying, but the files are applied all the same."""
    jobs = jobs_of(github, run, environment, attempts="all")["apply"]
    return any(step["name"] == APPLIES and step["conclusion"] == "success" for job in jobs for step in job.get("steps", []))


def standing(github: GitHub, run: dict, environment: str) -> Standing | None:
    """Of a run whose files are not applied."""
    jobs = jobs_of(github, run, environment)
    for job in jobs["apply"]:
        if job["status"] != "completed":
            return Standing.COMING
        return Standing.CANCELLED if job["conclusion"] == "cancelled" else None
    # Between the two jobs there may be neither.
    planned = any(job["status"] != "completed" or job["conclusion"] == "success" for job in jobs["plan"])
    return Standing.COMING if planned and run["status"] != "completed" else None


def recent(github: GitHub) -> list[dict]:
    """The newest runs for main."""
    return github.get(f"actions/workflows/{WORKFLOW}/runs", branch="main", per_page=RECENT)["workflow_runs"]


def newer(github: GitHub, environment: str, run_number: int) -> tuple[dict, Standing] | None:
    """A later run that matters to this one: one that is there before any other, and then the newest."""
    later = [run for run in recent(github) if run["run_number"] > run_number]
    for run in later:
        if applied(github, run, environment):
            return run, Standing.THERE
    for run in later:
        if how := standing(github, run, environment):
            return run, how
    return None


def under_way(github: GitHub, environment: str) -> dict | None:
    """A run that is still to bring its commit to the environment: until then the environment and main differ, rightly."""
    for run in recent(github):
        if run["status"] == "completed":
            continue
        job = apply_job(github, run, environment)
        if not job or job["status"] != "completed":
            return run
    return None
