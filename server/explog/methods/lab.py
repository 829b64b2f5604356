"""The methods behind `scope:lab` in Emacs: the hits of the group, and what a member published."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.queries.query import Query, parse
from explog.refs import step_text
from explog.rpc.client import Client, PerClient
from explog.rpc.registry import method
from explog.rpc.wire import Bulk

if TYPE_CHECKING:
    from explog.lab.searching import FromLab

# A lab that did not answer is not asked again at every key.
_PAUSE_SECONDS = 15.0
_KINDS = ("experiment", "step", "note", "conclusion")


class SharedRow(NamedTuple):
    """A hit, and whose it is: `members` is empty for one's own.

    `page` is the page of a commit on the web, `source` the lab's number of a passage's explog.
    """

    kind: str
    experiment: str | None
    step: str | None
    title: str
    snippet: str
    file: str | None
    line: int | None
    repository: str | None
    commit: str | None
    date: str | None
    members: str
    page: str | None
    source: int | None


class PassageRow(NamedTuple):
    """A part of an entry that a member published."""

    kind: str
    step: str | None
    title: str
    text: str


class _Asking:
    """What one Emacs asks the lab; the next question ends the one before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupt: Callable[[], None] | None = None
        self._number = 0
        self._failed: tuple[str, float, ExplogError] | None = None

    def ask(self, address: str, query: Query, limit: int) -> FromLab:
        """Return what the lab at ADDRESS finds; raise ExplogError, `interrupted` among others."""
        from explog.lab.searching import ask

        with self._lock:
            self._number += 1
            number, before, self._interrupt = self._number, self._interrupt, None
            failed = self._failed
        if before is not None:
            before()
        if failed is not None and failed[0] == address and time.monotonic() < failed[1]:
            raise failed[2]

        def begin(interrupt: Callable[[], None]) -> None:
            with self._lock:
                if number == self._number:
                    self._interrupt = interrupt
                    return
            raise ExplogError("interrupted", "a newer question was asked")

        try:
            found = ask(address, query, limit, begin)
        except ExplogError as error:
            if error.code == "lab-unreachable":
                self._failed = address, time.monotonic() + _PAUSE_SECONDS, error
            raise
        finally:
            with self._lock:
                if number == self._number:
                    self._interrupt = None
        self._failed = None
        return found


_asking = PerClient(_Asking)


@method("search-lab", lane="net")
def search_lab(
    daemon: Daemon, client: Client, text: str, limit: int
) -> tuple[int, bool, Bulk[SharedRow], str, str]:
    """Return (TOTAL COMPLETE HITS PROGRESS NOTE) as `search` does, with the hits of the group.

    The next call ends this one, which then fails with the error `interrupted`.
    """
    now = daemon.snapshot()
    found = _asking[client].ask(now.settings.group.address, parse(text), limit)
    from explog.lab.searching import search_group

    result = search_group(now.index, text, limit, found, daemon.runs.found, count_all=False)
    rows = [
        SharedRow(*one.hit, members=", ".join(one.members), page=one.page, source=one.source)
        for one in result.hits
    ]
    return result.total, result.complete, Bulk(rows), now.progress, result.note


@method("lab-entry", lane="net")
def lab_entry(
    daemon: Daemon, _client: Client, experiment: str, source: int, log: str
) -> Bulk[PassageRow]:
    """Return what SOURCE, the explog of a member, has published of EXPERIMENT in LOG.

    First stands what the experiment is about, then its steps, notes and conclusion.
    """
    from explog.lab.searching import entry

    found = entry(daemon.snapshot().settings.group.address, experiment, source, log)
    if not found:
        raise ExplogError("no-such-entry", f"nothing of e{experiment} is published there any more")
    order = {kind: place for place, kind in enumerate(_KINDS)}
    found.sort(key=lambda one: (order.get(one.kind, len(_KINDS)), one.step))
    return Bulk(
        [PassageRow(one.kind, step_text(one.step) or None, one.title, one.text) for one in found]
    )
