"""What `explog-agenda-view` asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explog.daemon.loop import Service
from explog.errors import ExplogError
from explog.queries import agenda
from explog.rpc import wire
from explog.rpc.registry import Registry

if TYPE_CHECKING:
    from explog.rpc.connection import Client


def add(registry: Registry, service: Service) -> None:
    """Add the methods for agendas, bound to SERVICE, to REGISTRY."""

    @registry.method("agenda-select", lane="fast")
    def select(_client: Client, text: str) -> object:
        """Return (COMPLETE ROWS) for a query: a row is [FILE ID], of an experiment that it finds.

        Unless COMPLETE, not all was read yet that there is to find.
        """
        complete = service.looked  # asked first: a look may end meanwhile
        found = agenda.select(service.ready_store(), text)
        return [complete, wire.Bulk([[place.file, place.ident] for place in found])]

    @registry.method("agenda-facts", lane="fast")
    def facts(_client: Client, idents: object) -> object:
        """Return rows [ID FILE TICKED STEPS TOUCHED] for the experiments with one of the ids.

        TICKED of the STEPS with a box are; TOUCHED is when the last commit that refers to it was
        made, in seconds since 1970, or nil.
        """
        if not isinstance(idents, list) or not all(isinstance(ident, str) for ident in idents):
            raise ExplogError("bad-arguments", "agenda-facts takes a list of ids")
        found = agenda.facts(service.ready_store(), idents)
        return wire.Bulk([[r.ident, r.file, r.ticked, r.steps, r.touched] for r in found])
