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
    for target in (["--workspace", "--bins"] if binaries else [], ["--package", example[0], "--example", example[1]] if example else []):
        if not target:
            continue
        command = ["cargo", "build", "--locked", "--profile", profile, "--message-format=json-render-diagnostics"]
        note(" ".join(command[:5] + target))
        done = subprocess.run(command + target, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(done.returncode)
        messages = (json.loads(line) for line in done.stdout.splitlines())
        found |= {message["target"]["name"]: Path(message["executable"]) for message in messages if message.get("executable")}
    return [found[name] for name in [*binaries, *([example[1]] if example else [])]]


def environment(**changes: str) -> dict[str, str]:
    """This process's environment with changes."""
    return {**os.environ, **changes}
