"""A log that somebody is writing is not taken for what it is to become."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from explog.config import Settings
from explog.index.database import Index, open_index
from explog.org.files import read_log
from explog.sync.look import sync

WHOLE = "".join(f"* [{n}] title :exp:\n** Experiments\n1. [ ] step\n" for n in range(1, 400))


class Log:
    """A log that is indexed, and was written long ago."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "log.org"
        self.settings = Settings(logs=(str(self.path),))
        self.index: Index = open_index(folder / "index.sqlite")
        self.path.write_text(WHOLE, encoding="utf-8")
        os.utime(self.path, (1_500_000_000, 1_500_000_000))
        sync(self.settings, self.index)

    @property
    def experiments(self) -> int:
        return self.index.counts().experiments


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


@pytest.mark.parametrize("part", [0, 100, len(WHOLE) // 3])
def test_a_log_that_was_just_cut_is_left_for_later(log: Log, part: int) -> None:
    log.path.write_text(WHOLE[:part], encoding="utf-8")
    # It looks quiet: a large file takes an editor that long between two writes.
    before = time.time() - 0.1
    os.utime(log.path, (before, before))
    report = sync(log.settings, log.index, patient=False)
    assert report.unsettled
    assert not report.changed
    assert log.experiments == 399
    log.path.write_text(f"{WHOLE}* [999] one more :exp:\n", encoding="utf-8")
    report = sync(log.settings, log.index, patient=False)
    assert not report.unsettled
    assert log.experiments == 400


def test_who_can_wait_waits_for_the_end_of_it(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.path.write_text("", encoding="utf-8")

    def read_and_write(path: Path) -> bytes:
        data = read_log(path)
        if not data:
            log.path.write_text(f"{WHOLE}* [999] one more :exp:\n", encoding="utf-8")
        return data

    monkeypatch.setattr("explog.sync.logs.read_log", read_and_write)
    report = sync(log.settings, log.index)
    assert not report.unsettled
    assert log.experiments == 400


def test_a_log_that_stays_cut_is_taken_in_the_end(log: Log) -> None:
    log.path.write_text(WHOLE[: len(WHOLE) // 3], encoding="utf-8")
    sync(log.settings, log.index)
    assert 0 < log.experiments < 150


def test_a_line_less_is_seen_at_once(log: Log) -> None:
    log.path.write_text(WHOLE.replace("title", "tale", 1), encoding="utf-8")
    started = time.monotonic()
    report = sync(log.settings, log.index, patient=False)
    assert report.changed, f"not seen after {time.monotonic() - started} s"
