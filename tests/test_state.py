"""What has to last: kept whole, by several at once, and for its owner alone."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from explog import flock
from explog.state import change_state, keep_state, read_state, state_file


def add(name: str) -> None:
    def change(table: dict[str, object]) -> Mapping[str, object]:
        return {**table, name: 1}

    change_state("some", change)


def test_several_changes_at_once_are_all_kept(home: Path) -> None:
    names = [str(number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, names))
    assert read_state("some") == dict.fromkeys(names, 1)
    path = state_file("some")
    assert home in path.parents
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)]
    assert modes == [0o600, 0o700]
    assert {one.name for one in path.parent.iterdir()} == {"some.json", "some.lock"}


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_empty_and_can_be_replaced(data: bytes) -> None:
    keep_state("some", {"a": 1})
    state_file("some").write_bytes(data)
    assert read_state("some") == {}
    add("b")
    assert read_state("some") == {"b": 1}


def test_a_change_that_fails_leaves_all_as_it_was() -> None:
    keep_state("some", {"a": 1})
    with pytest.raises(TypeError):
        change_state("some", lambda table: {**table, "b": object()})
    assert read_state("some") == {"a": 1}
    assert len(list(state_file("some").parent.iterdir())) == 2


def test_a_pipe_is_not_waited_for() -> None:
    keep_state("some", {"a": 1})
    state_file("some").unlink()
    os.mkfifo(state_file("some"))
    assert read_state("some") == {}
    with pytest.raises(OSError, match="it is not a file"):
        add("b")


def test_another_explog_that_was_stopped_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flock, "_PATIENCE", 0.1)
    add("a")
    with state_file("some").with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="another explog keeps it locked"):
            add("b")
    add("c")
    assert read_state("some") == {"a": 1, "c": 1}
