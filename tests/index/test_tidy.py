"""What was written in many pieces is searched as one, once somebody had the time to merge them."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from explog.config import Settings
from explog.index.database import Index
from explog.index.upkeep import tidy
from explog.queries.search import search
from explog.sync.look import sync


def pieces(index: Index) -> int:
    """Return in how many segments the words of passages are kept."""
    sql = "SELECT count(DISTINCT id >> 37) FROM passage_words_data WHERE id >> 37 > 0"
    return int(index.one(sql)[0])


@pytest.mark.parametrize("in_memory", [False, True])
def test_pieces_become_one_and_say_the_same(tmp_path: Path, in_memory: bool) -> None:
    log = tmp_path / "log.org"
    settings = Settings(logs=(str(log),))
    with closing(Index(None if in_memory else tmp_path / "index.sqlite")) as index:
        for number in range(20):
            entries = (f"* [{n}] word w{n * number} :exp:\n" for n in range(number))
            log.write_text("".join(entries))
            os.utime(log, (number, number))
            sync(settings, index)
        before = [search(index, f"w{n}").total for n in range(400)]
        assert pieces(index) > 16  # none was merged while somebody waited
        while tidy(index):
            pass
        assert pieces(index) < 4
        assert [search(index, f"w{n}").total for n in range(400)] == before
        assert search(index, "word").total == 19
        (changes,) = index.one("SELECT total_changes()")
        assert not tidy(index)
        assert index.one("SELECT total_changes()")[0] - changes <= 2  # the two requests are all


def test_a_piece_of_it_is_small(tmp_path: Path) -> None:
    with closing(Index(tmp_path / "index.sqlite")) as index:
        for number in range(4):
            words = (" ".join(f"{number}x{n}x{m}" for m in range(50)) for n in range(1000))
            entries = (f"* [{n}] {text} :exp:\n" for n, text in enumerate(words))
            (tmp_path / f"{number}.org").write_text("".join(entries))
            sync(Settings(logs=(str(tmp_path / "*.org"),)), index)
        before = pieces(index)
        steps = 0
        while tidy(index):
            steps += 1
        assert steps > 3
        assert pieces(index) < before
        assert search(index, "3x999x49").total == 1


def test_it_waits_for_no_other_process(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(Index(path)) as index, closing(Index(path)) as other:
        with other.writing():
            assert tidy(index)
        assert not tidy(index)
        assert index.one("PRAGMA busy_timeout")[0] > 1000  # as before


def test_the_file_beside_the_index_becomes_small_again(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(Index(path)) as index:
        with index.writing():
            for number in range(30):
                index.set_meta(str(number), str(number) * 1_000_000)
        beside = path.with_name("index.sqlite-wal")
        assert beside.stat().st_size > 25_000_000
        for number in range(3):
            with index.writing():
                index.set_meta("small", str(number))
        assert beside.stat().st_size < 20_000_000
