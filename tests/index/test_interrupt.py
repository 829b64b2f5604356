"""A question to the index that another thread ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from explog.errors import ExplogError
from explog.index.sqlite import SqliteStore, open_store

ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


def ask(store: SqliteStore, thread: threading.Thread | None = None) -> None:
    with store.interruptible() as interrupt:
        if thread is None:
            interrupt()  # before it begins
        else:
            INTERRUPTS.append(interrupt)
            thread.start()
        store.one(ENDLESS)


INTERRUPTS: list[Callable[[], None]] = []


def press() -> None:
    INTERRUPTS.pop()()


@pytest.mark.parametrize("early", [True, False])
def test_an_endless_question_is_ended(tmp_path: Path, early: bool) -> None:
    store = open_store(tmp_path / "index.sqlite")
    other = None if early else threading.Thread(target=press)
    with pytest.raises(ExplogError) as caught:
        ask(store, other)
    assert caught.value.code == "interrupted"
    assert store.counts().commits == 0


def test_what_is_over_cannot_be_ended(tmp_path: Path) -> None:
    store = open_store(tmp_path / "index.sqlite")
    with store.interruptible() as interrupt:
        pass
    interrupt()
    assert store.one(f"SELECT count(*) FROM ({ENDLESS.replace('max(x)', 'x')} LIMIT 100000)")
