"""What is made ahead in another process: it comes in order, whole, and the process ends."""

from __future__ import annotations

import multiprocessing
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from explog.sync.prefetch import BrokenPrefetchError, Prefetch
from support import processes
from support.ahead import count, count_ahead, count_and_wait, die, fail
from support.waiting import wait_until

SPAWN = multiprocessing.get_context("spawn")


@pytest.mark.parametrize("room", [1, 3, 100])
def test_everything_comes_in_order(room: int) -> None:
    with closing(Prefetch(room, count, 50, 100_000)) as ahead:
        assert [int(text) for text in ahead] == list(range(50))
        assert list(ahead) == []


@pytest.mark.parametrize("end", [fail, die])
def test_what_comes_to_an_untimely_end_says_so(end: Callable[[int], Iterator[int]]) -> None:
    with closing(Prefetch(2, end, 3)) as ahead:
        assert [next(ahead) for _ in range(3)] == [0, 1, 2]
        for _ in range(2):
            with pytest.raises(BrokenPrefetchError):
                next(ahead)


def test_where_no_process_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: object) -> None:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refuse)
    with closing(Prefetch(2, count, 3)) as ahead:
        with pytest.raises(BrokenPrefetchError):
            next(ahead)
        assert ahead.is_ready()


def test_it_is_ready_when_there_is_no_room_or_nothing_more() -> None:
    with closing(Prefetch(2, count, 3)) as ahead:
        wait_until(ahead.is_ready)
        assert [next(ahead), next(ahead), next(ahead)] == ["0", "1", "2"]
        wait_until(ahead.is_ready)
        assert list(ahead) == []


def test_closed_while_there_is_no_room() -> None:
    ahead = Prefetch(1, count, 1000, 1_000_000)
    next(ahead)
    ahead.close()
    with pytest.raises(BrokenPrefetchError):
        next(ahead)


def test_what_cannot_be_received_is_an_untimely_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_connection: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr("multiprocessing.connection.Connection.recv_bytes", refuse)
    with closing(Prefetch(2, count, 3)) as ahead, pytest.raises(BrokenPrefetchError):
        next(ahead)


@pytest.mark.parametrize("use", [True, False])
def test_a_process_that_has_things_made_ahead_ends(use: bool) -> None:
    """It and the one that it began once waited for each other for good."""
    process = SPAWN.Process(target=count_ahead, kwargs={"use": use})
    process.start()
    process.join(60)
    ended = process.exitcode is not None
    process.kill()
    assert ended
    assert process.exitcode == 0


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="tells processes by /proc")
def test_it_ends_with_the_process_that_began_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = uuid.uuid4().hex
    monkeypatch.setenv(processes.MARK, run)

    def working() -> list[str]:
        return [line for line in processes.marked(run).values() if "spawn_main" in line]

    process = SPAWN.Process(target=count_and_wait)
    process.start()
    try:
        wait_until(lambda: len(working()) == 2)
        process.kill()
        wait_until(lambda: not working())
    finally:
        process.kill()
        processes.kill_marked(run)
