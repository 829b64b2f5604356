"""The method `search`: the next key ends the search for the one before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from explog.config import Settings
from explog.daemon.loop import Service
from explog.errors import ExplogError
from explog.index.sqlite import SqliteStore, open_store
from explog.methods import search as searching
from explog.queries.search import Result
from explog.rpc.connection import Client
from explog.rpc.registry import Registry

ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service()
    service.settings = Settings()
    service.store = open_store(tmp_path / "index.sqlite")
    yield service
    service.store.close()


def test_the_next_key_ends_the_search_before(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry()
    searching.add(registry, service)
    find = registry.find("search").function
    client, other = Client(lambda *_: None), Client(lambda *_: None)
    begun = threading.Event()
    codes: list[str] = []

    def search(store: SqliteStore, text: str, _limit: int, *, count_all: bool) -> Result:
        assert not count_all
        if text == "endless":
            begun.set()
            store.one(ENDLESS)
        return Result(0, complete=True, hits=())

    def run() -> None:
        try:
            find(client, "endless", 10, True)
        except ExplogError as error:
            codes.append(error.code)

    monkeypatch.setattr(searching, "search", search)
    thread = threading.Thread(target=run)
    thread.start()
    begun.wait()
    find(other, "of another Emacs", 10, True)
    find(client, "not typed", 10)
    assert thread.is_alive()
    find(client, "next", 10, True)
    thread.join()
    assert codes == ["interrupted"]
