"""What the server tells `explog-doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from explog.config import Root, Settings
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from support.calls import call
from support.repo import GitRepo


def rows(daemon: Daemon) -> dict[str, list[Any]]:
    return {row[0]: row[1:] for row in call(daemon, None, "doctor")}


def test_before_it_is_configured() -> None:
    with pytest.raises(ExplogError) as caught:
        rows(Daemon())
    assert caught.value.code == "not-configured"


def test_what_only_a_server_knows(tmp_path: Path) -> None:
    log = tmp_path / "log.org"
    log.write_text("* TODO [201] Title :exp:\n", encoding="utf-8")
    repository = GitRepo(tmp_path / "project")
    repository.commit("first")
    daemon = Daemon(background=False)
    missing = tmp_path / "missing.org"
    settings = Settings(
        logs=(str(log), str(missing)),
        repositories=(Root(repository.path, 0),),
        index=tmp_path / "nowhere" / "index",
    )
    (tmp_path / "nowhere").write_text("no folder", encoding="utf-8")
    daemon.configure(settings, 0)
    daemon.look()
    found = rows(daemon)
    indexes = [row for row in call(daemon, None, "doctor") if row[0] == "index"]
    assert [row[1] for row in indexes] == [False]
    assert found["watches"] == [True, "4 folders watched", ""]
    assert not found["index"][0]
    assert "memory" in found["index"][1]
    # The look and the doctor both find that it is missing: that is said once.
    assert "problem" not in found
    daemon.close()
