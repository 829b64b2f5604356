"""What the server tells `explog-doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from explog.config import Root, Settings
from explog.daemon.loop import Service
from explog.errors import ExplogError
from explog.methods import doctor
from explog.rpc import wire
from explog.rpc.connection import Client
from explog.rpc.registry import Registry
from support.repo import GitRepo


def rows(service: Service) -> dict[str, list[Any]]:
    registry = Registry()
    doctor.add(registry, service)
    found = cast(wire.Bulk, registry.find("doctor").function(cast(Client, None)))
    return {row[0]: row[1:] for row in cast(list[list[Any]], found.rows)}


def test_before_it_is_configured() -> None:
    with pytest.raises(ExplogError) as caught:
        rows(Service())
    assert caught.value.code == "not-configured"


def test_what_only_a_server_knows(tmp_path: Path) -> None:
    log = tmp_path / "log.org"
    log.write_text("* TODO [201] Title :exp:\n", encoding="utf-8")
    repository = GitRepo(tmp_path / "project")
    repository.commit("first")
    service = Service()
    service._thread = cast(Any, "none")
    missing = tmp_path / "missing.org"
    settings = Settings(
        logs=(str(log), str(missing)),
        repositories=(Root(repository.path, 0),),
        index=tmp_path / "nowhere" / "index",
    )
    (tmp_path / "nowhere").write_text("no folder", encoding="utf-8")
    service.configure(settings, 0)
    service.look()
    found = rows(service)
    assert found["watches"] == [True, "2 folders watched", ""]
    assert not found["index"][0]
    assert "memory" in found["index"][1]
    # The look and the doctor both find that it is missing: that is said once.
    assert "problem" not in found
    service.close()
