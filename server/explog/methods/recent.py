"""The method that tells what was worked on last: `recent`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from explog.daemon.loop import Service
from explog.queries.recent import recent
from explog.refs import step_text
from explog.rpc import wire
from explog.rpc.registry import Registry

if TYPE_CHECKING:
    from explog.rpc.connection import Client

_MOST = 8


def add(registry: Registry, service: Service) -> None:
    """Add the method, bound to SERVICE, to REGISTRY."""

    @registry.method("recent", lane="slow")
    def recent_references(_client: Client, folder: str) -> object:
        """Return a vector of [EXPERIMENT STEP]: what was committed last in FOLDER's repository."""
        found = recent(service.ready_store(), Path(folder), _MOST)
        return wire.Bulk([[one.experiment, step_text(one.step)] for one in found])
