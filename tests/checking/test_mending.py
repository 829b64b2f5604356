"""Mending: what was seen is done, in the file or the buffer, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from explog.checking.check import check
from explog.checking.mending import MendRequest, mend
from explog.config import Root, Settings
from explog.index.database import Index, open_index
from explog.model import Problem
from explog.rpc.arguments import FileName
from explog.sync.look import sync
from support.buffers import Emacs
from support.repo import GitRepo

Make = Callable[..., GitRepo]

LOG = """\
* TODO [201] First :exp:
** Experiments [7/2]
1. [ ] one
2. [ ] two

* TODO [202] Second :exp:
** Experiments [3/1]
1. [ ] one
"""


class Desk:
    """A log with two cookies that are wrong, and what `explog check` says of it."""

    def __init__(self, folder: Path, repo: GitRepo) -> None:
        self.log = folder / "log.org"
        self.log.write_text(LOG, encoding="utf-8")
        self.repo = repo
        self.emacs = Emacs()
        index = folder / "index.sqlite"
        self.settings = Settings(
            logs=(str(self.log),), repositories=(Root(repo.path),), index=index
        )
        self.index: Index = open_index(index)

    def find(self) -> list[Problem]:
        sync(self.settings, self.index)
        return check(self.settings, self.index)

    def requests(self, kind: str) -> list[MendRequest]:
        """Return the request to mend each problem of KIND, as it is now."""
        return [
            MendRequest(
                kind,
                FileName(one.mend.file),
                one.mend.experiment,
                (one.line or 0) - one.mend.line,
                list(one.mend.lines),
            )
            for one in self.find()
            if one.kind == kind and one.mend is not None
        ]

    def mend(self, requests: list[MendRequest]) -> list[str | None]:
        return mend(self.settings, [self.emacs], self.find, requests)

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path, git_repo: Make) -> Iterator[Desk]:
    repo = git_repo("proj")
    repo.commit("root")
    made = Desk(tmp_path, repo)
    yield made
    made.index.close()


def test_one_is_mended_and_the_other_stays(desk: Desk) -> None:
    first, _second = desk.requests("cookie")
    assert desk.mend([first]) == [None]
    assert desk.text() == LOG.replace("[7/2]", "[0/2]")
    assert desk.mend([first]) == ["it changed meanwhile"]


def test_all_of_a_kind(desk: Desk) -> None:
    assert desk.mend(desk.requests("cookie")) == [None, None]
    assert desk.text() == LOG.replace("[7/2]", "[0/2]").replace("[3/1]", "[0/1]")
    assert desk.find() == []


def test_several_in_one_entry_follow_from_each_other(desk: Desk) -> None:
    one = desk.repo.commit("[e201.1] Results")[:7]
    two = desk.repo.commit("[e201.2] Results")[:7]
    text = LOG.replace("[7/2]", "[0/2]").replace("[3/1]", "[0/1]")
    desk.log.write_text(
        text.replace("one\n2", f"one ({one})\n2").replace("two", f"two ({two})"), encoding="utf-8"
    )
    requests = desk.requests("unticked")
    assert len(requests) == 2
    assert desk.mend(requests) == [None, None]
    assert f"[2/2]\n1. [X] one ({one})\n2. [X] two ({two})\n" in desk.text()
    assert desk.find() == []


def test_what_it_says_now_is_another(desk: Desk) -> None:
    requests = desk.requests("cookie")
    text = LOG.replace("1. [ ] one\n2", "1. [X] one\n2")
    desk.log.write_text(text, encoding="utf-8")
    assert desk.mend(requests) == ["it changed meanwhile", None]
    assert desk.text() == text.replace("[3/1]", "[0/1]")


def test_in_a_buffer(desk: Desk) -> None:
    desk.emacs.visit(desk.log)
    assert desk.mend(desk.requests("cookie")) == [None, None]
    assert desk.text() == LOG.replace("[7/2]", "[0/2]").replace("[3/1]", "[0/1]")
    assert desk.emacs.calls == 1
    assert desk.emacs.shown == ["e201: [7/2] should be [0/2]", "e202: [3/1] should be [0/1]"]


def test_in_a_buffer_that_has_other_changes_in_the_entry(desk: Desk) -> None:
    desk.emacs.visit(desk.log)
    desk.emacs.type(desk.log, "2. [ ] two", "2. [X] two")
    said = desk.mend(desk.requests("cookie"))
    assert said == ["experiment 201 has changes that are not saved", None]
    assert desk.text() == LOG
    assert "** Experiments [0/1]" in desk.emacs.buffers[str(desk.log)]
    assert "** Experiments [7/2]" in desk.emacs.buffers[str(desk.log)]


def test_in_a_buffer_without_carriage_returns(desk: Desk) -> None:
    desk.log.write_bytes(LOG.replace("\n", "\r\n").encode())
    desk.emacs.visit(desk.log)
    requests = desk.requests("cookie")
    assert requests[0].lines[0].old.endswith("\r")
    assert desk.mend(requests) == [None, None]
    assert "** Experiments [0/2]\n" in desk.emacs.buffers[str(desk.log)]


def test_a_log_that_is_read_only(desk: Desk) -> None:
    requests = desk.requests("cookie")
    desk.log.chmod(0o444)
    assert desk.mend(requests) == [f"{desk.log}: it is read-only"] * 2
    assert desk.text() == LOG
