"""Backfill: what is planned, shown and written, and what is left alone and reported."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from explog.config import Project, Tick
from explog.entries.diff import diff
from explog.entries.emacs import BufferEntries, BufferEntry
from explog.entries.text import EntryTexts
from explog.index.commits import CommitBatch, add_commits, put_repository
from explog.model import Change
from explog.org.edit import apply_edits
from explog.org.steps import find_steps
from explog.plan.backfill import Written, carry_out, wrong_cookies
from explog.plan.planner import plan
from explog.plan.plans import Plan
from explog.refs import Place
from explog.sync.look import sync
from support.clock import cpu_seconds
from support.logs import Logs
from support.repo import GitRepo

Make = Callable[..., GitRepo]

ENTRY = """\
* TODO [201] Title :exp:
** Experiments [0/3]
1. [ ] one
2. [ ] two
3. [ ] three
"""


class Bench(Logs):
    """A folder of logs, repositories and an index."""

    def log(self, text: str | bytes = ENTRY, name: str = "log.org") -> Path:
        return super().log(text, name)

    def plan(self) -> Plan:
        """Sync and plan."""
        sync(self.settings, self.index)
        return self.plan_now()

    def plan_now(self) -> Plan:
        """Plan on what the index knows already."""
        return plan(self.settings, self.index, EntryTexts(self.settings))

    def plan_in_buffer(
        self, log: Path, line: int, text: str = ENTRY, only: set[tuple[int, ...]] | None = None
    ) -> Plan:
        """Plan for experiment 201, which a buffer that visits LOG has as TEXT at LINE."""
        buffers = BufferEntries()
        buffers.ask_for(Buffer(BufferEntry(str(log), "201", line, text)), [(str(log), "201")])
        pairs = None if only is None else {("201", step) for step in only}
        return plan(self.settings, self.index, EntryTexts(self.settings, buffers), pairs)

    def write(self, planned: Plan | None = None) -> Written:
        """Sync, plan unless that is done, and write."""
        return carry_out(planned or self.plan(), self.plan)

    def reasons(self) -> list[tuple[str, str]]:
        """Return what cannot be placed: reasons and references."""
        return [(unplaced.reason, unplaced.reference) for unplaced in self.plan().unplaced]


@dataclass
class Buffer:
    """An Emacs with a buffer of one entry."""

    entry: BufferEntry

    def entries(self, wanted: Sequence[tuple[str, str]]) -> list[BufferEntry | None]:
        return [
            self.entry if (self.entry.file, self.entry.ident) == one else None for one in wanted
        ]

    def unsaved(self) -> list[tuple[str, list[str]]]:
        return []

    def edit_file(self, file: str, changes: Sequence[Change]) -> dict[str, str]:
        raise NotImplementedError


def is_empty(planned: Plan) -> bool:
    """Tell whether there is nothing to do and nothing to say."""
    return not (planned.entries or planned.unplaced or planned.dead or planned.failures)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def repo(bench: Bench, git_repo: Make) -> GitRepo:
    made = git_repo("proj")
    bench.repositories.append(made.path)
    return made


# What is planned


def test_plain(bench: Bench, repo: GitRepo) -> None:
    log = bench.log()
    one = repo.commit("[e201.1] Start")
    two = repo.commit("[e201.2] Results: good")
    [first, second] = bench.plan().edits
    assert (first.file, first.line, str(first.reference)) == (str(log), 3, "e201.1")
    assert (first.commit.repository, first.commit.oid) == (str(repo.path), one)
    assert (first.old, first.new) == ("1. [ ] one", f"1. [ ] one ({one[:7]})")
    assert (second.old, second.new) == ("2. [ ] two", f"2. [X] two ({two[:7]})")
    assert first.message == f"e201.1 ← {one[:7]} (proj)"
    assert log.read_text() == ENTRY
    assert len(bench.write().edits) == 2
    assert log.read_text() == (
        "* TODO [201] Title :exp:\n** Experiments [1/3]\n"
        f"1. [ ] one ({one[:7]})\n2. [X] two ({two[:7]})\n3. [ ] three\n"
    )
    assert is_empty(bench.plan())


def test_old_and_new_are_whole_lines(bench: Bench, repo: GitRepo) -> None:
    bench.log(
        "* [201] T :exp:\n** Experiments [0/2]\n1. [ ] one,\n   on two lines\n"
        "   1. [ ] inner [0/1]\n      - [ ] box\n2. [X] two (1234567)\n"
    )
    oid = repo.commit("[e201.1] Results")
    inner = repo.commit("[e201.1.1] Results")
    first, second = bench.plan().edits
    assert first.old == "1. [ ] one,\n   on two lines"
    # org lets no box be ticked that stands above others.
    assert first.new == f"1. [ ] one,\n   on two lines ({oid[:7]})"
    assert second.line == 5
    assert second.new == f"   1. [ ] inner [0/1] ({inner[:7]})"


def test_two_steps_ticked_at_once_are_both_counted(bench: Bench, repo: GitRepo) -> None:
    log = bench.log(ENTRY.replace("[0/3]", "[0/3] [%]"))
    repo.commit("[e201.1][e201.3] Results: both")
    bench.write()
    assert "[2/3] [66%]" in log.read_text()


@pytest.mark.parametrize(
    ("tick", "boxes"), [("always", "XX "), ("results", " X "), ("never", "   ")]
)
def test_option_tick(bench: Bench, repo: GitRepo, tick: Tick, boxes: str) -> None:
    bench.tick = tick
    log = bench.log()
    repo.commit("[e201.1] Start")
    repo.commit("[e201.2] Results")
    bench.write()
    assert "".join(line[4] for line in log.read_text().splitlines()[2:]) == boxes
    assert is_empty(bench.plan())


def test_reasons(bench: Bench, repo: GitRepo) -> None:
    log = bench.log(ENTRY.replace("two", f"two ({repo.commit('by hand')[:7]})"))
    repo.commit("[e999.1] Nowhere")
    repo.commit("[e201.9] No such step")
    repo.commit("[e201.2] Results")
    repo.commit("see [e201.8] and [e999.2]\n\nin passing, [e999.3]\n")
    repo.commit("[e201] The whole")
    planned = bench.plan()
    found = [(one.reason, one.reference) for one in planned.unplaced]
    assert sorted(found) == [
        ("kept-by-hand", "e201.2"),
        ("unknown-experiment", "e999.1"),
        ("unknown-experiment", "e999.2"),
        ("unknown-step", "e201.8"),
        ("unknown-step", "e201.9"),
    ]
    by_hand = next(one for one in planned.unplaced if one.reason == "kept-by-hand")
    assert by_hand.message.startswith(f"{log}:4: ")
    assert by_hand.repository == str(repo.path)
    assert planned.edits == []


def test_what_only_looks_like_a_reference_is_no_problem(bench: Bench, repo: GitRepo) -> None:
    log = bench.log()
    for subject in ("[PROJ-12][e2e.1] Wait", "[e10s.2] Speed up", "[e2e-tests.1] Fix", "[e2e] x"):
        repo.commit(subject)
    repo.commit("[e201b.1] Results")
    assert bench.reasons() == []
    log.write_text(ENTRY.replace("201", "203c"))
    assert bench.reasons() == [("unknown-experiment", "e201b.1")]
    log.write_text(ENTRY.replace("201", "2e"))
    planned = bench.plan()
    assert [(edit.experiment.ident, edit.step.number) for edit in planned.edits] == [("2e", (1,))]


def test_a_hash_that_nobody_knows_is_left_and_reported(bench: Bench, repo: GitRepo) -> None:
    log = bench.log(ENTRY.replace("one", "part (1234567)").replace("two", "part (7654321)"))
    repo.commit("[e201.1] Results")
    planned = bench.plan()
    assert [(one.reason, one.reference) for one in planned.unplaced] == [("kept-by-hand", "e201.1")]
    assert [(dead.step.hash, dead.known) for dead in planned.dead] == [
        ("1234567", False),
        ("7654321", False),
    ]
    assert bench.write().edits == []
    assert "(1234567)" in log.read_text()


def test_a_branch_that_is_called_like_a_hash(bench: Bench, repo: GitRepo) -> None:
    repo.commit("[e201.2] Start")
    repo.branch("deadbee")
    bench.log(ENTRY.replace("one", "one (deadbee)"))
    repo.commit("[e201.1] Results")
    assert bench.reasons() == [("kept-by-hand", "e201.1")]


def test_a_dead_hash_beside_a_blob_of_the_same_name(bench: Bench, repo: GitRepo) -> None:
    """The seven digits of a lost commit may begin the name of another object as well."""
    repo.commit("root")
    lost = repo.commit("[e201.1] Start")
    repo.run("reset", "--hard", "HEAD~1")
    repo.commit("[e201.1] Again")
    log = bench.log(ENTRY.replace("one", f"one ({lost[:7]})"))
    objects = repo.path / ".git/objects" / lost[:2]
    twin = lost[2:39] + ("0" if lost[39] != "0" else "1")
    blob = repo.run("hash-object", "-w", "--stdin", stdin="blob")
    (objects / twin).write_bytes((repo.path / ".git/objects" / blob[:2] / blob[2:]).read_bytes())
    assert len(bench.write().edits) == 1
    assert repo.head[:7] in log.read_text()


@pytest.mark.parametrize(
    ("message", "file", "forget", "follows"),
    [
        ("Tidy", "file", False, True),
        ("Tidy", "file", True, True),
        ("Tidy [e201.3] too", None, False, True),
        ("Tidy, and other words", None, False, True),
        # Another subject, and the change of the old commit is not to be had any more.
        ("Tidy, and other words", None, True, False),
        ("Tidy, and other words", "file", False, False),
    ],
)
def test_a_hash_by_hand_follows_its_commit(
    bench: Bench, repo: GitRepo, message: str, file: str | None, forget: bool, follows: bool
) -> None:
    log = bench.log()
    oid = repo.commit("Tidy", file="file")
    log.write_text(ENTRY.replace("one", f"one ({oid[:7]})"))
    repo.commit("[e201.1] Results: elsewhere")
    assert bench.reasons() == [("kept-by-hand", "e201.1")]
    repo.run("reset", "--hard", "HEAD~1")
    repo.amend(message, file=file)
    new = repo.head
    results = repo.commit("[e201.1] Results: elsewhere")
    if forget:
        repo.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        repo.run("gc", "--quiet", "--prune=now")
    bench.write()
    expected = f"1. [ ] one ({new[:7]})" if follows else f"1. [X] one ({results[:7]})"
    assert expected in log.read_text()
    assert bench.write().edits == []


def test_a_neighbour_of_the_same_second_is_no_successor(bench: Bench, repo: GitRepo) -> None:
    when = {"GIT_AUTHOR_DATE": "2024-02-02T00:00:00Z", "GIT_COMMITTER_DATE": "2024-02-02T00:00:00Z"}
    repo.run("commit", "--allow-empty", "-m", "Neighbour", **when)
    repo.run("commit", "--allow-empty", "-m", "Mine", **when)
    log = bench.log(ENTRY.replace("one", f"one ({repo.head[:7]})"))
    text = log.read_text()
    bench.plan()
    repo.run("reset", "--hard", "HEAD~1")
    planned = bench.plan()
    assert [dead.known for dead in planned.dead] == [True]
    assert bench.write(planned).edits == []
    assert log.read_text() == text


# 5: the list was renumbered


def placed(bench: Bench, repo: GitRepo, text: str = ENTRY) -> tuple[Path, list[str]]:
    """Return a log with results on steps 1 and 3, and their hashes."""
    log = bench.log(text)
    oids = [repo.commit(f"[e201.{number}] Results", file=f"{number}") for number in (1, 3)]
    bench.write()
    return log, [oid[:7] for oid in oids]


def _insert(log: Path) -> None:
    """Put a new step in front of the first."""
    text = log.read_text().replace("2. [ ] t", "3. [ ] t").replace("3. [X]", "4. [X]")
    log.write_text(text.replace("1. [X]", "1. [ ] new\n2. [X]"))


def test_step_inserted_in_front(bench: Bench, repo: GitRepo) -> None:
    log, (one, three) = placed(bench, repo)
    _insert(log)
    before = log.read_text()
    assert bench.reasons() == [("renumbered", "e201.1"), ("renumbered", "e201.3")]
    assert bench.write().edits == []
    assert log.read_text() == before
    new = repo.commit("[e201.1] Results: of the new step 1")[:7]
    bench.write()
    lines = log.read_text().splitlines()[2:]
    assert lines == [
        f"1. [X] new ({new})",
        f"2. [X] one ({one})",
        "3. [ ] two",
        f"4. [X] three ({three})",
    ]
    assert bench.write().edits == []


@pytest.mark.parametrize("forget", [False, True])
def test_step_inserted_and_history_rewritten(bench: Bench, repo: GitRepo, forget: bool) -> None:
    log, (one, three) = placed(bench, repo)
    _insert(log)
    bench.plan()
    repo.run("rebase", "--root", "--force-rebase")
    if forget:
        repo.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        repo.run("gc", "--quiet", "--prune=now")
    bench.write()
    rebased = [oid[:7] for oid in repo.run("log", "--reverse", "--format=%H").split()]
    assert one not in rebased
    lines = log.read_text().splitlines()[2:]
    assert lines[0] == "1. [ ] new"
    assert lines[1] == f"2. [X] one ({rebased[0]})"
    assert lines[3] == f"4. [X] three ({rebased[1]})"
    assert three not in log.read_text()
    assert bench.write().edits == []


def test_step_that_bears_a_hash_is_deleted(bench: Bench, repo: GitRepo) -> None:
    log, (_one, three) = placed(bench, repo)
    lines = log.read_text().splitlines()
    log.write_text("\n".join([*lines[:2], "1. [ ] two", lines[4].replace("3.", "2."), ""]))
    # The results of the step that is gone are not those of the one that took its number.
    assert bench.reasons() == [("renumbered", "e201.1"), ("unknown-step", "e201.3")]
    assert bench.write().edits == []
    new = repo.commit("[e201.1] Results: of what was step 2")[:7]
    bench.write()
    assert log.read_text().splitlines()[2:] == [f"1. [X] two ({new})", f"2. [X] three ({three})"]


def test_step_moved(bench: Bench, repo: GitRepo) -> None:
    log, (one, three) = placed(bench, repo)
    head = log.read_text().splitlines()[:2]
    moved = [f"1. [X] three ({three})", f"2. [X] one ({one})", "3. [ ] two"]
    log.write_text("\n".join([*head, *moved, ""]))
    assert bench.write().edits == []
    assert bench.reasons() == [("renumbered", "e201.1"), ("renumbered", "e201.3")]
    new = repo.commit("[e201.3] Results: of what was step 2")[:7]
    bench.write()
    assert log.read_text().splitlines()[2:] == [*moved[:2], f"3. [X] two ({new})"]


def test_step_inserted_and_its_commit_lost(bench: Bench, repo: GitRepo) -> None:
    """A lost commit still tells that the list was renumbered; nothing old takes its place."""
    log = bench.log()
    repo.commit("[e201.3] Start", file="3")
    bench.write()
    repo.commit("[e201.2] Results", file="2")
    bench.write()
    text = log.read_text().replace("3. [ ] three", "4. [ ] three").replace("2. [X]", "3. [X]")
    log.write_text(text.replace("3. [X]", "2. [ ] new\n3. [X]"))
    before = log.read_text()
    repo.run("reset", "--hard", "HEAD~1")
    assert [dead.step.number for dead in bench.plan().dead] == [(3,)]
    assert bench.write().edits == []
    assert log.read_text() == before


def test_one_commit_on_two_steps_by_hand_is_not_renumbering(bench: Bench, repo: GitRepo) -> None:
    log, (one, _three) = placed(bench, repo)
    log.write_text(log.read_text().replace("two", f"two ({one})"))
    assert bench.reasons() == []
    repo.run("rebase", "--root", "--force-rebase")
    bench.write()
    rebased = repo.run("log", "--reverse", "--format=%H").split()[0][:7]
    assert f"1. [X] one ({rebased})" in log.read_text()


# 6: one id twice


@pytest.mark.parametrize("inside", [True, False])
def test_two_logs_with_one_id(bench: Bench, git_repo: Make, inside: bool) -> None:
    mine, other = git_repo("mine"), git_repo("other")
    bench.repositories += [mine.path, other.path]
    first = bench.log(name="mine/log.org" if inside else "first.org")
    second = bench.log(name="second.org")
    oid = mine.commit("[e201.1] Results")
    other.commit("[e201.2] Results")
    if inside:
        assert bench.reasons() == [("ambiguous", "e201.2")]
    else:
        assert bench.reasons() == [("ambiguous", "e201.1"), ("ambiguous", "e201.2")]
    bench.write()
    assert (oid[:7] in first.read_text()) == inside
    assert second.read_text() == ENTRY
    bench.projects = (Project(second, (mine.path,)),)
    if not inside:
        bench.write()
        assert oid[:7] in second.read_text()
        assert first.read_text() == ENTRY


def test_what_a_project_says_is_before_where_a_log_lies(bench: Bench, git_repo: Make) -> None:
    repo = git_repo("mine")
    bench.repositories.append(repo.path)
    inside = bench.log(name="mine/log.org")
    named = bench.log(name="named.org")
    repo.commit("[e201.1] Results")
    bench.projects = (Project(named, (repo.path,)),)
    bench.write()
    assert inside.read_text() == ENTRY
    assert repo.head[:7] in named.read_text()


def test_log_in_a_linked_worktree_is_inside(bench: Bench, repo: GitRepo, tmp_path: Path) -> None:
    repo.commit("root")
    repo.run("worktree", "add", "--detach", str(tmp_path / "linked"))
    inside, other = bench.log(name="linked/log.org"), bench.log(name="other.org")
    repo.commit("[e201.1] Results")
    assert bench.reasons() == []
    bench.write()
    assert repo.head[:7] in inside.read_text()
    assert other.read_text() == ENTRY


def test_log_in_a_repository_inside_another_belongs_to_the_inner(
    bench: Bench, git_repo: Make
) -> None:
    outer, inner = git_repo("outer"), git_repo("outer/sub/inner")
    bench.repositories += [outer.path, inner.path]
    mine = bench.log(name="outer/log.org")
    theirs = bench.log(name="outer/sub/inner/notes/log.org")
    # Not a repository, and no worktree of one begins here.
    (theirs.parent / ".git").mkdir()
    oids = [outer.commit("[e201.1] Results"), inner.commit("[e201.2] Results")]
    assert bench.reasons() == []
    bench.write()
    assert [oid[:7] in mine.read_text() for oid in oids] == [True, False]
    assert [oid[:7] in theirs.read_text() for oid in oids] == [False, True]


def test_one_id_twice_in_a_log(bench: Bench, repo: GitRepo) -> None:
    log = bench.log(ENTRY + ENTRY)
    repo.commit("[e201.1] Results")
    assert bench.reasons() == [("ambiguous", "e201.1")]
    assert bench.write().edits == []
    for line in (1, 6, 9):
        planned = bench.plan_in_buffer(log, line)
        assert planned.changes == []
        assert [one.reason for one in planned.unplaced] == ["ambiguous"]


def test_entry_in_a_buffer_that_has_no_id_any_more(bench: Bench, repo: GitRepo) -> None:
    log = bench.log()
    repo.commit("[e201.1] Results")
    sync(bench.settings, bench.index)
    planned = bench.plan_in_buffer(log, 1, "* no id\n", only={(1,)})
    assert (planned.changes, planned.unplaced) == ([], ())
    [failure] = planned.failures
    assert failure.error.message == f"{log}:1: this entry has no id"
    assert failure.steps == {("201", (1,))}


def test_one_number_twice_in_a_list(bench: Bench, repo: GitRepo) -> None:
    bench.log("* [201] T :exp:\n** Experiments\n1. [ ] one\n2. [@1] [ ] also one\n3. [ ] two\n")
    repo.commit("[e201.1] Results")
    repo.commit("[e201.2] Results")
    planned = bench.plan()
    assert [(one.reason, one.reference) for one in planned.unplaced] == [("ambiguous", "e201.1")]
    assert [edit.step.number for edit in planned.edits] == [(2,)]


def test_nested_experiments(bench: Bench, repo: GitRepo) -> None:
    log = bench.log(
        "* [201] Outer :exp:\n** Experiments [0/1]\n1. [ ] outer\n"
        "** [202] Inner\n*** Experiments [0/1]\n1. [ ] inner\n"
        "** Other\n*** [203] Deep\n**** Experiments [0/1]\n1. [ ] deep\n"
    )
    for number in (201, 202, 203):
        repo.commit(f"[e{number}.1] Results: {number}")
    assert len(bench.write().edits) == 3
    assert log.read_text().count("[X]") == 3
    assert log.read_text().count("[1/1]") == 3
    assert is_empty(bench.plan())


# Bytes


@pytest.mark.parametrize(
    ("head", "encoding", "end"),
    [
        (b"", "utf-8", "\n"),
        (b"", "utf-8", "\r\n"),
        (b"\xef\xbb\xbf", "utf-8", "\n"),
        (b"\xef\xbb\xbf", "utf-8", "\r\n"),
        (b"", "latin-1", "\n"),
        (b"# -*- coding: koi8-r -*-\n", "koi8-r", "\n"),
    ],
)
def test_bytes_around_are_kept(
    bench: Bench, repo: GitRepo, head: bytes, encoding: str, end: str
) -> None:
    odd = "Прив" if encoding == "koi8-r" else "Grüße\x85\x0c\xa0"
    text = ENTRY.replace("two", odd).replace("\n", end).encode(encoding)
    log = bench.log(head + text + b"no line end")
    repo.commit("[e201.1] Results")
    repo.commit("[e201.2] Results")
    planned = bench.plan()
    bench.write(planned)
    expected = text.replace(
        b"1. [ ] one", f"1. [X] one ({planned.edits[0].commit.oid[:7]})".encode()
    )
    step = f"2. [ ] {odd}"
    done = f"2. [X] {odd} ({planned.edits[1].commit.oid[:7]})"
    expected = expected.replace(step.encode(encoding), done.encode(encoding))
    expected = expected.replace(b"[0/3]", b"[2/3]")
    assert log.read_bytes() == head + expected + b"no line end"
    assert is_empty(bench.plan())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log.org", ENTRY.encode()),
        ("log.org", ENTRY.rstrip("\n").encode()),
        ("with blanks.org", ENTRY.encode()),
        ('quote"and\\slash.org', ENTRY.encode()),
        ("a tab\t here.org", ENTRY.encode()),  # patch 2.8 takes no line breaks in names
        ("ümläut.org", ENTRY.encode()),
        ("log.org", ENTRY.replace("\n", "\r\n").encode()),
        ("log.org", ENTRY.replace("Title", "T\x0c\x85\u2028").encode()),
        ("log.org", ENTRY.replace("Title", "Gr\xfc\xdfe \x85").encode("latin-1")),
        ("log.org", ENTRY.encode() + b"x\n" * 50 + ENTRY.replace("201", "202").encode()),
    ],
)
def test_diff_applies_with_patch(bench: Bench, repo: GitRepo, name: str, text: bytes) -> None:
    log = bench.log(text, name)
    repo.commit("[e201.1] Results")
    repo.commit("[e201.3] Results")
    repo.commit("[e202.3] Results")
    planned = bench.plan()
    shown = diff(planned.changes, planned.texts)
    expected = planned.texts.log(str(log)).edited(planned.changes)
    assert expected != text
    done = subprocess.run(
        ["patch", "--binary", "-p1", "-d", "/"], input=shown, capture_output=True, check=False
    )
    assert done.returncode == 0, done
    assert log.read_bytes() == expected
    assert bench.plan().edits == []


def test_diff_of_several_logs_and_of_nothing(bench: Bench, repo: GitRepo) -> None:
    bench.log(name="b.org")
    bench.log(ENTRY.replace("201", "202"), "a.org")
    repo.commit("[e201.1][e202.1] Start")
    planned = bench.plan()
    shown = diff(planned.changes, planned.texts).decode()
    assert shown.index("/a.org") < shown.index("/b.org")
    assert shown.count("\n@@ ") == 2
    assert diff([], planned.texts) == b""


# What cannot be written


def test_log_that_changes_before_it_is_written_is_planned_anew(bench: Bench, repo: GitRepo) -> None:
    log = bench.log()
    repo.commit("[e201.1] Results")
    planned = bench.plan()
    log.write_text("* A new heading\n" + ENTRY.replace("one", "another one"))
    done = bench.write(planned)
    assert done.failures == ()
    assert [edit.line for edit in done.edits] == [4]
    assert f"1. [X] another one ({repo.head[:7]})" in log.read_text()
    assert log.read_text().startswith("* A new heading\n")


def test_log_that_keeps_changing_is_reported(bench: Bench, repo: GitRepo) -> None:
    log, quiet = bench.log(), bench.log(ENTRY.replace("201", "202"), "quiet.org")
    repo.commit("[e201.1][e202.1] Results")

    def plan_anew() -> Plan:
        planned = bench.plan()
        log.write_text(log.read_text() + "more\n")
        return planned

    done = carry_out(plan_anew(), plan_anew)
    [failure] = done.failures
    assert (failure.path, failure.error.code) == (str(log), "changed")
    assert failure.steps == {("201", (1,))}
    assert [edit.file for edit in done.edits] == [str(quiet)]
    assert repo.head[:7] not in log.read_text()


def test_log_that_changed_after_the_index_saw_it(bench: Bench, repo: GitRepo) -> None:
    """Between the look and the plan the user put another hash there: it is the user's."""
    log = bench.log()
    by_hand = repo.commit("by hand")
    repo.commit("[e201.1] Results")
    sync(bench.settings, bench.index)
    log.write_text(ENTRY.replace("one", f"one ({by_hand[:7]})"))
    planned = bench.plan_now()
    assert [failure.error.code for failure in planned.failures] == ["changed"]
    assert planned.edits == []
    done = bench.write(planned)
    assert (done.edits, done.failures) == ([], ())
    assert f"1. [ ] one ({by_hand[:7]})" in log.read_text()


@pytest.mark.parametrize(
    "text", ["", "x\n", "* other\n", "\n\n" + ENTRY, ENTRY.replace("201", "9")]
)
def test_log_that_is_another_after_the_index_saw_it(bench: Bench, repo: GitRepo, text: str) -> None:
    log, quiet = bench.log(), bench.log(ENTRY.replace("201", "202"), "quiet.org")
    repo.commit("[e201.1][e202.1] Results")
    sync(bench.settings, bench.index)
    log.write_text(text)
    planned = bench.plan_now()
    assert [(failure.path, failure.error.code) for failure in planned.failures] == [
        (str(log), "changed")
    ]
    assert [edit.file for edit in planned.edits] == [str(quiet)]


def test_log_that_vanished(bench: Bench, repo: GitRepo) -> None:
    log, quiet = bench.log(), bench.log(ENTRY.replace("201", "202"), "quiet.org")
    repo.commit("[e201.1][e202.1] Results")
    sync(bench.settings, bench.index)
    log.unlink()
    planned = bench.plan_now()
    assert [failure.error.code for failure in planned.failures] == ["missing"]
    done = carry_out(planned, bench.plan)
    assert [edit.file for edit in done.edits] == [str(quiet)]
    assert [failure.path for failure in done.failures] == [str(log)]
    assert not log.exists()


def _read_only(log: Path) -> None:
    log.chmod(0o444)


def _hard_linked(log: Path) -> None:
    log.with_name("other name").hardlink_to(log)


def _locked(log: Path) -> None:
    log.with_name(f".#{log.name}").symlink_to("ada@host.123:456")


def _utf16(log: Path) -> None:
    log.write_bytes(b"\xff\xfe" + log.read_text().encode("utf-16-le"))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_read_only, "read-only"),
        (_hard_linked, "hard-linked"),
        (_locked, "locked"),
        (_utf16, "unreadable"),
    ],
)
def test_log_that_may_not_be_written(
    bench: Bench, repo: GitRepo, spoil: Callable[[Path], None], code: str
) -> None:
    log, quiet = bench.log(), bench.log(ENTRY.replace("201", "202"), "quiet.org")
    repo.commit("[e201.1][e202.1] Results")
    sync(bench.settings, bench.index)
    spoil(log)
    before = log.read_bytes()
    done = carry_out(bench.plan_now(), bench.plan)
    assert [(failure.path, failure.error.code) for failure in done.failures] == [(str(log), code)]
    assert [edit.file for edit in done.edits] == [str(quiet)]
    assert log.read_bytes() == before
    assert [path.name for path in log.parent.iterdir() if "explog-" in path.name] == []


@pytest.mark.parametrize("command", ["rebase", "merge", "cherry-pick", "revert", "bisect"])
def test_log_of_a_repository_that_git_is_in_the_middle_of(
    bench: Bench, repo: GitRepo, command: str
) -> None:
    log, quiet = bench.log(name="proj/log.org"), bench.log(ENTRY.replace("201", "202"), "quiet.org")
    repo.commit("[e201.1][e202.1] Results", file="file")
    repo.branch("side", "HEAD")
    repo.commit("side", file="file")
    repo.switch("main")
    repo.commit("main", file="file")
    if command == "bisect":
        repo.run("bisect", "start")
    else:
        with pytest.raises(AssertionError):
            repo.run(command, "side")
    done = bench.write()
    assert [(failure.path, failure.error.code) for failure in done.failures] == [(str(log), "git")]
    assert "it waits for git, which is in the middle of a " in done.failures[0].error.message
    assert [edit.file for edit in done.edits] == [str(quiet)]
    assert log.read_text() == ENTRY
    repo.run(command, "reset" if command == "bisect" else "--abort")
    assert bench.write().failures == ()
    assert log.read_text() != ENTRY


def test_link_to_a_log_stays_one(bench: Bench, repo: GitRepo, tmp_path: Path) -> None:
    real = bench.log(name="real/log.org")
    bench.logs = [str(tmp_path / "link.org")]
    (tmp_path / "link.org").symlink_to(real)
    repo.commit("[e201.1] Results")
    assert len(bench.write().edits) == 1
    assert (tmp_path / "link.org").is_symlink()
    assert repo.head[:7] in real.read_text()


def test_repository_that_cannot_be_read_any_more_holds_up_no_other(
    bench: Bench, git_repo: Make
) -> None:
    good, bad = git_repo("good"), git_repo("bad")
    bench.repositories += [good.path, bad.path]
    bench.log()
    good.commit("[e201.1] Results")
    bad.commit("[e201.2] Results")
    sync(bench.settings, bench.index)
    (bad.path / ".git/HEAD").unlink()
    planned = bench.plan_now()
    assert [edit.step.number for edit in planned.edits] == [(1,)]
    assert [(f.path, f.error.code, f.steps) for f in planned.failures] == [
        (str(bad.path), "not-a-repository", frozenset({("201", (2,))}))
    ]


def test_repository_taken_out_leaves_its_hashes(bench: Bench, git_repo: Make) -> None:
    one, two = git_repo("one"), git_repo("two")
    bench.repositories += [one.path, two.path]
    log = bench.log()
    one.commit("[e201.1] Results: one")
    bench.write()
    two.commit("Start")
    bench.repositories.remove(one.path)
    assert bench.reasons() == []
    assert one.head[:7] in log.read_text(), "what nothing replaces stays"
    two.commit("[e201.1] Start")
    bench.write()
    assert f"1. [X] one ({two.head[:7]})" in log.read_text(), "what no repository knows gives way"


# Entries that a buffer holds


def test_entry_in_a_buffer(bench: Bench, repo: GitRepo) -> None:
    log = bench.log()
    repo.commit("[e201.1] Start")
    repo.commit("[e201.2] Results")
    sync(bench.settings, bench.index)
    text = ENTRY.replace("two", "two, reworded\n   and unsaved")
    planned = bench.plan_in_buffer(log, 7, text)
    [change] = planned.changes
    done = apply_edits(text, change.lines)
    assert f"   and unsaved ({repo.head[:7]})" in done
    assert "[1/3]" in done
    assert [(edit.step.number, edit.line) for edit in planned.edits] == [((1,), 9), ((2,), 10)]
    assert is_empty(bench.plan_in_buffer(log, 7, done))
    some = bench.plan_in_buffer(log, 7, text, only={(1,)})
    assert [edit.step.number for edit in some.edits] == [(1,)]


def test_entry_in_a_buffer_and_in_another_log(bench: Bench, git_repo: Make) -> None:
    repo = git_repo("mine")
    bench.repositories.append(repo.path)
    inside, other = bench.log(name="mine/log.org"), bench.log(name="other.org")
    repo.commit("[e201.1] Results")
    sync(bench.settings, bench.index)
    for log in (inside, other):
        [edit] = bench.plan_in_buffer(log, 1).edits
        assert edit.file == str(inside)


# Size


def test_each_entry_is_read_once(
    bench: Bench, repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps of one entry, and entries of one log, must not make reading take their square."""
    many = "".join(f"{n}. [ ] step\n" for n in range(1, 41))
    bench.log(f"* [201] T :exp:\n** Experiments [0/40]\n{many}{ENTRY.replace('201', '202')}")
    lines = "\n".join(f"- [e201.{n}] Results" for n in range(1, 41))
    repo.commit(f"[e202.1] Results\n\n{lines}")
    sync(bench.settings, bench.index)
    read: list[str] = []

    def find(lines: Sequence[str], *args: Any) -> Any:
        read.append(lines[0])
        return find_steps(lines, *args)

    for module in ("explog.entries.text", "explog.org.edit"):
        monkeypatch.setattr(f"{module}.find_steps", find)
    planned = bench.plan_now()
    diff(planned.changes, planned.texts)
    assert wrong_cookies(planned) == 0
    assert len(planned.edits) == 41
    assert sorted(read) == ["* TODO [202] Title :exp:", "* [201] T :exp:"]


def test_git_is_asked_as_often_for_many_entries_as_for_one(
    bench: Bench, repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [ENTRY.replace("201", str(number)) for number in range(201, 206)]
    log = bench.log("".join(entries))
    for number in range(201, 206):
        repo.commit(f"[e{number}.1] Results", file=f"{number}")
        oid = repo.commit(f"Tidy {number}", file=f"tidy {number}")
        log.write_text(log.read_text().replace("two\n", f"two ({oid[:7]})\n", 1))
    repo.run("rebase", "--root", "--force-rebase")
    sync(bench.settings, bench.index)
    text = log.read_text().split("* TODO")[1]
    asked: list[str] = []

    class Process(subprocess.Popen[bytes]):
        def __init__(self, command: Sequence[str], **options: Any) -> None:
            asked.append(" ".join(command))
            super().__init__(command, **options)

    monkeypatch.setattr("git.cmd.safer_popen", Process)
    bench.plan_in_buffer(log, 1, f"* TODO{text}", only={(1,)})
    for_one = len(asked)
    asked.clear()
    assert len(bench.plan_now().edits) == 10
    assert 0 < len(asked) <= for_one


def test_planning_of_very_much_takes_seconds(bench: Bench) -> None:
    experiments, commits = 2000, 40_000
    bench.log(
        "".join(
            f"* [{number}] T :exp:\n** Experiments [0/3]\n1. [ ] a\n"
            f"2. [ ] b (abcdef{number % 10})\n3. [ ] c\n"
            for number in range(experiments)
        )
    )
    with bench.index.writing():
        sync(bench.settings, bench.index)
        number = put_repository(bench.index, "/gone", "/gone/.git", None, [])
        add_commits(
            bench.index,
            number,
            [
                CommitBatch(
                    [
                        (n, f"{n:040x}", "A", "a@b", n, n, n, f"[e{n % experiments}] x", "", 0)
                        for n in range(commits)
                    ],
                    [
                        (n, str(n % experiments), str(n % 3 + 1), int(Place.SUBJECT), False)
                        for n in range(commits)
                    ],
                )
            ],
        )
    started = cpu_seconds()
    planned = bench.plan_now()
    taken = cpu_seconds() - started
    assert len(planned.failures) == 1
    assert len(planned.dead) == experiments
    assert taken < 5, taken
