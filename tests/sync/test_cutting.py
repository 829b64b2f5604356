"""A log of which only what changed is cut says what it says when all of it is cut."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from explog.config import Settings
from explog.index.database import Index
from explog.index.records import SectionPlace
from explog.org import files
from explog.org.context import BOM
from explog.org.options import OrgOptions, org_options
from explog.sync import cutting
from explog.sync.cutting import Cut, cut
from explog.sync.look import sync
from explog.sync.memory import Memory
from support.canonical import canonical

LINES = [
    b"* TODO [1] title :exp:",
    b"* plain",
    b"** Experiments",
    b"1. [ ] step",
    b"*** deep",
    b"text",
    b"",
    b" * no heading",
    b"*",
    b"#+TODO: A B | C",
    b"#+FILETAGS: :all:",
    b"#+BEGIN_SRC org",
    b"#+END_SRC",
    b"#+SETUPFILE: nowhere.org",
    "naïve 学習率".encode(),
    b"no \xff\xfe UTF-8",
    b"\xe4\xf6\xfc latin",
    b"windows\r",
    b"long " * 50,
]
SOME = st.lists(st.sampled_from(LINES), max_size=12)
PATH = Path("/nowhere/log.org")
KEY = b"key"
OPTIONS = org_options(Settings())


@st.composite
def edits(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Make a log, and the log after one edit; that may begin and end within a line."""
    head = draw(st.sampled_from([b"", BOM, b"#+TITLE: " + b"x" * 250 + b"\n"]))
    before, behind = (b"\n".join(draw(SOME)) for _ in range(2))
    old, new = (b"\n".join(draw(SOME)) for _ in range(2))
    end = draw(st.sampled_from([b"", b"\n"]))
    glue = draw(st.sampled_from([b"", b"\n"]))
    return head + before + glue + old + glue + behind + end, (
        head + before + glue + new + glue + behind + end
    )


def spliced(old: Sequence[SectionPlace], part: Cut) -> list[SectionPlace]:
    """Return the places of the whole log when PART has been put among the OLD ones."""
    moved, lines = part.shift
    before = [one for one in old if one.start < part.start]
    behind = [one for one in old if one.start >= part.old_end]
    first = next(one for one in old if one.start == part.start).line
    return [
        *before,
        *(one._replace(line=first + one.line) for one in part.places),
        *(SectionPlace(one.digest, one.start + moved, one.line + lines) for one in behind),
    ]


@given(edits())
@effort(max_examples=500)
def test_a_part_is_cut_as_the_whole_is(edit: tuple[bytes, bytes]) -> None:
    last = cut(PATH, edit[0], OPTIONS, KEY, None)
    whole = cut(PATH, edit[1], OPTIONS, KEY, None)
    part = cut(PATH, edit[1], OPTIONS, KEY, last)
    assert (part.context, part.digest) == (whole.context, whole.digest)
    if part.base is None:
        assert part.places == whole.places
    else:
        assert part.base == last.digest
        assert spliced(last.places, part) == list(whole.places)


LOG = (
    b"#+TITLE: a log\n"
    + b"# long\n" * 40
    + b"".join(
        b"* TODO [%d] title :exp:\n** Experiments\n1. [ ] n\xc3\xa4ive\n" % number
        for number in range(100)
    )
)


@pytest.mark.parametrize(
    ("old", "new", "sections", "context"),
    [
        (b"[50] title", b"[50] other", 1, False),
        (b"* TODO [50]", b"* TODO [150] new :exp:\n* TODO [50]", 2, False),
        (b"\n* TODO [50]", b"\n** TODO [50]", 1, False),
        (b"[50] title :exp:\n", b"[50] title :exp:\n#+TODO: A | B\n", 0, True),
        (b"[50] title :exp:\n", b"[50] title :exp:\n#+BEGIN_SRC\n#+END_SRC\n", 1, True),
        (b"[50] title", b"[50] \xff", 1, True),
        (b"# long\n", b"# short\n", 0, True),
    ],
)
def test_only_what_changed_is_cut(
    monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes, sections: int, context: bool
) -> None:
    """SECTIONS are cut again (0: all), and the whole is asked what holds for it if CONTEXT."""
    asked: list[Path] = []
    real = files.log_context

    def log_context(path: Path, data: bytes, options: OrgOptions) -> object:
        asked.append(path)
        return real(path, data, options)

    last = cut(PATH, LOG, OPTIONS, KEY, None)
    monkeypatch.setattr(cutting, "log_context", log_context)
    part = cut(PATH, LOG.replace(old, new, 1), OPTIONS, KEY, last)
    assert len(part.places) == (sections or 101)
    assert (part.base is None) == (sections == 0)
    assert bool(asked) == context


def test_other_settings_have_all_cut() -> None:
    last = cut(PATH, LOG, OPTIONS, KEY, None)
    assert cut(PATH, LOG, OPTIONS, b"other", last).base is None


@given(st.lists(edits(), min_size=1, max_size=4), st.integers(0, 3))
@effort(max_examples=40)
def test_looks_with_a_memory_give_what_one_look_gives(
    tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[bytes, bytes]], strange: int
) -> None:
    """Also if another explog takes in one of the states in between."""
    log = tmp_path_factory.mktemp("cut") / "log.org"
    settings = Settings(logs=(str(log),))
    memory = Memory()
    with closing(Index(None)) as index, closing(Index(None)) as other:
        for number, data in enumerate(itertools.chain(*texts)):
            log.write_bytes(data)
            os.utime(log, (number, number))
            sync(settings, index, memory=None if number == strange else memory)
        sync(settings, other)
        assert canonical(index) == canonical(other)


def test_a_log_that_is_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log.org"
    log.write_bytes(LOG)
    memory = Memory()
    settings = Settings(logs=(str(log),))
    with closing(Index(None)) as index:
        sync(settings, index, memory=memory)
        assert [one.data for one in memory.cuts.values()] == [LOG]
        monkeypatch.setattr("explog.sync.logs._KEPT_BYTES", len(LOG))
        log.write_bytes(LOG + b"more")
        sync(settings, index, memory=memory)
        assert memory.cuts == {}
        log.unlink()
        sync(settings, index, memory=memory)
