"""The method `search`: the next key ends the search for the one before."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from explog.config import Settings
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.index.database import Index
from explog.methods.search import search
from explog.queries import search as queries
from explog.queries.search import SearchResult
from explog.rpc.client import Client
from explog.runs.listing import FoundRun

ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(background=False)
    daemon.configure(Settings(index=tmp_path / "index.sqlite"), 0)
    yield daemon
    daemon.close()
    daemon.snapshot().index.close()


def test_the_next_key_ends_the_search_before(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, other = Client(lambda *_: None), Client(lambda *_: None)
    begun = threading.Event()
    codes: list[str] = []

    def find(
        index: Index, text: str, _limit: int, *, count_all: bool, runs: Sequence[FoundRun]
    ) -> SearchResult:
        assert (count_all, runs) == (False, ())
        if text == "endless":
            begun.set()
            index.one(ENDLESS)
        return SearchResult(0, complete=True, hits=())

    def run() -> None:
        try:
            search(daemon, client, "endless", 10, True)
        except ExplogError as error:
            codes.append(error.code)

    monkeypatch.setattr(queries, "search", find)
    thread = threading.Thread(target=run)
    thread.start()
    begun.wait()
    search(daemon, other, "of another Emacs", 10, True)
    search(daemon, client, "not typed", 10)
    assert thread.is_alive()
    search(daemon, client, "next", 10, True)
    thread.join()
    assert codes == ["interrupted"]
