"""Review: the plan as sheets, and what is written of it: what was read, or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explog.config import Root, Settings
from explog.daemon.settle import settle
from explog.ignored import keep_dropped, read_dropped
from explog.index.commits import add_pending
from explog.index.database import Index, open_index
from explog.model import Change, Commit, Experiment, Step
from explog.org.edit import Mark, mark_entry
from explog.org.options import Keywords, OrgOptions
from explog.plan.plans import Edit
from explog.plan.review import Review, Sheet, apply, hunk, review, unapply
from explog.sync.look import sync
from support.buffers import Emacs
from support.repo import GitRepo

LOG = """\
#+TITLE: Log

* TODO [201] First :exp:
** Experiments [0/3]
1. [ ] one
2. [ ] two
3. [ ] three

* TODO [202] Second :exp:
** Experiments [0%]
1. [ ] one
"""


class Desk:
    """A log, a repository with a history that nobody settled, and a review of them."""

    #: The commits that belong on 201.1, 201.2 and 202.1.
    one = two = other = ""

    def __init__(self, folder: Path, repo: GitRepo, text: bytes = LOG.encode()) -> None:
        self.folder = folder
        self.log = folder / "log.org"
        self.log.write_bytes(text)
        self.repo = repo
        self.emacs = Emacs()
        self.settings = Settings(
            logs=(str(self.log),), repositories=(Root(repo.path),), index=folder / "index.sqlite"
        )
        self.index: Index = open_index(folder / "index.sqlite")

    def review(self) -> Review:
        sync(self.settings, self.index)
        return review(self.settings, self.index, [self.emacs])

    def apply(self, reviewed: Review, numbers: list[int]) -> dict[int, str | None]:
        sync(self.settings, self.index)
        return apply(self.settings, self.index, [self.emacs], reviewed, numbers)

    def unapply(self, reviewed: Review, numbers: list[int]) -> dict[int, str | None]:
        sync(self.settings, self.index)
        return unapply(self.settings, self.index, [self.emacs], reviewed, numbers)

    def lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()

    def buffer(self) -> list[str]:
        return self.emacs.buffers[str(self.log)].splitlines()


@pytest.fixture
def desk(tmp_path: Path, repo: GitRepo) -> Iterator[Desk]:
    made = Desk(tmp_path, repo)
    made.one = repo.commit("[e201.1] Results")[:7]
    made.two = repo.commit("[e201.2] Start")[:7]
    made.other = repo.commit("[e202.1] Results")[:7]
    repo.commit("[e201.7] No such step")
    yield made
    made.index.close()


def numbers(reviewed: Review) -> dict[str, int]:
    """Return the numbers of the edits by their references."""
    return {
        f"{edit.experiment.ident}.{edit.step.number[0]}": number
        for sheet in reviewed.sheets
        for number, edit in sheet.edits.items()
    }


# What is shown


def test_sheets_are_entries_and_show_what_will_be_written(desk: Desk) -> None:
    reviewed = desk.review()
    first, second = reviewed.sheets
    assert (first.experiment.ident, first.experiment.title, first.experiment.line) == (
        "201",
        "First",
        3,
    )
    assert hunk(first, list(first.edits)).text == (
        "@@ -3,5 +3,5 @@ 201 First\n"
        " * TODO [201] First :exp:\n"
        "-** Experiments [0/3]\n+** Experiments [1/3]\n"
        f"-1. [ ] one\n+1. [X] one ({desk.one})\n"
        f"-2. [ ] two\n+2. [ ] two ({desk.two})\n"
        " 3. [ ] three\n"
    )
    assert [u.reason for u in reviewed.unplaced] == ["unknown-step"]
    assert second.experiment.ident == "202"


def test_a_sheet_without_one_of_its_edits_counts_without_it(desk: Desk) -> None:
    first = desk.review().sheets[0]
    alone = hunk(
        first, [number for number, edit in first.edits.items() if edit.step.number == (2,)]
    )
    assert "[1/3]" not in alone.text
    assert "\n 1. [ ] one\n" in alone.text


def test_parts_are_the_lines_of_the_edits(desk: Desk) -> None:
    first = desk.review().sheets[0]
    shown = hunk(first, list(first.edits))
    parts = {number: shown.text[start:end] for number, start, end in shown.parts}
    assert [part.split("\n")[0] for part in parts.values()] == ["-1. [ ] one", "-2. [ ] two"]
    assert all(part.count("\n") == 2 for part in parts.values())


@given(
    st.lists(st.sampled_from(["note", "", "  more", "1. [ ] a", "2. [ ] b"]), max_size=20),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_hunk_is_a_patch(lines: list[str], crlf: bool) -> None:
    """Whatever the entry is, the lines of its hunks are its lines, where the head says."""
    end = "\r" if crlf else ""
    body = ["* TODO [201] First :exp:", *lines, "** Experiments [0/1]", "1. [ ] one", "tail"]
    text = "\n".join(line + end for line in body)
    options = OrgOptions(Keywords(("TODO",), ("DONE",)))
    step = Step((1,), len(lines) + 2, "one", " ", None)
    experiment = Experiment(0, "f", 5, 0, 0, "201", "First", "TODO", False, (step,))
    commit = Commit("a" * 40, "r", "r/.git", "A", "a@b", 0, 0, 0, 0, True)
    edit = Edit(experiment, step, commit, Mark((1,), "abc1234", True), False, "", "")
    marked = mark_entry(text, [edit.mark], options)
    change = Change("f", 5, "201", text, marked, (edit.message,))
    sheet = Sheet(experiment, {0: edit}, change, options, "Experiments")
    shown = hunk(sheet, [0])
    row = 0
    for line in shown.text.splitlines():
        if line.startswith("@@"):
            row = int(line.split()[1].split(",")[0].lstrip("-")) - 5
        elif line.startswith(("-", " ")):
            assert line[1:] == body[row]
            row += 1
    assert [(n, shown.text[a:b].split("\n")[0]) for n, a, b in shown.parts] == [(0, "-1. [ ] one")]


# What is written


def test_one_edit_then_the_rest(desk: Desk) -> None:
    reviewed = desk.review()
    named = numbers(reviewed)
    assert desk.apply(reviewed, [named["201.2"]]) == {named["201.2"]: None}
    assert f"2. [ ] two ({desk.two})" in desk.lines()
    assert "** Experiments [0/3]" in desk.lines()
    rest = [named["201.1"], named["202.1"]]
    assert desk.apply(reviewed, rest) == dict.fromkeys(rest)
    assert "** Experiments [1/3]" in desk.lines()
    assert "** Experiments [100%]" in desk.lines()
    assert desk.review().sheets == []


def test_applied_twice(desk: Desk) -> None:
    reviewed = desk.review()
    every = list(numbers(reviewed).values())
    desk.apply(reviewed, every)
    before = desk.log.read_bytes()
    assert set(desk.apply(reviewed, every).values()) == {"it is not planned any more"}
    assert desk.log.read_bytes() == before


def test_another_commit_came(desk: Desk) -> None:
    reviewed = desk.review()
    named = numbers(reviewed)
    desk.repo.commit("[e201.1] Results of another run")
    said = desk.apply(reviewed, [named["201.1"], named["201.2"]])
    assert said == {named["201.1"]: "it changed meanwhile", named["201.2"]: None}
    assert "1. [ ] one" in desk.lines()
    assert f"2. [ ] two ({desk.two})" in desk.lines()


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        ("1. [ ] one\n2.", "1. [ ] one, as I meant it\n2.", ["201.1"]),  # another text
        ("[0/3]\n1.", "[0/3]\n1. [X] zeroth\n2.", ["201.1", "201.2"]),  # renumbered
        ("3. [ ] three", "3. [X] three", ["201.1"]),  # the cookie would be another
        ("* TODO [201]", "* TODO [205]", ["201.1", "201.2"]),
        ("#+TITLE: Log\n", "#+TITLE: Log\n\nMore\n", []),  # it only moved
    ],
)
def test_the_file_changed(desk: Desk, old: str, new: str, left: list[str]) -> None:
    reviewed = desk.review()
    named = numbers(reviewed)
    text = desk.log.read_text(encoding="utf-8").replace(old, new)
    desk.log.write_text(text, encoding="utf-8")
    said: dict[int, str | None] = {}
    for name in ("201.1", "201.2", "202.1"):
        said |= desk.apply(reviewed, [named[name]])
    assert {name for name in named if said[named[name]] is not None} >= set(left)
    after = desk.log.read_text(encoding="utf-8")
    for name in left:
        assert {"201.1": desk.one, "201.2": desk.two}[name] not in after
    assert said[named["202.1"]] is None


@pytest.mark.parametrize("how", ["read-only", "hard-linked", "locked", "conflict", "gone"])
def test_a_log_that_must_not_be_written(desk: Desk, how: str) -> None:
    reviewed = desk.review()
    every = list(numbers(reviewed).values())
    if how == "read-only":
        desk.log.chmod(0o444)
    elif how == "hard-linked":
        os.link(desk.log, desk.folder / "twin")
    elif how == "locked":
        (desk.folder / ".#log.org").symlink_to("ada@elsewhere.1234:5")
    elif how == "gone":
        desk.log.unlink()
    else:
        text = LOG.replace("2. [ ] two", "<<<<<<< HEAD\n2. [ ] two\n=======\n>>>>>>> x")
        desk.log.write_text(text.replace("* TODO [202]", "* TODO [203]"), encoding="utf-8")
    before = desk.log.read_bytes() if desk.log.exists() else None
    said = desk.apply(reviewed, every)
    assert all(said.values()), said
    assert (desk.log.read_bytes() if desk.log.exists() else None) == before


def test_other_bytes_of_the_file_stay(tmp_path: Path, repo: GitRepo) -> None:
    commit = repo.commit("[e202.1] Results")[:7]
    text = LOG.replace("First", "Prämisse").replace("\n", "\r\n").encode("latin-1")
    desk = Desk(tmp_path, repo, text)
    reviewed = desk.review()
    [sheet] = reviewed.sheets
    assert "\r" not in hunk(sheet, list(sheet.edits)).text
    assert set(desk.apply(reviewed, list(sheet.edits)).values()) == {None}
    new = f"[100%]\r\n1. [X] one ({commit})".encode()
    expected = text.replace(b"[0%]\r\n1. [ ] one", new)
    assert desk.log.read_bytes() == expected
    desk.index.close()


def test_a_byte_order_mark_stays(tmp_path: Path, repo: GitRepo) -> None:
    repo.commit("[e201.1] Results")
    text = b"\xef\xbb\xbf* TODO [201] First :exp:\n1. [ ] one\n"
    desk = Desk(tmp_path, repo, text)
    reviewed = desk.review()
    desk.apply(reviewed, list(numbers(reviewed).values()))
    assert desk.log.read_bytes().startswith(b"\xef\xbb\xbf* TODO [201]")
    desk.index.close()


# In buffers


def test_a_visited_log_is_edited_in_one_step(desk: Desk) -> None:
    reviewed = desk.review()
    desk.emacs.visit(desk.log)
    said = desk.apply(reviewed, list(numbers(reviewed).values()))
    assert set(said.values()) == {None}
    assert desk.emacs.calls == 1
    assert desk.buffer() == desk.lines()
    assert f"1. [X] one ({desk.one})" in desk.buffer()
    assert len(desk.emacs.shown) == 3


def test_an_unsaved_log_is_planned_as_the_buffer_has_it(desk: Desk) -> None:
    desk.emacs.visit(desk.log)
    desk.emacs.type(desk.log, "3. [ ] three\n", "3. [ ] three\n4. [ ] four\n")
    desk.emacs.type(desk.log, "[0%]", "[0/1]")
    desk.repo.commit("[e201.4] Results")
    reviewed = desk.review()
    assert set(numbers(reviewed)) == {"201.1", "201.2", "201.4", "202.1"}
    assert "+** Experiments [1/1]\n" in hunk(reviewed.sheets[1], [3]).text
    before = desk.log.read_bytes()
    said = desk.apply(reviewed, list(numbers(reviewed).values()))
    assert set(said.values()) == {None}
    assert desk.log.read_bytes() == before
    assert "** Experiments [2/4]" in desk.buffer()


def test_an_experiment_that_no_file_has_yet(desk: Desk) -> None:
    desk.emacs.visit(desk.log)
    new = "* TODO [203] New :exp:\n** Experiments\n1. [ ] one\n"
    desk.emacs.type(desk.log, "* TODO [202]", f"{new}\n* TODO [202]")
    commit = desk.repo.commit("[e203.1] Results")[:7]
    reviewed = desk.review()
    named = numbers(reviewed)
    assert desk.apply(reviewed, [named["203.1"]]) == {named["203.1"]: None}
    assert f"1. [X] one ({commit})" in desk.buffer()


def test_an_experiment_that_the_buffer_has_no_more(desk: Desk) -> None:
    desk.emacs.visit(desk.log)
    desk.emacs.type(desk.log, "* TODO [202] Second :exp:\n", "")
    reviewed = desk.review()
    assert "202.1" not in numbers(reviewed)


def test_typed_between_plan_and_apply(desk: Desk) -> None:
    reviewed = desk.review()
    named = numbers(reviewed)
    desk.emacs.visit(desk.log)
    desk.emacs.type(desk.log, "2. [ ] two", "2. [ ] two and a half")
    said = desk.apply(reviewed, list(named.values()))
    assert said[named["201.1"]] == said[named["201.2"]] == "it changed meanwhile"
    assert said[named["202.1"]] is None
    assert desk.lines() == LOG.splitlines()


def test_a_buffer_that_must_not_be_edited(desk: Desk) -> None:
    reviewed = desk.review()
    desk.emacs.visit(desk.log)
    desk.emacs.problem = "the buffer log.org is read-only"
    said = desk.apply(reviewed, list(numbers(reviewed).values()))
    assert set(said.values()) == {"the buffer log.org is read-only"}
    assert desk.emacs.calls == 0
    assert desk.lines() == LOG.splitlines()


def test_a_killed_buffer_leaves_the_file_to_us(desk: Desk) -> None:
    desk.emacs.visit(desk.log)
    desk.emacs.type(desk.log, "#+TITLE: Log", "#+TITLE: Mine")
    reviewed = desk.review()
    desk.emacs.buffers.clear()
    desk.emacs.modified.clear()
    said = desk.apply(reviewed, list(numbers(reviewed).values()))
    assert set(said.values()) == {None}
    assert f"1. [X] one ({desk.one})" in desk.lines()


# What was made is taken back


@pytest.mark.parametrize("visited", [False, True], ids=["file", "buffer"])
def test_what_was_made_last_is_taken_back_step_by_step(desk: Desk, visited: bool) -> None:
    before = desk.log.read_bytes()
    if visited:
        desk.emacs.visit(desk.log)
    reviewed = desk.review()
    every = numbers(reviewed)
    first, *others = every.values()
    assert set(desk.apply(reviewed, [first]).values()) == {None}
    between = desk.buffer() if visited else desk.lines()
    assert set(desk.apply(reviewed, others).values()) == {None}
    assert set(desk.unapply(reviewed, others).values()) == {None}
    assert (desk.buffer() if visited else desk.lines()) == between
    assert numbers(reviewed) == {name: n for name, n in every.items() if n != first}
    assert set(desk.unapply(reviewed, [first]).values()) == {None}
    assert (desk.buffer() if visited else desk.lines()) == before.decode().splitlines()
    assert numbers(reviewed) == every
    assert set(desk.apply(reviewed, list(every.values())).values()) == {None}


def test_lines_above_do_not_keep_it_from_being_taken_back(desk: Desk) -> None:
    reviewed = desk.review()
    every = list(numbers(reviewed).values())
    desk.apply(reviewed, every)
    made = desk.log.read_text(encoding="utf-8")
    desk.log.write_text(f"# above\n{made}", encoding="utf-8")
    assert set(desk.unapply(reviewed, every).values()) == {None}
    assert desk.log.read_text(encoding="utf-8") == f"# above\n{LOG}"


def test_an_entry_that_was_changed_since_is_not_taken_back(desk: Desk) -> None:
    reviewed = desk.review()
    every = numbers(reviewed)
    desk.apply(reviewed, list(every.values()))
    changed = desk.log.read_text(encoding="utf-8").replace("3. [ ] three", "3. [ ] and three")
    desk.log.write_text(changed, encoding="utf-8")
    said = desk.unapply(reviewed, list(every.values()))
    assert [said[every[name]] is None for name in ("201.1", "201.2", "202.1")] == [
        False,
        False,
        True,
    ]
    text = desk.log.read_text(encoding="utf-8")
    assert text.partition("* TODO [202]")[0] == changed.partition("* TODO [202]")[0]
    assert text.partition("* TODO [202]")[2] == LOG.partition("* TODO [202]")[2]


# An edit that replaces a dead hash


def test_an_edit_says_which_dead_hash_it_replaces(desk: Desk) -> None:
    desk.apply(reviewed := desk.review(), list(numbers(reviewed).values()))
    dead = desk.repo.commit("[e201.3] three")[:7]
    desk.apply(reviewed := desk.review(), list(numbers(reviewed).values()))
    assert f"3. [ ] three ({dead})" in desk.lines()
    desk.repo.amend("[e201.3] Three")
    [edit] = [edit for sheet in desk.review().sheets for edit in sheet.edits.values()]
    said = f"e201.3 ← {desk.repo.head[:7]} (proj): replaces a dead hash, {dead}"
    assert (edit.replaces, edit.long_message) == (dead, said)


# Dropped for good


def test_what_is_dropped_is_neither_offered_nor_made_until_it_is_taken_back(desk: Desk) -> None:
    reviewed = desk.review()
    edit = reviewed.sheets[0].edits[numbers(reviewed)["201.1"]]
    keep_dropped([edit.key], dropped=True)
    again = desk.review()
    assert numbers(again).keys() == {"201.2", "202.1"}
    assert [one.message for one in again.dropped] == [edit.message]
    with desk.index.writing():
        add_pending(desk.index, {("201", (1,)), ("201", (2,))})
    settle(desk.settings, desk.index, [desk.emacs])
    assert desk.lines()[4:6] == ["1. [ ] one", f"2. [ ] two ({desk.two})"]
    keep_dropped([edit.key], dropped=False)
    assert read_dropped() == frozenset()
    assert numbers(desk.review()).keys() == {"201.1", "202.1"}


def test_a_newer_commit_is_offered_where_another_was_dropped(desk: Desk) -> None:
    edits = [edit for sheet in desk.review().sheets for edit in sheet.edits.values()]
    keep_dropped([edit.key for edit in edits], dropped=True)
    assert numbers(desk.review()) == {}
    newer = desk.repo.commit("[e201.1] Results")
    reviewed = desk.review()
    assert numbers(reviewed).keys() == {"201.1"}
    assert reviewed.sheets[0].edits[0].commit.oid == newer


@pytest.mark.parametrize("link", [False, True])
def test_a_drop_holds_for_the_log_by_each_of_its_names(desk: Desk, link: bool) -> None:
    edits = [edit for sheet in desk.review().sheets for edit in sheet.edits.values()]
    keep_dropped([edit.key for edit in edits], dropped=True)
    name = desk.folder / "other.org"
    if link:
        name.symlink_to(desk.log)
    else:
        desk.log.rename(name)
    desk.settings = replace(desk.settings, logs=(str(name),))
    assert numbers(desk.review()).keys() == (set() if link else {"201.1", "201.2", "202.1"})
