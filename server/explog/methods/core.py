"""What Emacs may ask of the server; what belongs to one feature is in a module of its own."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from explog.config import from_mapping
from explog.daemon.loop import Service
from explog.errors import ExplogError
from explog.methods import agenda, backfill, check, doctor, history, outline, recent, search
from explog.rpc.registry import Registry

if TYPE_CHECKING:
    from explog.rpc.connection import Client


def make_registry(service: Service) -> Registry:
    """Return the methods that Emacs may call, bound to SERVICE."""
    registry = Registry()
    for add in (
        _add_core,
        agenda.add,
        check.add,
        doctor.add,
        history.add,
        outline.add,
        recent.add,
        backfill.add,
        search.add,
    ):
        add(registry, service)
    return registry


def _add_core(registry: Registry, service: Service) -> None:
    @registry.method("noop", lane="fast")
    def noop(_client: Client) -> object:
        """Do nothing: what a call costs by itself."""
        return []

    @registry.method("ring", lane="fast")
    def ring(_client: Client) -> object:
        """Say that something may have changed."""
        service.bell.ring()
        return True

    @registry.method("configure", lane="slow")
    def configure(_client: Client, text: str) -> object:
        """Take the settings, a JSON object with the names of the configuration file and `since`."""
        try:
            table = json.loads(text)
        except ValueError as error:
            raise ExplogError("bad-config", f"the settings are no JSON: {error}") from error
        if not isinstance(table, dict):
            raise ExplogError("bad-config", "the settings are no JSON object")
        since = table.pop("since", None)
        if since is not None and not isinstance(since, int | float):
            raise ExplogError("bad-config", f"since: expected a time, not {since!r}")
        service.configure(from_mapping(table), time.time() if since is None else float(since))
        return True

    @registry.method("status", lane="fast")
    def status(_client: Client) -> object:
        """Return what is served, as a plist."""
        return service.status()
