"""Runs of the workflow `deploy`, and how far each came: a run brings one commit to dev, staging and prod, one after the
other, with hours or days in between."""

from github import GitHub

WORKFLOW = "deploy.yml"
# Runs that are over are looked at only so far back.
RECENT = 30


def apply_job(github: GitHub, run: dict, environment: str) -> dict | None:
    """The job that brought, or is to bring, a run's commit to an environment; None before GitHub has made it."""
    # The name is that of the job in deploy.yml and of the one in environment.yml.
    jobs = github.pages(f"actions/runs/{run['id']}/jobs", key="jobs", filter="latest")
    return next((job for job in jobs if job["name"] == f"{environment} / apply"), None)


def recent(github: GitHub) -> list[dict]:
    """The newest runs for main."""
    return github.get(f"actions/workflows/{WORKFLOW}/runs", branch="main", per_page=RECENT)["workflow_runs"]


def newer(github: GitHub, environment: str, run_number: int) -> dict | None:
    """A later run whose commit is in the environment already: going on would go back, past everything that it brought."""
    for run in recent(github):
        if run["run_number"] > run_number:
            job = apply_job(github, run, environment)
            if job and job["conclusion"] == "success":
                return run
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
