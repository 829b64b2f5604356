"""Sync: what a look takes in, what it leaves pending, and that looks add up to one at the end."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explog.config import Root, Settings
from explog.index.commits import commits_with_prefix, pending_steps
from explog.index.database import Index, open_index
from explog.index.logs import all_diagnoses, all_idents, find_experiments
from explog.index.unreachable import unreachable_commits
from explog.org.entry import read_entry
from explog.sync.look import sync
from support import ahead
from support.objects import opened, settled
from support.repo import GitRepo
from support.rewrites import Copy, make_world

Make = Callable[..., GitRepo]
FAR_FUTURE = 4e9

ENTRY = "* [201] T :exp:\n** Experiments\n1. [ ] one\n2. [ ] two\n"


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return open_index(tmp_path / "index.sqlite")


def settings(*repos: GitRepo, logs: tuple[Path, ...] = ()) -> Settings:
    return Settings(
        logs=tuple(map(str, logs)), repositories=tuple(Root(repo.path) for repo in repos)
    )


def rows(index: Index) -> list[list[tuple[object, ...]]]:
    """All that is known of logs."""
    tables = ("sections", "experiments", "steps", "passages", "diagnoses")
    return [list(index.read(f"SELECT * FROM {table}")) for table in tables]  # noqa: S608 - ours


def pending(index: Index) -> set[str]:
    return {f"e{ident}.{'.'.join(map(str, step))}" for ident, step in pending_steps(index)}


def subjects(index: Index) -> set[str]:
    return {row[0] for row in index.read("SELECT subject FROM commits")}


def unreachable(index: Index) -> set[str]:
    return {row[0] for row in index.read("SELECT subject FROM unreachable")}


def test_bytes_that_are_no_text_hide_nothing(tmp_path: Path, index: Index) -> None:
    log = tmp_path / "log.org"
    log.write_bytes(
        "läuft gut, sehr gut: ".encode() * 9  # so that it counts as UTF-8
        + b"\n#+TODO: T\xff | D\n* T\xff [1] A :exp:\nx [2018-13-45] \xff\n* [2] B :exp:\n"
    )
    sync(settings(logs=(log,)), index)
    assert [found.ident for found in find_experiments(index)] == ["1", "2"]
    [diagnosis] = all_diagnoses(index)
    assert (diagnosis.experiment, diagnosis.line) == ("1", 4)


def test_a_fault_in_one_entry_hides_no_other(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is known that brings such a fault about; what was is in test_entry.py.
    def faulty(lines: list[str], *rest: Any) -> Any:
        if "[2]" in lines[0]:
            raise RecursionError("too deep")
        return read_entry(lines, *rest)

    monkeypatch.setattr("explog.sync.sections.read_entry", faulty)
    log = tmp_path / "log.org"
    log.write_text("* [1] A :exp:\n* Talk\n* [2] B :exp:\n* [3] C :exp:\n", encoding="utf-8")
    sync(settings(logs=(log,)), index)
    assert all_idents(index) == ["1", "3"]
    (found,) = all_diagnoses(index)
    assert (found.kind, found.line) == ("unreadable", 3)
    assert "too deep" in found.message


@pytest.mark.parametrize("broken", [None, "at once", "in the middle", "another text"])
def test_a_long_log_read_in_another_process_says_the_same(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch, broken: str | None
) -> None:
    log = tmp_path / "log.org"
    text = "".join(ENTRY.replace("201", str(n)) + f"** Notes\n- note {n}\n" for n in range(300))
    log.write_text(text + "* [x] No id :exp:\n* [301] Läuft [2018-13-01] :exp:\n", "utf-8")
    sync(settings(logs=(log,)), index)
    monkeypatch.setattr("explog.sync.sections.LONG_BYTES", 1)
    if broken is not None:
        instead = {"at once": ahead.no_section, "in the middle": ahead.some_sections}
        monkeypatch.setattr(
            "explog.sync.sections.read_apart", instead.get(broken, ahead.other_sections)
        )
    other = open_index(tmp_path / "other.sqlite")
    sync(settings(logs=(log,)), other)
    assert rows(index) == rows(other)
    assert all(rows(index))


def test_it_is_told_how_far_the_work_is(git_repo: Make, tmp_path: Path, index: Index) -> None:
    told: list[tuple[str, int, int]] = []
    log = tmp_path / "log.org"
    log.write_text(ENTRY * 1201, "utf-8")
    repo = git_repo()
    for number in range(3):
        repo.commit(f"{number}")
    for _ in range(2):
        sync(settings(repo, logs=(log,)), index, progress=lambda *what: told.append(what))
    log.write_text(ENTRY * 1202, "utf-8")
    sync(settings(repo, logs=(log,)), index, progress=lambda *what: told.append(what))
    assert told == [
        ("repo", 3, 3),
        ("log.org", 500, 1201),
        ("log.org", 1000, 1201),
        ("log.org", 1201, 1201),
        ("log.org", 1, 1),
    ]


def test_old_commits_of_a_new_repository_are_not_pending(git_repo: Make, index: Index) -> None:
    repo = git_repo()
    repo.commit("[e201.1] From long ago")
    sync(settings(repo), index, since=FAR_FUTURE)
    assert pending(index) == set()
    assert subjects(index) == {"[e201.1] From long ago"}


def test_commits_since_are_pending_at_the_first_look(git_repo: Make, index: Index) -> None:
    repo = git_repo()
    repo.commit("[e201.1] Just now")
    sync(settings(repo), index, since=0)
    assert pending(index) == {"e201.1"}


def test_what_came_and_what_went_is_pending(git_repo: Make, index: Index) -> None:
    repo = git_repo()
    repo.commit("root")
    repo.commit("[e201.1] One\n\n[e201.3] in the body, mentions [e201.4]")
    sync(settings(repo), index, since=FAR_FUTURE)
    repo.amend("[e201.2] Two, by amending")
    sync(settings(repo), index, since=FAR_FUTURE)
    assert pending(index) == {"e201.1", "e201.2", "e201.3"}
    assert unreachable(index) == {"[e201.1] One"}


def test_a_branch_that_git_forgot_between_two_looks(git_repo: Make, index: Index) -> None:
    repo = git_repo()
    repo.commit("[e201.1] Stays")
    repo.branch("side")
    repo.commit("[e201.2] Goes", file="file")
    sync(settings(repo), index, since=FAR_FUTURE)
    repo.switch("main")
    repo.run("branch", "-D", "side")
    repo.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    repo.run("gc", "--quiet", "--prune=now")
    repo.commit("[e201.3] Comes")
    sync(settings(repo), index, since=FAR_FUTURE)
    assert subjects(index) == {"[e201.1] Stays", "[e201.3] Comes"}
    assert pending(index) == {"e201.2", "e201.3"}, "what stayed is none of it"
    assert unreachable(index) == {"[e201.2] Goes"}
    [record] = unreachable_commits(index, repo.run("rev-parse", "main")[:0])
    assert record.claims == (("201", (2,)),)


@pytest.mark.parametrize("head", ["branch", "packed", "detached"])
def test_a_ref_written_in_place(git_repo: Make, index: Index, head: str) -> None:
    """As go-git and isomorphic-git write it, without a rename in its folder."""
    repo = git_repo()
    first = repo.commit("one")
    config = settings(repo)
    if head == "packed":
        repo.run("pack-refs", "--all")
    if head == "detached":
        repo.run("checkout", "-q", "--detach")
    at = {"branch": "refs/heads/main", "packed": "packed-refs", "detached": "HEAD"}[head]
    path = repo.path / ".git" / at
    before = settled(opened(repo.path))
    sync(config, index)
    new = repo.run("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "[e201.1] two")
    with path.open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write(text.replace(first, new))
    assert settled(opened(repo.path)) != before
    sync(config, index)
    assert subjects(index) == {"one", "[e201.1] two"}
    assert pending(index) == {"e201.1"}


def test_deepened_clone(git_repo: Make, index: Index, tmp_path: Path) -> None:
    repo = git_repo()
    for number in (1, 2, 3):
        repo.commit(f"[e201.{number}] x")
    repo.run("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(tmp_path / "clone"))
    clone = Copy(tmp_path / "clone")
    sync(settings(clone), index, since=FAR_FUTURE)
    assert subjects(index) == {"[e201.3] x"}
    clone.run("fetch", "--quiet", "--unshallow")
    sync(settings(clone), index, since=FAR_FUTURE)
    assert pending(index) == {"e201.1", "e201.2"}
    rows = index.read("SELECT subject FROM commits ORDER BY generation")
    assert [row[0][6] for row in rows] == ["1", "2", "3"]


def _corrupt(repo: GitRepo) -> None:
    oid = repo.commit("[e201.2] Corrupt")
    path = repo.path / ".git/objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(b"rubbish")


def _broken(repo: GitRepo) -> None:
    (repo.path / ".git/HEAD").unlink()


def _truncated(repo: GitRepo) -> None:
    repo.commit("[e201.2] Cut off")
    repo.run("repack", "-adq")
    [pack] = (repo.path / ".git/objects/pack").glob("*.pack")
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:60])


@pytest.mark.parametrize("spoil", [_corrupt, _broken, _truncated])
def test_a_repository_that_cannot_be_read_is_reported_and_holds_up_none(
    git_repo: Make, index: Index, tmp_path: Path, spoil: Callable[[GitRepo], object]
) -> None:
    bad, good = git_repo("bad"), git_repo("good")
    bad.commit("[e201.1] Readable once")
    (tmp_path / "log.org").write_text(ENTRY)
    all_of_it = settings(bad, good, logs=(tmp_path / "log.org",))
    sync(all_of_it, index)
    spoil(bad)
    good.commit("[e201.1] Good")
    report = sync(all_of_it, index)
    [problem] = report.problems
    assert problem.message.startswith(str(bad.path))
    assert subjects(index) == {"[e201.1] Readable once", "[e201.1] Good"}
    assert [problem.kind for problem in sync(all_of_it, index).problems] == [problem.kind]


def test_a_commit_that_comes_back(git_repo: Make, index: Index) -> None:
    repo = git_repo()
    repo.commit("root")
    oid = repo.commit("[e201.1] One")
    sync(settings(repo), index)
    repo.run("reset", "--hard", "HEAD~1")
    sync(settings(repo), index)
    assert not commits_with_prefix(index, oid)
    repo.run("reset", "--hard", oid)
    sync(settings(repo), index)
    assert commits_with_prefix(index, oid)


def test_what_an_unregistered_repository_had_is_not_remembered(
    git_repo: Make, index: Index
) -> None:
    one, two = git_repo("one"), git_repo("two")
    one.commit("[e201.1] One")
    one.amend("[e201.1] Uno")
    two.commit("two")
    sync(settings(one, two), index)
    sync(settings(two), index)
    assert subjects(index) == {"two"}
    assert unreachable(index) == set()


TABLES = {
    "commits": "SELECT oid, author, email, author_time, committer_time, generation, subject, body,"
    " path FROM commits JOIN repositories r ON r.id = repository",
    "claims": "SELECT oid, experiment, step, place, results, repository FROM claims"
    " JOIN commits ON commits.id = commit_id",
    "repositories": "SELECT path, common_dir FROM repositories",
    "steps": "SELECT ident, e.line + s.line, number, steps.line, steps.text, box, hash FROM steps"
    " JOIN experiments e ON e.id = experiment JOIN sections s ON s.id = section",
}


def content(index: Index) -> dict[str, list[tuple[object, ...]]]:
    """Return all that is known, without the numbers of rows."""
    found = {name: sorted(index.read(sql), key=repr) for name, sql in TABLES.items()}
    found["claims"] = sorted((row[:5] for row in found["claims"]), key=repr)
    return found


def change(repo: Copy, what: str, name: str, back: int) -> None:
    """Change a repository in the way WHAT; NAME is new, BACK a small number."""
    commands = {
        "reset": ["reset", "--hard", f"HEAD~{back}"],
        "rebase": ["rebase", "--force-rebase", "HEAD~2"],
        "branch": ["switch", "--create", f"b-{name}", f"HEAD~{back}"],
        "detach": ["checkout", "--detach"],
        "move": ["branch", "-f", "old", f"HEAD~{back}"],
        "merge": ["merge", "-s", "ours", "-m", f"merge {name}", "main"],
    }
    if what == "commit":
        repo.commit(f"[e201.{back}] {name}", file=name)
    elif what == "amend":
        repo.amend(f"[e202.1] amended {name}")
    elif what == "forget":
        repo.forget()
    else:
        repo.run(*commands[what])


CHANGES = ["commit", "commit", "amend", "forget", "reset", "rebase", "branch", "detach", "move"]
CHANGES += ["merge"]


@pytest.mark.parametrize("seed", range(3))
def test_looks_add_up_to_one_at_the_end(tmp_path: Path, index: Index, seed: int) -> None:
    source = random.Random(seed)
    world = make_world(tmp_path / "world")
    for number in range(25):
        for _ in range(source.randint(0, 3)):
            repo = source.choice([world.a, world.b])
            name = f"x{number}-{source.randint(0, 10**6)}"
            change(repo, source.choice(CHANGES), name, source.randint(0, 3))
        if number == 12:
            world.log.write_text("* New\n" + world.log.read_text("utf-8"), "utf-8")
        assert sync(world.settings(), index).problems == []
    fresh = open_index(tmp_path / "fresh.sqlite")
    sync(world.settings(), fresh)
    assert content(index) == content(fresh)
