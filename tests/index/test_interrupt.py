"""A question to the index that another thread ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from explog.errors import ExplogError
from explog.index.database import Index, open_index

ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


def ask(index: Index, thread: threading.Thread | None = None) -> None:
    with index.interruptible() as interrupt:
        if thread is None:
            interrupt()  # before it begins
        else:
            INTERRUPTS.append(interrupt)
            thread.start()
        index.one(ENDLESS)


INTERRUPTS: list[Callable[[], None]] = []


def press() -> None:
    INTERRUPTS.pop()()


@pytest.mark.parametrize("early", [True, False])
def test_an_endless_question_is_ended(tmp_path: Path, early: bool) -> None:
    index = open_index(tmp_path / "index.sqlite")
    other = None if early else threading.Thread(target=press)
    with pytest.raises(ExplogError) as caught:
        ask(index, other)
    assert caught.value.code == "interrupted"
    assert index.counts().commits == 0


def test_what_is_over_cannot_be_ended(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index.sqlite")
    with index.interruptible() as interrupt:
        pass
    interrupt()
    assert index.one(f"SELECT count(*) FROM ({ENDLESS.replace('max(x)', 'x')} LIMIT 100000)")
