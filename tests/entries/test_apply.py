"""Changes of entries: made in the buffer or the file that has them, as planned or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from explog.config import Settings
from explog.entries.apply import Result, apply_changes
from explog.entries.emacs import BufferEntries
from explog.entries.text import EntryTexts
from explog.model import Change, LineEdit
from support.buffers import Emacs
from support.repo import GitRepo

LOG = """\
* TODO [201] First :exp:
** Experiments
1. [ ] one
* TODO [202] Second :exp:
** Experiments
1. [ ] one
"""


class Desk:
    """A log, and an Emacs that may visit it."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log.org"
        self.log.write_text(LOG, encoding="utf-8")
        self.emacs = Emacs()

    def texts(self) -> EntryTexts:
        buffers = BufferEntries()
        buffers.ask_for(self.emacs, [(str(self.log), "201"), (str(self.log), "202")])
        return EntryTexts(Settings(), buffers)

    def changes(self, end: str = "\n") -> list[Change]:
        """Return a change of the only step of each entry."""
        lines = (LineEdit(2, f"1. [ ] one{end[:-1]}", f"1. [X] one{end[:-1]}"),)
        first, second = (f"* TODO{part}".replace("\n", end) for part in LOG.split("* TODO")[1:])
        first = first.removesuffix("\n")
        return [
            Change(str(self.log), line, ident, text, lines, (f"e{ident}.1",))
            for line, ident, text in ((1, "201", first), (4, "202", second))
        ]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def codes(results: list[Result]) -> list[str | None]:
    return [None if result.error is None else result.error.code for result in results]


def test_a_file_gets_all_its_changes(desk: Desk) -> None:
    assert codes(apply_changes(desk.changes(), desk.texts())) == [None, None]
    assert desk.log.read_text(encoding="utf-8") == LOG.replace("[ ]", "[X]")


def test_an_entry_that_is_another_is_left_alone(desk: Desk) -> None:
    text = LOG.replace("First", "Other")
    desk.log.write_text(text, encoding="utf-8")
    results = apply_changes(desk.changes(), desk.texts())
    assert codes(results) == ["changed", None]
    assert results[0].problem == f"{desk.log}: it changed meanwhile"
    assert desk.log.read_text(encoding="utf-8") == text.replace(
        "Second :exp:\n** Experiments\n1. [ ]", "Second :exp:\n** Experiments\n1. [X]"
    )


def test_nothing_is_written_to_a_file_that_changed_since_it_was_read(desk: Desk) -> None:
    texts = desk.texts()
    texts.log(str(desk.log))
    desk.log.write_text(f"{LOG}more\n", encoding="utf-8")
    assert codes(apply_changes(desk.changes(), texts)) == ["changed", "changed"]
    assert desk.log.read_text(encoding="utf-8") == f"{LOG}more\n"


def test_one_log_holds_up_no_other(desk: Desk) -> None:
    first, second = desk.changes()
    other = desk.log.with_name("other.org")
    moved = Change(str(other), 4, "202", second.text, second.lines, second.messages)
    assert codes(apply_changes([moved, first], desk.texts())) == ["missing", None]


def test_a_buffer_gets_all_its_changes_in_one_call(desk: Desk) -> None:
    desk.emacs.visit(desk.log)
    assert codes(apply_changes(desk.changes(), desk.texts())) == [None, None]
    assert desk.emacs.calls == 1
    assert desk.emacs.shown == ["e201.1", "e202.1"]
    assert desk.emacs.buffers[str(desk.log)] == LOG.replace("[ ]", "[X]")


def test_an_entry_that_was_typed_in_since_it_was_read(desk: Desk) -> None:
    desk.emacs.visit(desk.log)
    texts = desk.texts()
    desk.emacs.type(desk.log, "1. [ ] one\n* TODO", "1. [ ] one, two\n* TODO")
    assert codes(apply_changes(desk.changes(), texts)) == ["changed", None]
    assert "1. [ ] one, two\n" in desk.emacs.buffers[str(desk.log)]
    assert desk.log.read_text(encoding="utf-8") == LOG


def test_a_buffer_that_must_not_be_edited_is_not_asked_to_be(desk: Desk) -> None:
    desk.emacs.visit(desk.log)
    desk.emacs.problem = "the buffer is read-only"
    results = apply_changes(desk.changes(), desk.texts())
    assert [result.problem for result in results] == ["the buffer is read-only"] * 2
    assert desk.emacs.calls == 0


def test_a_change_of_a_file_fits_a_buffer_without_carriage_returns(desk: Desk) -> None:
    desk.log.write_bytes(LOG.replace("\n", "\r\n").encode())
    desk.emacs.visit(desk.log)
    assert codes(apply_changes(desk.changes("\r\n"), desk.texts())) == [None, None]
    assert desk.emacs.buffers[str(desk.log)] == LOG.replace("[ ]", "[X]")


@pytest.mark.parametrize("visited", [False, True])
def test_a_log_waits_for_git(tmp_path: Path, visited: bool) -> None:
    repo = GitRepo(tmp_path / "notes")
    repo.commit("root")
    repo.run("bisect", "start")
    desk = Desk(repo.path)
    if visited:
        desk.emacs.visit(desk.log)
    results = apply_changes(desk.changes(), desk.texts())
    assert codes(results) == ["git", "git"]
    assert "in the middle of a bisection" in (results[0].problem or "")
    assert desk.emacs.calls == 0
    assert desk.log.read_text(encoding="utf-8") == LOG


NOTE = "   - a note"


@pytest.mark.parametrize("visited", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_is_put_below_another_one(desk: Desk, end: str, visited: bool) -> None:
    desk.log.write_bytes(LOG.replace("\n", end).encode())
    if visited:
        desk.emacs.visit(desk.log)
    returned = end[:-1]
    changes = [
        replace(
            change,
            lines=tuple(
                LineEdit(e.line, e.old, f"{e.old}\n{NOTE}{returned}") for e in change.lines
            ),
        )
        for change in desk.changes(end)
    ]
    assert codes(apply_changes(changes, desk.texts())) == [None, None]
    noted = LOG.replace("one\n", f"one\n{NOTE}\n")
    if visited:
        assert desk.emacs.buffers[str(desk.log)] == noted
    else:
        assert desk.log.read_bytes() == noted.replace("\n", end).encode()
