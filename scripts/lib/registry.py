"""Putting an image into a registry by the calls that OCI's distribution specification has for it. What is there already is
never replaced. Standard library only."""

import base64
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request

from oci import MANIFEST, Image

TRIES = 5
TIMEOUT_S = 300


class Refused(Exception):
    """The registry did not take it, or has something else by that name."""


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows nobody: the password goes with every request, and a registry keeps its parts in other places."""

    def redirect_request(self, *_: object) -> None:
        return None


class Repository:
    """One repository of a registry: `<host>/<name>`."""

    def __init__(self, address: str, password: str | None = None, user: str = "AWS") -> None:
        host, _, name = address.partition("/")
        # Only one's own machine is spoken to without TLS.
        scheme = "http" if host.split(":")[0] in ("127.0.0.1", "localhost") else "https"
        self.root, self.name = f"{scheme}://{host}", name
        self.headers = {}
        if password:
            self.headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.opener = urllib.request.build_opener(Stay)

    def push(self, image: Image, tag: str) -> str:
        """Pushes what is missing, and answers with `<host>/<name>@<digest>`."""
        there = self.tagged(tag)
        if there is None:
            for digest, content in image.blobs.items():
                self.put_blob(digest, content)
            self.call("PUT", f"/v2/{self.name}/manifests/{urllib.parse.quote(tag)}", image.manifest, {"Content-Type": MANIFEST})
            there = self.tagged(tag)
        if there != image.digest:
            raise Refused(f"{self.root}/{self.name} has {there} by the name of {tag}, not {image.digest}: a release is pushed once")
        return f"{self.root.split('//')[1]}/{self.name}@{image.digest}"

    def tagged(self, tag: str) -> str | None:
        """The digest of what has this tag."""
        answer = self.call("HEAD", f"/v2/{self.name}/manifests/{urllib.parse.quote(tag)}", None, {"Accept": MANIFEST}, missing=True)
        return None if answer is None else answer["Docker-Content-Digest"]

    def put_blob(self, digest: str, content: bytes) -> None:
        """Uploads a part, unless it is there."""
        if self.call("HEAD", f"/v2/{self.name}/blobs/{digest}", missing=True) is not None:
            return
        place = self.call("POST", f"/v2/{self.name}/blobs/uploads/")["Location"]
        place = self.call("PATCH", place, content, {"Content-Type": "application/octet-stream"})["Location"]
        self.call("PUT", f"{place}{'&' if '?' in place else '?'}digest={urllib.parse.quote(digest)}", b"")

    def call(self, method: str, place: str, body: bytes | None = None, headers: dict | None = None, missing: bool = False) -> dict | None:
        """One request, tried again where the registry or the way to it stumbles; None where nothing is there and that may be."""
        address = urllib.parse.urljoin(self.root, place)
        if not address.startswith(f"{self.root}/"):
            # What it says must not take the password elsewhere.
            raise Refused(f"{self.root} sends {method} to {address}")
        request = urllib.request.Request(address, data=body, method=method, headers=self.headers | (headers or {}))
        for left in reversed(range(TRIES)):
            try:
                with self.opener.open(request, timeout=TIMEOUT_S) as answer:
                    return answer.headers
            except urllib.error.HTTPError as error:
                if error.code == 404 and missing:
                    return None
                # Where it is does not matter: it is there.
                if method == "HEAD" and error.code in (302, 303, 307, 308):
                    return error.headers
                if (error.code < 500 and error.code != 429) or not left:
                    raise Refused(f"{method} {address}: {error.code} {said(error)}") from error
            except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
                if not left:
                    raise Refused(f"{method} {address}: {error}") from error
            time.sleep(2 ** (TRIES - left - 1))
        raise AssertionError("the last try returns or raises")


def said(error: urllib.error.HTTPError) -> str:
    """A registry's own words, as the specification puts them."""
    text = error.read(10_000).decode(errors="replace")
    try:
        return "; ".join(f"{each['code']}: {each.get('message', '')}" for each in json.loads(text)["errors"])
    except (ValueError, KeyError, TypeError):
        return text.strip() or error.reason
