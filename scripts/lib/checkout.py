"""This checkout: where it is, and its programs, built where they are not."""

import json
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def note(text: str) -> None:
    """Says what is going on, on stderr."""
    print(text, file=sys.stderr, flush=True)


def build(profile: str, binaries: list[str], example: tuple[str, str] | None = None) -> list[Path]:
    """Builds binaries, and an example given as (package, name); their paths, in that order. Binaries with the whole
    workspace, so that dependencies have the features that all other builds give them."""
    found = {}
    if binaries:
        found |= built(profile, ["--workspace", "--bins"])
    if example:
        found |= built(profile, ["--package", example[0], "--example", example[1]])
    return [found[name] for name in [*binaries, *([example[1]] if example else [])]]


def build_only(profile: str, binary: str, example: str) -> tuple[Path, Path]:
    """Builds one binary and one example of the workspace: what is optimised as a whole takes minutes for each."""
    found = built(profile, ["--workspace", "--bin", binary, "--example", example])
    return found[binary], found[example]


def built(profile: str, targets: list[str]) -> dict[str, Path]:
    """Runs cargo; the programs that it made, by name."""
    command = ["cargo", "build", "--locked", "--profile", profile, "--message-format=json-render-diagnostics"]
    note(" ".join(command[:5] + targets))
    done = subprocess.run(command + targets, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    messages = (json.loads(line) for line in done.stdout.splitlines())
    return {message["target"]["name"]: Path(message["executable"]) for message in messages if message.get("executable")}


def environment(**changes: str) -> dict[str, str]:
    """This process's environment with changes."""
    return {**os.environ, **changes}
