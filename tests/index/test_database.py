"""The file behind the index, as several threads use it."""

from __future__ import annotations

import gc
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from explog.config import Settings
from explog.index.commits import all_repositories
from explog.index.database import Index
from explog.queries.search import search
from explog.sync.look import sync


def test_nothing_stays_open_where_there_is_no_index(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(b"no database" * 200)
    with pytest.raises(sqlite3.DatabaseError):
        Index(path)
    gc.collect()  # warns of a connection that is open, from Python 3.13 on


@pytest.mark.parametrize("in_memory", [False, True])
def test_who_reads_for_the_first_time_does_not_wait_for_who_writes(
    tmp_path: Path, in_memory: bool
) -> None:
    index = Index(None if in_memory else tmp_path / "index.sqlite")
    with ThreadPoolExecutor() as pool, index.writing():
        index.set_meta("said", "much")
        assert pool.submit(all_repositories, index).result(timeout=30) == []
    index.close()


@pytest.mark.parametrize("in_memory", [False, True])
def test_words_are_searched_while_a_log_is_read_again(tmp_path: Path, in_memory: bool) -> None:
    index = Index(None if in_memory else tmp_path / "index.sqlite")
    log = tmp_path / "log.org"
    settings = Settings(logs=(str(log),))
    over = threading.Event()

    def searches() -> int:
        count = 0
        while not over.is_set() or not count:
            count += search(index, "word").total > 0
        return count

    with ThreadPoolExecutor() as pool:
        try:
            for number in range(20):
                entries = (f"* [{n}] word {number} :exp:\n" for n in range(100))
                log.write_text("".join(entries))
                os.utime(log, (number, number))
                sync(settings, index)
                if number == 0:
                    counts = [pool.submit(searches) for _thread in range(2)]
        finally:
            over.set()
        assert all(count.result(timeout=30) for count in counts)
    index.close()
