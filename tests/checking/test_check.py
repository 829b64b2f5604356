"""Check: every kind of problem, what is none, and the mending of those that have one."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explog.checking.check import check
from explog.config import Project
from explog.daemon.loop import Daemon
from explog.model import PROBLEM_KINDS, Problem
from explog.org.lists import Item
from explog.org.spans import hash_spans
from explog.org.steps import find_steps
from explog.sync.look import sync
from support.calls import call
from support.logs import Logs, mended
from support.repo import GitRepo

HEAD = "* TODO [201] Title :exp:\n** Experiments [0/3]\n"
ENTRY = HEAD + "1. [ ] one\n2. [ ] two\n3. [ ] three\n"


def only(problems: list[Problem]) -> Problem:
    """Return the one problem."""
    [problem] = problems
    return problem


def mend(log: Path, problem: Problem) -> str:
    """Mend PROBLEM in the file, and return the lines that this changed."""
    assert problem.mend is not None
    assert problem.mend.file == str(log)
    before = log.read_bytes().decode()
    after = mended(before, problem.mend)
    log.write_bytes(after.encode())
    pairs = zip(before.split("\n"), after.split("\n"), strict=True)
    changed = [number for number, (old, new) in enumerate(pairs) if old != new]
    first = problem.mend.line - 1
    assert changed == [first + line.line for line in problem.mend.lines]
    return "\n".join(after.split("\n")[n] for n in changed)


# No problem


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "no experiment\n* [201] here (1234567)\n",
        ENTRY,
        HEAD.replace("[0/3]", "") + "1. [ ] one\n",
    ],
)
def test_nothing_to_find(logs: Logs, text: str) -> None:
    logs.log(text)
    assert logs.check() == []


def test_what_a_backfill_would_write_is_no_problem(logs: Logs, repo: GitRepo) -> None:
    logs.log(ENTRY)
    repo.commit("[e201.1] Start")
    repo.commit("[e201] The whole")
    assert logs.check() == []


def test_what_a_user_put_there_is_no_problem(logs: Logs, repo: GitRepo) -> None:
    logs.log(ENTRY.replace("one", f"one ({repo.commit('by hand')[:7]})"))
    repo.commit("[e201.1] Results")
    assert logs.check() == []


# Unreadable


@pytest.mark.usefixtures("repo")
def test_what_cannot_be_read(logs: Logs, tmp_path: Path) -> None:
    log = logs.log(ENTRY.replace("** Exp", "<2024-02-31 Sat>\n** Exp"))
    gone = tmp_path / "gone.org"
    utf16 = logs.log("\ufeff* [1] x :exp:".encode("utf-16-le"), "wide.org")
    nowhere = tmp_path / "nowhere"
    logs.logs.append(str(gone))
    logs.repositories.append(nowhere)
    found = {(p.kind, p.file, p.line, p.experiment, p.message) for p in logs.check()}
    assert found == {
        ("unreadable", str(log), 2, "201", "there is no such date: <2024-02-31 Sat>"),
        ("unreadable", str(gone), None, None, "there is no such log"),
        ("unreadable", str(utf16), None, None, "it is UTF-16; save it as UTF-8"),
        ("unreadable", str(nowhere), None, None, "there is no such folder"),
    }


def test_a_merge_conflict_is_one_problem(logs: Logs, repo: GitRepo) -> None:
    log = logs.log(
        "<<<<<<< HEAD\n" + ENTRY + "=======\n" + ENTRY.replace("one", "eins") + ">>>>>>> other\n"
    )
    repo.commit("[e201.1] Results")
    assert {(p.kind, p.line) for p in logs.check()} == {("unreadable", 7), ("unreadable", 13)}
    assert "merge conflict" in logs.check()[0].message
    assert "<<<<<<<" in log.read_text()


# The same id twice


def test_an_id_twice_in_a_log(logs: Logs, repo: GitRepo) -> None:
    log = logs.log(ENTRY + ENTRY.replace("Title", "Another"))
    problem = only(logs.check())
    assert (problem.kind, problem.line, problem.experiment) == ("duplicate-id", 6, "201")
    assert problem.message == f"e201 is also at {log}:1"
    repo.commit("[e201.2] Results")
    assert [p.kind for p in logs.check()] == ["duplicate-id", "ambiguous"]


def test_an_id_in_two_logs(logs: Logs, repo: GitRepo) -> None:
    one, other = logs.log(ENTRY, "one.org"), logs.log(ENTRY, "two.org")
    assert [(p.kind, p.file, p.line) for p in logs.check()] == [("duplicate-id", str(other), 1)]
    second = logs.repo("second")
    logs.projects = (Project(one, (repo.path,)), Project(other, (second.path,)))
    second.commit("[e201.1] Start")
    assert logs.check() == []
    logs.repo("third").commit("[e201.2] Start")
    assert [p.kind for p in logs.check()] == ["duplicate-id", "ambiguous"]


@pytest.mark.usefixtures("repo")
def test_an_id_in_the_logs_of_two_repositories(logs: Logs) -> None:
    second = logs.repo("second")
    second.commit("[e201.2] Start")
    logs.log(ENTRY, "proj/log.org")
    logs.log(ENTRY, "second/log.org")
    assert logs.check() == []


@pytest.mark.usefixtures("repo")
def test_an_id_in_a_log_and_its_archive(logs: Logs) -> None:
    logs.log(ENTRY, "proj/log.org")
    archive = logs.folder / "proj/log.org_archive"
    archive.write_text(ENTRY)
    assert [(p.kind, p.file) for p in logs.check()] == [("duplicate-id", str(archive))]


# Dead hashes


def test_a_hash_with_a_successor(logs: Logs, repo: GitRepo) -> None:
    log = logs.log(ENTRY)
    old = repo.commit("[e201.1] Start")
    logs.backfill()
    new = repo.amend("[e201.1] Results: good")
    problem = only(logs.check())
    assert (problem.kind, problem.line, problem.step) == ("dead-hash", 3, "1")
    assert problem.message == f"{old[:7]} is on no branch any more; {new[:7]} took its place"
    assert problem.mend is not None
    assert problem.mend.messages[0] == f"e201.1 ← {new[:7]} (proj), ticked"
    changed = mend(log, problem)
    assert changed == f"** Experiments [1/3]\n1. [X] one ({new[:7]})"
    assert logs.check() == []


@pytest.mark.parametrize("forget", [False, True])
def test_a_hash_without_a_successor(logs: Logs, repo: GitRepo, forget: bool) -> None:
    logs.log(ENTRY)
    old = repo.commit("[e201.1] Start")
    logs.backfill()
    repo.run("reset", "--hard", "HEAD~1")
    if forget:
        logs.check()
        repo.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        repo.run("gc", "--quiet", "--prune=now")
    problem = only(logs.check())
    assert (problem.kind, problem.line, problem.mend) == ("dead-hash", 3, None)
    assert problem.message == f"{old[:7]} is on no branch any more, and nothing took its place"


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize(
    ("digits", "dead"),
    [
        ("83d45cd", True),
        ("deadbeef", False),  # letters alone, and a word with a number
        ("decade1", False),
        ("83d45cd1128a8feda93af551ba099234fa52c48b", True),
        ("1a" * 32, True),
        ("1234567", False),  # a number
        ("20180606", False),  # a date
        ("12345e10", False),  # a float
        ("defaced", False),  # a word
        ("d41d8cd98f00b204e9800998ecf8427e", False),  # a checksum
        ("0.1234567", False),
        ("1e-05", False),
        ("550e8400-e29b-41d4-a716-446655440000", False),
        ("3k2j4h5g", False),
    ],
)
def test_a_hash_that_nobody_knows(logs: Logs, digits: str, dead: bool) -> None:
    text = ENTRY.replace("one", f"one ({digits})")
    log = logs.log(text)
    expected = [("dead-hash", 3, "1")] if dead else []
    assert logs.said() == expected
    if dead:
        assert logs.check()[0].message == f"no repository knows {digits}"
    logs.backfill()
    assert log.read_text() == text


def test_a_number_where_the_hash_of_a_commit_belongs(logs: Logs, repo: GitRepo) -> None:
    logs.log(ENTRY.replace("one", "one (1234567)"))
    repo.commit("[e201.1] Start")
    assert logs.said() == [("dead-hash", 3, "1")]


def test_what_cannot_be_looked_up_is_not_called_dead(logs: Logs, repo: GitRepo) -> None:
    repo.commit("second")
    logs.log(ENTRY.replace("one", "one (83d45cd)"))
    missing = logs.folder / "missing"
    logs.repositories.append(missing)
    assert [(p.kind, p.file) for p in logs.check()] == [("unreadable", str(missing))]
    logs.repositories.pop()
    assert logs.said() == [("dead-hash", 3, "1")]
    repo.run("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(logs.folder / "shallow"))
    logs.repositories.append(logs.folder / "shallow")
    assert logs.check() == []
    logs.repositories.clear()
    assert logs.check() == []


# What cannot be placed


def test_commits_that_speak_of_nothing(logs: Logs, repo: GitRepo) -> None:
    logs.log(ENTRY)
    step = repo.commit("[e201.9] No such step")
    nowhere = repo.commit("[e999.1] Nowhere")
    first, second = logs.check()
    assert (first.kind, first.line, first.step) == ("unknown-step", 1, "9")
    assert first.message == (
        f"{step[:10]} says [e201.9], and the experiment has no such step ({repo.path})"
    )
    assert (second.kind, second.file, second.line) == ("unknown-experiment", None, None)
    assert (second.experiment, second.step) == ("999", "1")
    assert second.message == (
        f"{nowhere[:10]} says [e999.1], and no log has that experiment ({repo.path})"
    )


def test_a_number_twice(logs: Logs, repo: GitRepo) -> None:
    logs.log(ENTRY.replace("3. [ ]", "2. [ ]"))
    repo.commit("[e201.2] Results")
    assert logs.said() == [("ambiguous", 4, "2")]


def test_steps_in_a_drawer(logs: Logs, repo: GitRepo) -> None:
    logs.log(HEAD.replace(" [0/3]", "") + ":LIST:\n1. [ ] one\n:END:\n")
    repo.commit("[e201.1] Results")
    assert logs.said() == [("unknown-step", 1, "1")]


# Renumbered


def renumbered(logs: Logs, repo: GitRepo, *numbers: int, moved: list[str]) -> tuple[Path, str]:
    """Place commits on the steps NUMBERS of `1. s1`, ..., then make the steps MOVED.

    In MOVED, `s1` stands for what step 1 was by then.
    """
    last = max(numbers)
    lines = [f"{n}. [ ] s{n}" for n in range(1, last + 1)]
    log = logs.log("\n".join([HEAD.replace(" [0/3]", "").rstrip(), *lines, ""]))
    for number in numbers:
        repo.commit(f"[e201.{number}] Results", file=str(number))
    logs.backfill()
    assert logs.check() == []
    head, now = log.read_text().split("\n")[:2], log.read_text().split("\n")[2:-1]
    text = {line.split("] ")[1].split()[0]: line.split(". ", 1)[1] for line in now}
    steps = [f"{n}. {text.get(what, f'[ ] {what}')}" for n, what in enumerate(moved, start=1)]
    log.write_text("\n".join([*head, *steps, ""]))
    return log, "\n".join(steps)


def bullets(log: Path) -> list[str]:
    """Return the steps of LOG without boxes and hashes."""
    lines = log.read_text().split("\n")[2:-1]
    return [line.replace("[X] ", "").replace("[ ] ", "").split(" (")[0] for line in lines]


@pytest.mark.parametrize(
    ("numbers", "moved", "expected"),
    [
        # The example: one step put in between.
        ([1, 2, 3], "s1 new s2 s3", "1. s1|4. [@4] new|2. [@2] s2|3. s3"),
        ([1, 2], "new s1 s2", "3. [@3] new|1. [@1] s1|2. s2"),
        ([1, 2], "new more s1 s2", "3. [@3] new|4. more|1. [@1] s1|2. s2"),
        ([1, 2, 3], "s2 s1 s3", "2. [@2] s2|1. [@1] s1|3. [@3] s3"),
        ([1, 3], "s1 s3", "1. s1|3. [@3] s3"),
        ([2, 3], "s1 new s2 s3", "1. s1|4. [@4] new|2. [@2] s2|3. s3"),
        ([2], "s2 s1", "2. [@2] s2|3. s1"),
        ([1, 2], "s1 new s2 more", "1. s1|3. [@3] new|2. [@2] s2|4. [@4] more"),
    ],
)
def test_a_renumbered_list(
    logs: Logs, repo: GitRepo, numbers: list[int], moved: str, expected: str
) -> None:
    log, _steps = renumbered(logs, repo, *numbers, moved=moved.split())
    problems = logs.check()
    assert {problem.kind for problem in problems} == {"renumbered"}
    mend(log, problems[0])
    assert "|".join(bullets(log)) == expected
    assert logs.check() == []
    before = log.read_text()
    logs.backfill()
    assert log.read_text() == before


def test_a_step_was_taken_out(logs: Logs, repo: GitRepo) -> None:
    log, _steps = renumbered(logs, repo, 1, 3, moved=["s3"])
    oid = repo.run("rev-parse", "HEAD~1")[:10]
    first, second = logs.check()
    assert (first.kind, second.kind) == ("renumbered", "renumbered")
    mend(log, first)
    assert bullets(log) == ["3. [@3] s3"]
    left = only(logs.check())
    assert (left.kind, left.step, left.message[:10]) == ("unknown-step", "1", oid)


def test_where_a_renumbered_step_is_and_what_it_says(logs: Logs, repo: GitRepo) -> None:
    renumbered(logs, repo, 1, 2, moved=["s1", "new", "s2"])
    problem = only(logs.check())
    oid = repo.head[:7]
    assert (problem.kind, problem.line, problem.step) == ("renumbered", 5, "3")
    assert problem.message == f"{oid} on step 3 says [e201.2]: the list was renumbered"
    assert problem.mend is not None
    assert problem.mend.messages[0] == "number the steps as the commits do: 2 → 3, 3 → 2"


def test_the_user_goes_on_with_the_new_numbers(logs: Logs, repo: GitRepo) -> None:
    """What a commit calls 2 is on step 3, and 2 is another one: there is no way back."""
    renumbered(logs, repo, 1, 2, 3, moved=["s1", "new", "s2", "s3"])
    repo.commit("[e201.2] Results: of the new one")
    logs.backfill()
    problems = logs.check()
    assert [(p.kind, p.line, p.step, p.mend) for p in problems] == [
        ("renumbered", 5, "3", None),
        ("renumbered", 6, "4", None),
    ]


def test_a_renumbered_list_beside_a_dead_hash_is_not_mended(logs: Logs, repo: GitRepo) -> None:
    log, _steps = renumbered(logs, repo, 1, 2, moved=["s1", "new", "s2"])
    log.write_text(log.read_text().replace("new", "new (83d45cd)"))
    assert [(p.kind, p.mend) for p in logs.check()] == [("dead-hash", None), ("renumbered", None)]


def test_a_renumbered_list_within_a_step(logs: Logs, repo: GitRepo) -> None:
    text = "1. [ ] one\n   1. [ ] a\n   2. [ ] b\n2. [ ] two\n   1. [ ] c\n"
    log = logs.log(HEAD.replace(" [0/3]", "") + text)
    repo.commit("[e201.1.2] Results")
    repo.commit("[e201.2.1] Results")
    logs.backfill()
    now = log.read_text().replace("   1. [ ] a\n", "").replace("   2. [X] b", "   1. [X] b")
    log.write_text(now)
    problem = only(logs.check())
    assert (problem.kind, problem.step) == ("renumbered", "1.1")
    assert mend(log, problem).startswith("   2. [@2] [X] b (")
    assert logs.check() == []


# Boxes and cookies


def test_results_and_the_box_is_open(logs: Logs, repo: GitRepo) -> None:
    log = logs.log(ENTRY)
    oid = repo.commit("[e201.2] Results: good")
    problem = only(logs.check())
    assert (problem.kind, problem.line, problem.step) == ("unticked", 4, "2")
    assert problem.message == f"{oid[:10]} has its results, and its box is open"
    assert mend(log, problem) == f"** Experiments [1/3]\n2. [X] two ({oid[:7]})"
    assert logs.check() == []
    log.write_text(ENTRY.replace("two", f"two ({oid[:7]})"))
    assert mend(log, only(logs.check())).startswith("** Experiments [1/3]\n2. [X] two")
    log.write_text(ENTRY)
    logs.tick = "never"
    assert logs.check() == []


def test_a_box_that_org_would_not_tick_is_no_problem(logs: Logs, repo: GitRepo) -> None:
    repo.commit("[e201.1] Results")
    logs.log(HEAD.replace(" [0/3]", "") + "1. [ ] one\n   1. [ ] inner\n2. two\n")
    assert logs.check() == []


def test_a_tick_without_results_is_not_missed(logs: Logs, repo: GitRepo) -> None:
    logs.tick = "always"
    logs.log(ENTRY)
    repo.commit("[e201.1] Start")
    assert logs.check() == []


BOXES = "1. [X] one\n2. [ ] two\n3. [ ] three\n"
INNER = "1. [-] one [{c}]\n   - [X] a\n   - [ ] b\n2. [X] two\n"


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize(
    ("heading", "body", "expected"),
    [
        ("Experiments [1/3]", BOXES, None),
        ("Experiments [33%]", BOXES, None),
        ("Experiments [/] [%]", BOXES, None),
        ("Experiments [2/3]", BOXES, "** Experiments [1/3]"),
        ("Experiments [2/3] [33%] :tag:", BOXES, "** Experiments [1/3] [33%] :tag:"),
        ("Experiments [34%]", BOXES, "** Experiments [33%]"),
        ("TODO Experiments [0/0]", BOXES, "** TODO Experiments [1/3]"),
        # The example of the post: a reader counts the small one, org does not.
        ("Experiments [1/2]", "1. [x] one\n2. [ ] two\n", None),
        ("Experiments [0/2]", "1. [x] one\n2. [ ] two\n", None),
        ("Experiments [2/2]", "1. [x] one\n2. [ ] two\n", "** Experiments [1/2]\n1. [X] one"),
        ("Experiments [1/2]", INNER.replace("{c}", "1/2"), None),
        ("Experiments [1/2]", INNER.replace("{c}", "50%"), None),
        ("Experiments [1/2]", INNER.replace("{c}", "2/2"), "1. [-] one [1/2]"),
        ("Experiments [2/4]", INNER.replace("{c}", "1/2"), None),  # org may count inner boxes
        ("Experiments [1/2]", "1. [X] 3 [2/3] of it\n2. [ ] ={[5/6]}= two\n", None),
        ("Experiments [1/2]", "1. one\n2. two\n", None),
        ("Experiments [1/3]\n:PROPERTIES:\n:COOKIE_DATA: todo\n:END:", BOXES * 2, None),
        ("Experiments [0/1]", BOXES + "*** TODO sub\n", None),
        ("Experiments [1/3]", "[1/2] of the data\n" + BOXES, None),
    ],
)
def test_cookies(logs: Logs, heading: str, body: str, expected: str | None) -> None:
    log = logs.log(f"* [201] Title [9/9] :exp:\n** {heading}\n{body}")
    problems = logs.check()
    if expected is None:
        assert problems == []
        return
    problem = only(problems)
    assert problem.kind == "cookie"
    assert mend(log, problem) == expected
    assert logs.check() == []


@pytest.mark.usefixtures("repo")
def test_what_a_wrong_cookie_says(logs: Logs) -> None:
    logs.log("* [201] T :exp:\n** Experiments [2/3]\n" + BOXES)
    problem = only(logs.check())
    assert (problem.line, problem.step) == (2, None)
    assert problem.message == "[2/3] should be [1/3]"


def test_ticked_and_no_commit(logs: Logs, repo: GitRepo) -> None:
    oid = repo.commit("[e201.1] Start")
    mentioned = repo.commit("later: [e201.6]\n\nas in [e201.7]")
    lines = [
        f"1. [X] one ({oid[:7]})",
        "2. [X] two",
        "3. [ ] three",
        "4. [-] four",
        "   1. [x] inner",
        "   2. [ ] other",
        f"5. [X] five\n   - [2018-06-06 Wed] {mentioned[:7]} it went well",
        f"6. [X] six ({mentioned[:7]})",
        "7. [X] seven",
    ]
    logs.log("* [201] T :exp:\n** Experiments\n" + "\n".join(lines) + "\n")
    assert logs.said() == [("unreferenced", 4, "2"), ("unreferenced", 7, "4.1")]


def test_who_never_commits_hears_nothing(logs: Logs, repo: GitRepo) -> None:
    logs.log("* [201] T :exp:\n** Experiments\n1. [X] one\n2. [X] two\n", "alone.org")
    logs.log("* [301] T :exp:\n** Experiments\n1. [X] one\n2. [X] two\n", "other.org")
    repo.commit("[e301.1] Start")
    assert [(p.kind, p.experiment, p.step) for p in logs.check()] == [("unreferenced", "301", "2")]


# All of it


def test_the_most_serious_first(logs: Logs, repo: GitRepo) -> None:
    logs.log(ENTRY.replace("[0/3]", "[3/3]").replace("one", "one (83d45cd)"), "b.org")
    logs.log(ENTRY.replace("201", "301").replace("3. [ ]", "3. [X]"), "a.org")
    logs.logs.append(str(logs.folder / "gone.org"))
    for text in ("[e301.2] Results", "[e301.9] x", "[e9.1] x"):
        repo.commit(text)
    kinds = [problem.kind for problem in logs.check()]
    assert kinds == sorted(kinds, key=PROBLEM_KINDS.index)
    assert set(kinds) == {
        "unreadable", "dead-hash", "unknown-step", "unknown-experiment", "unticked", "cookie",
        "unreferenced",
    }  # fmt: skip


COMMITS = ("[e201.1] Start", "[e201.1] Results", "[e201.2] Results", "[e201.3] Start", "by hand")


@st.composite
def entries(draw: st.DrawFn, oids: list[str]) -> str:
    """Return an experiment as hands and rebases may leave it: any hash on any step, any box."""
    count = draw(st.integers(1, 5))
    cookie = draw(st.sampled_from(["", "[/]", "[1/2]", f"[0/{count}]", f"[{count}/{count}] [50%]"]))
    hashes = [*(f" ({oid[:7]})" for oid in oids), *[""] * 4, " (83d45cd)", " (1234567)"]
    bearing = draw(st.permutations(hashes))
    lines = ["* [201] T :exp:", f"** Experiments {cookie}"]
    for number in range(1, count + 1):
        box = draw(st.sampled_from(["[ ] ", "[X] ", "[x] ", "[-] ", ""]))
        counter = draw(st.sampled_from([*[""] * 8, f"[@{number + 1}] "]))
        lines.append(f"{number}. {counter}{box}step{bearing[number]}")
        if draw(st.integers(0, 4)) == 0:
            lines += [f"   1. {draw(st.sampled_from(['[ ] ', '[X] ']))}inner [1/1]"]
    return "\n".join([*lines, ""])


@pytest.fixture
def rewritten(logs: Logs, repo: GitRepo) -> list[str]:
    """Commits of which the last two are on no branch any more: one has a successor, one has not."""
    oids = [repo.commit(text, file=f"{n}") for n, text in enumerate(COMMITS)]
    gone = repo.commit("[e201.4] Start", file="x")
    repo.amend("[e201.4] Results", file="x")
    lost = repo.commit("[e201.2] Lost", file="y")
    repo.run("reset", "--quiet", "--hard", "HEAD~1")
    logs.log("")
    logs.check()
    return [*oids, gone, lost]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mend_takes_its_problem_away_and_brings_no_other(
    logs: Logs, rewritten: list[str], data: st.DataObject
) -> None:
    text = data.draw(entries(rewritten))

    def problems(text: str) -> list[Problem]:
        log = logs.log(text)
        os.utime(log, (1e9, 1e9 + len(text) + hash(text) % 10**6))  # nobody waits for the writer
        return logs.check()

    before = problems(text)
    assert [p for p in problems(text) if p.mend] == [p for p in before if p.mend]
    for problem in before:
        if problem.mend is None:
            continue
        after = mended(text, problem.mend)
        pairs = zip(text.split("\n"), after.split("\n"), strict=True)
        changed = [n for n, (old, new) in enumerate(pairs) if old != new]
        assert changed == [problem.mend.line - 1 + line.line for line in problem.mend.lines]
        left = {(p.kind, p.line) for p in problems(after)}
        assert (problem.kind, problem.line) not in left
        known = {(p.kind, p.line) for p in before}
        if problem.kind == "renumbered":
            # The commit of a step that was taken out speaks of no step then.
            assert "renumbered" not in {kind for kind, _line in left}
            known.add(("unknown-step", 1))
        if problem.kind == "dead-hash":
            # What stood there hid that the hash of that number is on another step.
            left = {(kind, line) for kind, line in left if kind != "renumbered"}
        assert left <= known


def test_each_list_is_read_once(logs: Logs, repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the plan, or by what looks at the rest: never by both."""
    logs.log(ENTRY + ENTRY.replace("201", "202") + ENTRY.replace("201", "203"))
    repo.commit("[e201.1] Results\n\n- [e201.3] Results\n- [e203.2] Results")
    sync(logs.settings, logs.index)
    read: Counter[str] = Counter()
    parsed: Counter[int] = Counter()

    def find(lines: Sequence[str], *args: Any) -> Any:
        read[lines[0]] += 1
        return find_steps(lines, *args)

    def spans(lines: Sequence[str], item: Item) -> Any:
        parsed[id(item)] += 1
        items.append(item)
        return hash_spans(lines, item)

    items: list[Item] = []  # so that each keeps its own id
    for module in ("explog.entries.text", "explog.org.edit"):
        monkeypatch.setattr(f"{module}.find_steps", find)
        monkeypatch.setattr(f"{module}.hash_spans", spans)
    problems = check(logs.settings, logs.index)
    assert [problem.kind for problem in problems] == ["unticked"] * 3
    assert (list(read.values()), list(parsed.values())) == ([1] * 3, [1] * 9)


def test_what_emacs_is_told(logs: Logs, repo: GitRepo) -> None:
    log = logs.log(ENTRY.replace("[0/3]", "[2/3]"))
    nowhere = repo.commit("[e999.1] x")
    daemon = Daemon()
    daemon.configure(logs.settings, 0.0)
    rows = call(daemon, None, "check")
    daemon.close()
    unknown = f"{nowhere[:10]} says [e999.1], and no log has that experiment ({repo.path})"
    change = "[2/3] should be [0/3]"
    lines = [[1, "** Experiments [2/3]", "** Experiments [0/3]"]]
    nothing = [False, None, None, None, False]
    assert rows == [
        ["unknown-experiment", None, None, "999", "1", unknown, *nothing],
        ["cookie", str(log), 2, "201", None, change, True, 1, change, lines, False],
    ]
