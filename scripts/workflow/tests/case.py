"""What the tests share: a GitHub of their own, and scripts without an ending as modules."""

import importlib.machinery
import importlib.util
import sys
import unittest
from datetime import datetime, timezone
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FOLDER))

from github import GitHub  # noqa: E402
from small_github import SmallGitHub  # noqa: E402


def load(name: str):
    """A script as a module."""
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(FOLDER / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def at(hour: int, minute: int = 0, day: int = 21) -> datetime:
    """A time of the tests' day."""
    return datetime(2026, 11, day, hour, minute, tzinfo=timezone.utc)


class WithGitHub(unittest.TestCase):
    """A test with a GitHub that is there."""

    def setUp(self) -> None:
        self.there = SmallGitHub()
        self.addCleanup(self.there.close)
        self.github = GitHub(self.there.variables)
