"""GitHub's REST API, as far as the workflows use it. Standard library only: nothing is installed where roles are taken on."""

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

# Who writes with a workflow's own token.
BOT = "github-actions[bot]"
# GitHub asks for patience with these; anything else would be the same a second time.
PASSING = (502, 503, 504)
TRIES = 3


class GitHub:
    """One repository, with the token of the job."""

    def __init__(self, environment=os.environ) -> None:
        try:
            self.repository = environment["GITHUB_REPOSITORY"]
            self.token = environment["GITHUB_TOKEN"]
        except KeyError as missing:
            raise SystemExit(f"{missing.args[0]} is not set: a step that talks to GitHub gets it from its workflow") from None
        self.api = environment.get("GITHUB_API_URL", "https://api.github.com")

    def get(self, path: str, **query: object) -> dict | list:
        """What is there. What is not there ends the script."""
        return self._call("GET", path, query=query)

    def find(self, path: str) -> dict | None:
        """What is there, or None."""
        return self._call("GET", path, missing=True)

    def pages(self, path: str, key: str | None = None, **query: object) -> list[dict]:
        """Every entry of a list, over all its pages; `key` names the list where the answer is an object."""
        found: list[dict] = []
        page = 1
        while True:
            answer = self._call("GET", path, query={**query, "per_page": 100, "page": page})
            entries = answer[key] if key else answer
            found += entries
            if len(entries) < 100:
                return found
            page += 1

    def post(self, path: str, **body: object) -> dict:
        """Makes something."""
        return self._call("POST", path, body=body)

    def patch(self, path: str, **body: object) -> dict:
        """Changes something."""
        return self._call("PATCH", path, body=body)

    def _call(self, method: str, path: str, query: dict | None = None, body: dict | None = None, missing: bool = False):
        address = f"{self.api}/repos/{self.repository}/{path}"
        if query:
            address += "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(address, method=method, data=json.dumps(body).encode() if body else None)
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        for attempt in range(1, TRIES + 1):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if missing and error.code == 404:
                    return None
                # Only what changes nothing is asked again: a comment that was made and not answered would come twice.
                if method != "GET" or error.code not in PASSING or attempt == TRIES:
                    said = error.read().decode(errors="replace")[:500]
                    raise SystemExit(f"GitHub refuses {method} {path}: {error.code} {said}") from None
            except urllib.error.URLError as error:
                if method != "GET" or attempt == TRIES:
                    raise SystemExit(f"GitHub is not within reach for {method} {path}: {error.reason}") from None
            time.sleep(attempt)
