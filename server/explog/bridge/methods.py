"""What Emacs may ask of the server; what belongs to one feature is in a module of its own."""

from __future__ import annotations

import json
import time
from dataclasses import fields
from typing import TYPE_CHECKING

from explog.bridge import doctor, wire
from explog.bridge.registry import Registry
from explog.bridge.service import Service
from explog.config import from_mapping
from explog.errors import ExplogError
from explog.search import Hit, search

if TYPE_CHECKING:
    from explog.bridge.connection import Client

# The columns of a hit as Emacs gets them: `explog-search-hit' names them in the same order.
_HIT = tuple(field.name for field in fields(Hit))


def make_registry(service: Service) -> Registry:
    """Return the methods that Emacs may call, bound to SERVICE."""
    registry = Registry()
    for add in (
        _add_core,
        doctor.add,
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

    @registry.method("search", lane="fast")
    def find(_client: Client, text: str, limit: int) -> object:
        """Return (TOTAL COMPLETE HITS PROGRESS) for a query: HITS is a vector of `_HIT`.

        PROGRESS says what is being indexed meanwhile.
        """
        result = search(service.ready_store(), text, limit, count_all=False)
        rows = [[getattr(hit, name) for name in _HIT] for hit in result.hits]
        return [result.total, result.complete, wire.Bulk(rows), service.progress]

    @registry.method("status", lane="fast")
    def status(_client: Client) -> object:
        """Return what is served, as a plist."""
        return service.status()
