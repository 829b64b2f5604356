"""The methods behind `explog-agenda-view`: which experiments to show, and how far they are."""

from __future__ import annotations

from explog.daemon.loop import Daemon
from explog.queries import agenda
from explog.queries.agenda import FactsRow, FoundExperiment
from explog.rpc.client import Client
from explog.rpc.registry import method
from explog.rpc.wire import Bulk


@method("agenda-select", lane="fast")
def select(daemon: Daemon, _client: Client, text: str) -> tuple[bool, Bulk[FoundExperiment]]:
    """Return (COMPLETE ROWS): the experiments that a query finds.

    Unless COMPLETE, the logs are still being read and more may be found later.
    """
    snapshot = daemon.snapshot()
    return snapshot.looked, Bulk(agenda.select(snapshot.index, text))


@method("agenda-facts", lane="fast")
def facts(daemon: Daemon, _client: Client, idents: list[str]) -> Bulk[FactsRow]:
    """Return how far the experiments with one of IDENTS are."""
    return Bulk(agenda.facts(daemon.snapshot().index, idents))
