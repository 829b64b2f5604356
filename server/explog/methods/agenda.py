"""The methods behind `explog-agenda-view`: which experiments to show, and how far they are."""

from __future__ import annotations

import time

from explog.daemon.loop import Daemon
from explog.daemon.running import running_texts
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
def facts(daemon: Daemon, _client: Client, idents: list[str], metric: str | None) -> Bulk[FactsRow]:
    """Return for the experiments with one of IDENTS how far they are, METRIC, and what runs.

    Without METRIC, that is not looked for.
    """
    index = daemon.snapshot().index
    known: dict[str, str] = {}
    if metric:
        from explog.results.latest import latest_metric  # a server starts without it

        known = latest_metric(index, metric, idents)
    runs = running_texts(daemon.runs.found, time.time())
    rows = agenda.facts(index, idents)
    if known or runs:
        rows = [
            row._replace(metric=known.get(row.ident), running=runs.get(row.ident)) for row in rows
        ]
    return Bulk(rows)
