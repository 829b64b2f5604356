"""Fixtures for what looks at the logs and repositories of a folder."""

from pathlib import Path

import pytest

from support.logs import Logs
from support.repo import GitRepo


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    """Logs in a folder of their own."""
    return Logs(tmp_path)


@pytest.fixture
def repo(logs: Logs) -> GitRepo:
    """A repository of theirs, with one commit."""
    made = logs.repo("proj")
    made.commit("root")
    return made
