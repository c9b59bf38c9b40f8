"""A GitHub for tests: the few calls of its REST API that the workflows' scripts make, over real HTTP, with pages."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "owner/name"
BOT = {"login": "github-actions[bot]"}
NOW = "2026-11-21T12:00:00Z"


class SmallGitHub:
    """What it knows can be set and looked at; who writes through the API is the workflows' bot."""

    def __init__(self) -> None:
        self.pulls: dict[int, dict] = {}
        self.comments: dict[int, list[dict]] = {}
        self.issues: list[dict] = []
        self.runs: list[dict] = []
        self.previews: list[dict] = []
        self.jobs: dict[int, list[dict]] = {}
        self.environments: dict[str, dict] = {}
        self.artifacts: list[dict] = []
        self.now = NOW
        # How many of the next answers are 502.
        self.broken = 0
        self.writes = 0
        self._ids = 1000
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def variables(self) -> dict[str, str]:
        """What a job's environment has of it."""
        return {"GITHUB_API_URL": f"http://127.0.0.1:{self._server.server_port}", "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": "a token"}

    def pull(self, number: int, state: str = "open", labels: tuple[str, ...] = ("preview",), repository: str | None = REPOSITORY) -> dict:
        """A pull request."""
        head = {"sha": f"{number:040x}", "ref": f"branch-{number}", "repo": repository and {"full_name": repository}}
        self.pulls[number] = {
            "number": number, "state": state, "labels": [{"name": label} for label in labels], "head": head,
            "updated_at": self.now, "closed_at": None if state == "open" else self.now,
        }
        return self.pulls[number]

    def comment(self, number: int, body: str, user: dict = BOT, updated_at: str | None = None) -> dict:
        """A comment, of anybody."""
        one = {"id": self._id(), "body": body, "user": user, "updated_at": updated_at or self.now}
        self.comments.setdefault(number, []).append(one)
        return one

    def deploy_run(self, number: int, status: str, **applied: tuple[str, str | None]) -> dict:
        """A run of deploy.yml with the jobs that bring it to environments, each as (status, conclusion)."""
        run = {"id": self._id(), "run_number": number, "status": status, "head_sha": f"{number:040x}", "html_url": f"https://github.test/runs/{number}"}
        self.runs.append(run)
        self.jobs[run["id"]] = []
        for name, (ended, how) in applied.items():
            self.job(run, f"{name} / plan", "completed", "success")
            self.job(run, f"{name} / apply", ended, how, {"Apply what was approved": how, "Release": how})
        return run

    def job(self, run: dict, name: str, status: str, conclusion: str | None = None, steps: dict[str, str | None] | None = None, attempt: int = 1) -> None:
        """A job of a run, with its steps' conclusions."""
        made = [{"name": step, "status": "completed" if how else status, "conclusion": how} for step, how in (steps or {}).items()]
        self.jobs[run["id"]].append({"name": name, "status": status, "conclusion": conclusion, "run_attempt": attempt, "steps": made})

    def running_job(self, started_at: str, status: str = "in_progress", run_status: str = "in_progress") -> None:
        """A job that a runner is at work on."""
        run = {"id": self._id(), "run_number": 0, "status": run_status}
        self.runs.append(run)
        self.jobs[run["id"]] = [
            {"name": "a job", "status": status, "started_at": started_at, "html_url": "https://github.test/job", "run_attempt": 1, "steps": []}
        ]

    def preview_run(self, branch: str, status: str) -> dict:
        """A run of preview.yml, for whatever pull request has this branch."""
        run = {"id": self._id(), "run_number": 0, "status": status, "head_branch": branch, "html_url": f"https://github.test/previews/{branch}"}
        self.previews.append(run)
        return run

    def _id(self) -> int:
        self._ids += 1
        return self._ids

    def answer(self, method: str, path: str, query: dict, body: dict):
        """The answer to one call, or None for what is not there."""
        if method != "GET":
            self.writes += 1
        match method, path.split("/"):
            case "GET", ["pulls", number]:
                return self.pulls.get(int(number))
            case "GET", ["issues", number]:
                return self.pulls.get(int(number)) or next((one for one in self.issues if one["number"] == int(number)), None)
            case "GET", ["issues", number, "comments"]:
                return page(self.comments.get(int(number), []), query)
            case "POST", ["issues", number, "comments"]:
                return self.comment(int(number), body["body"])
            case "PATCH", ["issues", "comments", id]:
                one = next(c for thread in self.comments.values() for c in thread if c["id"] == int(id))
                one.update(body=body["body"], updated_at=self.now)
                return one
            case "GET", ["issues"]:
                fits = [i for i in self.issues if i["state"] == query["state"] and query["labels"] in [label["name"] for label in i["labels"]]]
                return page(fits, query)
            case "POST", ["issues"]:
                labels = [{"name": label} for label in body["labels"]]
                self.issues.append({"number": self._id(), "user": BOT, "state": "open", **body, "labels": labels})
                return self.issues[-1]
            case "PATCH", ["issues", number]:
                one = next(i for i in self.issues if i["number"] == int(number))
                one.update(body)
                return one
            case "GET", ["actions", "runs"]:
                return {"workflow_runs": page([run for run in self.runs if run["status"] == query["status"]], query)}
            case "GET", ["actions", "runs", id, "jobs"]:
                jobs = self.jobs[int(id)]
                if query["filter"] == "latest":
                    newest = max((job["run_attempt"] for job in jobs), default=1)
                    jobs = [job for job in jobs if job["run_attempt"] == newest]
                return {"jobs": page(jobs, query)}
            case "GET", ["actions", "workflows", "deploy.yml", "runs"]:
                return {"workflow_runs": sorted((run for run in self.runs if run["run_number"]), key=lambda run: -run["run_number"])}
            case "GET", ["actions", "workflows", "preview.yml", "runs"]:
                return {"workflow_runs": page([run for run in self.previews if run["status"] == query["status"]], query)}
            case "GET", ["actions", "artifacts"]:
                return {"artifacts": self.artifacts}
            case "GET", ["environments", name]:
                return self.environments.get(name)
        raise AssertionError(f"nobody asks GitHub for {method} {path}")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        github = self

        class Handler(BaseHTTPRequestHandler):
            def call(self) -> None:
                address = urlsplit(self.path)
                place = re.fullmatch(rf"/repos/{REPOSITORY}/(.*)", address.path)
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
                query = {key: values[0] for key, values in parse_qs(address.query).items()}
                if self.headers["Authorization"] != "Bearer a token":
                    status, answer = 401, {"message": "Bad credentials"}
                elif github.broken:
                    github.broken -= 1
                    status, answer = 502, {"message": "Server Error"}
                else:
                    answer = github.answer(self.command, place[1], query, body)
                    status = 200 if answer is not None else 404
                content = json.dumps({"message": "Not Found"} if answer is None else answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = call

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def page(entries: list, query: dict) -> list:
    """One page of a list."""
    size, number = int(query["per_page"]), int(query["page"])
    return entries[(number - 1) * size : number * size]
