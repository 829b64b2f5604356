"""Kinds of repositories: found, their tips named, and every move of a ref seen by `stat` alone."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from explog.git.changes import history_change
from explog.git.commits import read_commits
from explog.git.discovery import discover
from explog.git.repository import (
    Repository,
    _boundary,
    abbreviate,
    is_boundary,
    open_repository,
    resolve,
    tips,
)
from explog.git.run import GitError
from explog.git.signature import Signatures, signature
from support.clock import cpu_seconds
from support.objects import opened, settled, write_object
from support.repo import GitRepo
from support.waiting import wait_until

Make = Callable[..., GitRepo]


def subjects(path: Path) -> set[str]:
    """Return the first line of every reachable commit of the repository at PATH."""
    repository = opened(path)
    change = history_change(repository, [], tips(repository))
    return {c.message.partition("\n")[0] for c in read_commits(repository, change.added)}


def has_reftable() -> bool:
    done = subprocess.run(
        ["git", "init", "--ref-format=reftable", "-h"], check=False, capture_output=True
    )
    return b"unknown option" not in done.stderr


def test_linked_worktree_with_a_detached_head(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo()
    repo.commit("one")
    linked = tmp_path / "linked tree"
    repo.run("worktree", "add", "--detach", str(linked))
    repo.run("-C", str(linked), "commit", "--allow-empty", "-m", "detached there")
    assert subjects(repo.path) == {"one", "detached there"}
    assert subjects(linked) == {"one", "detached there"}
    assert opened(linked).common_dir == opened(repo.path).common_dir
    repo.run("worktree", "remove", str(linked))
    assert subjects(repo.path) == {"one"}


def test_main_worktree_counts_when_only_a_linked_one_is_named(
    git_repo: Make, tmp_path: Path
) -> None:
    repo = git_repo()
    repo.commit("one")
    repo.run("worktree", "add", "--detach", str(tmp_path / "linked"))
    repo.run("checkout", "--detach")
    repo.commit("detached in the main one")
    assert subjects(tmp_path / "linked") == {"one", "detached in the main one"}


def test_submodule(git_repo: Make) -> None:
    inner, outer = git_repo("inner"), git_repo("outer")
    inner.commit("inner")
    outer.commit("outer")
    outer.run("submodule", "add", str(inner.path), "sub")
    outer.run("-C", "sub", "commit", "--allow-empty", "-m", "in the submodule")
    assert subjects(outer.path / "sub") == {"inner", "in the submodule"}
    assert subjects(outer.path) == {"outer"}
    assert opened(outer.path / "sub").common_dir == outer.path / ".git/modules/sub"


def test_bare(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo()
    repo.commit("one")
    repo.run("clone", "--bare", ".", str(tmp_path / "proj.git"))
    assert subjects(tmp_path / "proj.git") == {"one"}
    assert opened(tmp_path / "proj.git").name == "proj"


def test_separate_git_directory(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo("repo", f"--separate-git-dir={tmp_path / 'elsewhere'}")
    repo.commit("one")
    assert subjects(repo.path) == {"one"}
    assert opened(repo.path).common_dir == tmp_path / "elsewhere"


def test_shallow_clone_and_its_deepening(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo()
    for name in ("one", "two", "three"):
        repo.commit(name)
    clone = tmp_path / "clone"
    repo.run("clone", "--depth=1", f"file://{repo.path}", str(clone))
    assert subjects(clone) == {"three"}
    repository = opened(clone)
    before = tips(repository)
    stamp = settled(repository)
    repo.run("-C", str(clone), "fetch", "--unshallow")
    assert settled(repository) != stamp
    after = tips(repository)
    assert [tip for tip in before if not is_boundary(tip)] == after
    change = history_change(repository, before, after)
    assert change.complete
    assert len(change.added) == 3
    assert history_change(repository, after, before).complete
    repo.run("-C", str(clone), "fetch", "--depth=2")
    assert subjects(clone) == {"two", "three"}


def test_sha256(git_repo: Make) -> None:
    repo = git_repo("repo", "--object-format=sha256")
    oid = repo.commit("one")
    assert len(oid) == 64
    assert subjects(repo.path) == {"one"}
    assert abbreviate(opened(repo.path), [oid]) == {oid: oid[:7]}
    assert resolve(opened(repo.path), [oid[:7]]) == {oid[:7]: oid}


@pytest.mark.skipif(not has_reftable(), reason="this git has no reftable")
def test_reftable(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo("repo", "--ref-format=reftable")
    repo.commit("one")
    repository = opened(repo.path)
    before = settled(repository)
    repo.commit("two")
    assert settled(repository) != before
    repo.run("worktree", "add", "--detach", str(tmp_path / "linked"))
    before = settled(repository)
    repo.run("-C", str(tmp_path / "linked"), "commit", "--allow-empty", "-m", "three")
    assert settled(repository) != before
    assert subjects(repo.path) == {"one", "two", "three"}


def test_unborn_head(git_repo: Make) -> None:
    repo = git_repo()
    assert tips(opened(repo.path)) == []
    assert subjects(repo.path) == set()


def test_unborn_head_beside_a_branch(git_repo: Make) -> None:
    repo = git_repo()
    repo.commit("one")
    repo.run("checkout", "--orphan", "new")
    assert subjects(repo.path) == {"one"}


def test_detached_head(git_repo: Make) -> None:
    repo = git_repo()
    repo.commit("one")
    repo.run("checkout", "--detach")
    repo.commit("detached")
    assert subjects(repo.path) == {"one", "detached"}


def test_remote_branches_count_and_tags_and_stashes_do_not(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo()
    repo.commit("one", file="file")
    repo.branch("theirs")
    repo.commit("two")
    clone = tmp_path / "clone"
    repo.run("clone", ".", str(clone))
    repo.run("-C", str(clone), "checkout", "--detach", "origin/main")
    assert subjects(clone) == {"one", "two"}
    repo.run("tag", "kept")
    repo.switch("main")
    repo.run("branch", "-D", "theirs")
    repo.write("file", "changed")
    repo.run("stash")
    assert subjects(repo.path) == {"one"}


def test_real_commits_are_read_not_their_replacements(git_repo: Make) -> None:
    repo = git_repo()
    first = repo.commit("one")
    second = repo.commit("two")
    other = repo.run("commit-tree", f"{second}^{{tree}}", "-m", "instead")
    repo.run("replace", second, other)
    assert repo.run("log", "-1", "--format=%s") == "instead"
    assert subjects(repo.path) == {"one", "two"}
    assert first


def test_packed_refs_and_a_ref_that_is_none(git_repo: Make) -> None:
    repo = git_repo()
    oid = repo.commit("one")
    repo.branch("side")
    repo.commit("two")
    repo.run("pack-refs", "--all")
    assert not (repo.path / ".git/refs/heads/main").exists()
    (repo.path / ".git/refs/heads/empty").write_text("")
    assert subjects(repo.path) == {"one", "two"}
    assert oid in tips(opened(repo.path))


def test_remote_refs_that_are_no_commits(git_repo: Make) -> None:
    repo = git_repo()
    repo.commit("one", file="file")
    repo.branch("side")
    repo.commit("two")
    repo.run("tag", "-a", "-m", "tag", "annotated")
    repo.run("update-ref", "refs/remotes/origin/tag", "annotated")
    repo.run("update-ref", "refs/remotes/origin/blob", "HEAD:file")
    repo.switch("main")
    repo.run("branch", "-D", "side")
    assert subjects(repo.path) == {"one", "two"}


def test_branch_at_an_object_that_is_no_more_is_an_error(git_repo: Make) -> None:
    """Not a branch that is gone: what it reached would be forgotten, and its hashes be dead."""
    repo = git_repo()
    oid = repo.commit("one")
    repository = opened(repo.path)
    before = tips(repository)
    (repo.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(GitError, match="bad object"):
        history_change(repository, before[:0], tips(repository))


def test_five_thousand_refs(git_repo: Make) -> None:
    repo = git_repo()
    oids = [repo.commit(f"commit {n}") for n in range(5)]
    lines = (f"create refs/heads/b{n % 70}/{n} {oids[n % 5]}\n" for n in range(5000))
    repo.run("update-ref", "--stdin", stdin="".join(lines))
    repository = opened(repo.path)
    started = cpu_seconds()
    assert sorted(tips(repository)) == sorted(oids)
    assert cpu_seconds() - started < 2
    assert settled(repository)


@pytest.mark.parametrize(
    "name", ["a b", "-rf", "--upload-pack=x", "line\nbreak", "quo'te\"", "täg-名前", "a:b", "\x0c"]
)
def test_names_with_odd_characters(git_repo: Make, tmp_path: Path, name: str) -> None:
    repo = git_repo(name)
    repo.commit("one")
    linked = tmp_path / f"{name} linked"
    repo.run("worktree", "add", "--detach", str(linked))
    repo.run("-C", str(linked), "commit", "--allow-empty", "-m", "there")
    for folder in os.scandir(repo.path / ".git/worktrees"):
        Path(folder.path).rename(Path(folder.path).with_name("a\u2028c"))
        pointer = repo.path / ".git/worktrees/a\u2028c"
        (linked / ".git").write_text(f"gitdir: {pointer}\n", encoding="utf-8")
    assert subjects(repo.path) == {"one", "there"}
    assert subjects(linked) == {"one", "there"}
    found = discover([(tmp_path, 1)])
    assert [repository.path for repository in found] == [repo.path]


def test_names_that_are_no_text(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo("r\udcff")
    repo.commit("one")
    linked = tmp_path / "l\udcfe"
    repo.run("worktree", "add", "--detach", str(linked))
    repo.run("-C", str(linked), "commit", "--allow-empty", "-m", "there")
    assert subjects(repo.path) == {"one", "there"}
    assert opened(linked).common_dir == opened(repo.path).common_dir


def test_resolve_answers_each_name(git_repo: Make) -> None:
    repo = git_repo()
    oid = repo.commit("one", file="file")
    gone = repo.commit("two")
    repo.run("reset", "--hard", oid)
    blob = repo.run("rev-parse", f"{oid}:file")
    wanted = ["main", "nothing", "a\x0cb", oid[:9], blob, "", "--all", "a b", gone[:8]]
    found = resolve(opened(repo.path), wanted)
    assert found == {"main": oid, oid[:9]: oid, gone[:8]: gone}
    assert resolve(opened(repo.path), []) == {}


def test_abbreviations_are_as_long_as_they_need_be(git_repo: Make) -> None:
    repo = git_repo()
    base = repo.commit("base")
    # Two commits whose first seven digits are the same: the birthday makes some 20,000 enough.
    twins = collide(repo.run("rev-parse", "HEAD^{tree}"), base)
    one, other = (write_object(repo, data, f"twin{n}") for n, data in enumerate(twins))
    found = abbreviate(opened(repo.path), [one, other, base, one, other])
    assert one[:7] == other[:7]
    assert one.startswith(found[one])
    assert found[one] != found[other]
    assert min(len(found[one]), len(found[other])) > 7
    assert len(found[base]) == 7


def collide(tree: str, parent: str) -> tuple[bytes, bytes]:
    """Return two commit objects whose ids begin with the same seven digits."""
    import hashlib

    known: dict[str, bytes] = {}
    for number in range(10**7):
        person = f"A <a@b> {1_600_000_000 + number} +0000"
        data = f"tree {tree}\nparent {parent}\nauthor {person}\ncommitter {person}\n\nx\n".encode()
        oid = hashlib.sha1(b"commit %d\0" % len(data) + data).hexdigest()  # noqa: S324 - git's own names
        if oid[:7] in known:
            return known[oid[:7]], data
        known[oid[:7]] = data
    raise AssertionError


def test_abbreviate_leaves_out_what_is_no_commit_here(git_repo: Make) -> None:
    repo = git_repo()
    oid = repo.commit("one", file="file")
    blob = repo.run("rev-parse", "HEAD:file")
    assert abbreviate(opened(repo.path), [blob, "1" * 40, oid]) == {oid: oid[:7]}
    assert abbreviate(opened(repo.path), ["1" * 40]) == {}


# Finding repositories


def test_discover_stops_at_a_repository_and_at_the_depth(git_repo: Make, tmp_path: Path) -> None:
    top, deep = git_repo("src/one"), git_repo("src/group/sub/two")
    git_repo("src/one/inner")
    for depth, expected in [(0, []), (1, [top]), (2, [top]), (3, [deep, top])]:
        found = discover([(tmp_path / "src", depth)])
        assert [repo.path for repo in found] == [repo.path for repo in expected]
    assert [repo.path for repo in discover([(top.path, 0), (tmp_path / "src", 1)])] == [top.path]


def test_discover_takes_worktrees_of_one_repository_as_one(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo("src/zzz")
    repo.commit("one")
    repo.run("worktree", "add", "--detach", str(tmp_path / "src/aaa"))
    assert [found.path for found in discover([(tmp_path / "src", 1)])] == [repo.path]


def test_discover_is_not_led_round_in_circles(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo("src/one")
    for number in range(12):
        (tmp_path / f"src/loop{number}").symlink_to(tmp_path / "src")
    started = cpu_seconds()
    assert [found.path for found in discover([(tmp_path / "src", 8)])] == [repo.path]
    assert cpu_seconds() - started < 1


@pytest.mark.parametrize(
    "text", [b"", b"gitdir: /nowhere\n", b"\xff\xfe", b"gitdir:\n", b"gitdir: \0\n"]
)
def test_what_only_looks_like_a_repository(tmp_path: Path, text: bytes) -> None:
    (tmp_path / ".git").write_bytes(text)
    assert open_repository(tmp_path) is None
    assert open_repository(tmp_path / "nowhere") is None


# Signatures


def _operations(elsewhere: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield what moves a ref; each is run on what the ones before left."""
    linked = str(elsewhere / "linked")
    yield "commit", ["commit", "--allow-empty", "-m", "x"]
    yield "amend", ["commit", "--amend", "--allow-empty", "-m", "y"]
    yield "reset", ["reset", "--hard", "HEAD~1"]
    yield "branch", ["branch", "side", "HEAD~1"]
    yield "nested branch", ["branch", "topic/deep/er", "HEAD~1"]
    yield "move of a nested branch", ["branch", "-f", "topic/deep/er", "HEAD"]
    yield "switch", ["switch", "side"]
    yield "detach", ["checkout", "--detach", "main"]
    yield "commit on a detached head", ["commit", "--allow-empty", "-m", "z"]
    yield "pack-refs", ["pack-refs", "--all"]
    yield "update of a packed ref", ["update-ref", "refs/heads/side", "HEAD"]
    yield "deletion of a packed ref", ["branch", "-D", "side"]
    yield "worktree", ["worktree", "add", "--detach", linked]
    yield "commit in a worktree", ["-C", linked, "commit", "--allow-empty", "-m", "w"]
    yield "checkout in a worktree", ["-C", linked, "checkout", "-b", "from-worktree"]
    yield "commit on its branch", ["-C", linked, "commit", "--allow-empty", "-m", "v"]
    yield "worktree removed", ["worktree", "remove", linked]
    yield "fetch", ["fetch", str(elsewhere / "other"), "+main:refs/remotes/other/main"]
    yield "merge", ["merge", "--no-ff", "-m", "merge", "from-worktree"]
    yield "branch renamed", ["branch", "-m", "from-worktree", "renamed"]
    yield "branch deleted", ["branch", "-D", "topic/deep/er"]
    yield "rebase", ["rebase", "--force-rebase", "--onto", "main", "HEAD~1"]
    yield "cherry-pick", ["cherry-pick", "--allow-empty", "renamed"]
    yield "symbolic-ref", ["symbolic-ref", "HEAD", "refs/heads/renamed"]


def test_signature_changes_with_every_move_of_a_ref(git_repo: Make, tmp_path: Path) -> None:
    other, repo = git_repo("other"), git_repo()
    other.commit("other", file="other")
    for name in ("one", "two", "three"):
        repo.commit(name, file=name)
    repository = opened(repo.path)
    kept = Signatures()
    seen = 0
    for what, command in _operations(tmp_path):
        before = settled(repository)
        assert kept.of(repository) == before, what
        for quiet in (["status"], ["log"], ["diff"], ["gc", "--auto"], ["show"], ["fsck"]):
            repo.run(*quiet)
        tips(repository)
        assert settled(repository) == before, f"something quiet before {what}"
        repo.run(*command)
        assert settled(repository) != before, what
        assert kept.of(repository) != before, what
        seen += 1
    assert seen == 24


IN_PLACE = [
    "HEAD",
    "refs/heads/main",
    "refs/heads/topic/deep/er",
    "refs/remotes/origin/main",
    "packed-refs",
    "shallow",
    "worktrees/linked/HEAD",
]


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("time_kept", [False, True])
def test_signature_sees_what_is_written_in_place(
    git_repo: Make, tmp_path: Path, name: str, time_kept: bool
) -> None:
    """As go-git and isomorphic-git do; it may be of the same size, and in the same second."""
    repo = git_repo()
    oids = [repo.commit(text) for text in ("one", "two")]
    repo.run("branch", "packed")
    repo.run("pack-refs", "--all")
    repo.run("checkout", "-q", "--detach")
    repo.run("worktree", "add", "--detach", str(tmp_path / "linked"))
    repo.run("update-ref", "refs/heads/main", oids[0])
    repo.run("branch", "topic/deep/er", oids[0])
    repo.run("update-ref", "refs/remotes/origin/main", oids[0])
    path = repo.path / ".git" / name
    if name == "shallow":
        path.write_text(f"{oids[1]}\n")
    repository = opened(repo.path)
    before = settled(repository)
    kept = Signatures()
    assert kept.of(repository) == before
    status = path.stat()
    folder = path.parent.stat().st_mtime_ns
    data = path.read_text()
    here, other = oids if oids[0] in data else reversed(oids)
    with path.open("r+") as file:
        file.write(data.replace(here, other))
    assert path.read_text() != data
    if time_kept:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.parent.stat().st_mtime_ns == folder
    assert (path.stat().st_size, path.stat().st_ino) == (status.st_size, status.st_ino)
    assert settled(repository) != before
    assert kept.of(repository) != before


def test_a_time_in_the_future_does_not_keep_a_signature_from_settling(git_repo: Make) -> None:
    repo = git_repo()
    repo.commit("one")
    later = time.time_ns() + 3600 * 10**9
    os.utime(repo.path / ".git/HEAD", ns=(later, later))
    assert settled(opened(repo.path))


def test_refs_that_are_no_branches_are_not_looked_at(git_repo: Make) -> None:
    """The tools that keep each commit by one of them have many thousands."""
    repo = git_repo()
    oid = repo.commit("one")
    repository = opened(repo.path)
    before = settled(repository)
    repo.run("update-ref", f"refs/jj/keep/{oid}", oid)
    repo.run("tag", "one")
    assert settled(repository) == before


def test_five_thousand_loose_refs_take_no_process_and_little_time(git_repo: Make) -> None:
    repo = git_repo()
    oid = repo.commit("one")
    for number in range(5000):
        path = repo.path / f".git/refs/heads/b{number % 70}/{number}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{oid}\n")
    repository = opened(repo.path)
    before = settled(repository)
    started = time.process_time()
    assert signature(repository) == before
    assert time.process_time() - started < 0.5
    path.write_text(f"{'1' * 40}\n")
    assert settled(repository) != before


@pytest.mark.parametrize("there", [(), ("refs/remotes",), ("refs/heads", "refs/remotes")])
def test_a_kept_signature_takes_few_looks(
    git_repo: Make, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...]
) -> None:
    """Whatever comes where nothing was is seen, and nothing is listed before that."""
    repo = git_repo()
    oid = repo.commit("one")
    repo.run("pack-refs", "--all")
    common = repo.path / ".git"
    for name in ("refs/heads", "refs/remotes"):
        shutil.rmtree(common / name, ignore_errors=True)
    for name in there:
        (common / name).mkdir()
    repository, kept = opened(repo.path), Signatures()
    before = settled(repository)
    wait_until(lambda: kept.of(repository) == before and common in map(Path, kept._kept))
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", None)
        assert kept.of(repository) == before
    (common / "refs/heads").mkdir(exist_ok=True)
    (common / "refs/heads/new").write_text(f"{oid}\n")
    assert kept.of(repository) != before
    before = settled(repository)
    wait_until(lambda: kept.of(repository) == before)
    repo.run("pack-refs", "--all", "--prune")
    assert kept.of(repository) != before


def test_what_a_file_system_does_not_say_is_seen_later(
    git_repo: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo()
    oid = repo.commit("one")
    repository, kept = opened(repo.path), Signatures()
    before = settled(repository)
    heads = repo.path / ".git/refs/heads"
    status = heads.stat()
    real = os.stat

    def stat(path: Any, **rest: Any) -> os.stat_result:
        return status if str(path) == str(heads) else real(path, **rest)

    monkeypatch.setattr(os, "stat", stat)
    assert kept.of(repository) == before
    (heads / "new").write_text(f"{oid}\n")
    assert kept.of(repository) == before
    now = time.monotonic() + 120
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert kept.of(repository) != before


def test_a_look_within_the_tick_of_a_write_is_not_kept(git_repo: Make) -> None:
    repo = git_repo()
    repo.commit("one")
    assert signature(opened(repo.path)) is None


def test_file_systems_that_keep_whole_seconds(git_repo: Make) -> None:
    repo = git_repo()
    repo.commit("one")
    repository = opened(repo.path)
    settled(repository)
    now = time.time_ns()
    whole = (now - 1_000_000_000) // 1_000_000_000 * 1_000_000_000
    for folder, _folders, files in os.walk(repo.path / ".git"):
        for path in (Path(folder), *(Path(folder) / name for name in files)):
            os.utime(path, ns=(whole, whole))
    assert signature(repository) is None


@pytest.mark.parametrize("name", ["HEAD", "packed-refs", "shallow", "refs/heads/main"])
def test_a_pipe_that_nobody_writes_to(git_repo: Make, name: str) -> None:
    """What is read here without git does not wait for it."""
    repo = git_repo()
    repo.commit("one")
    path = repo.path / ".git" / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    assert settled(opened(repo.path))
    assert _boundary(opened(repo.path)) == []


def test_signature_of_what_is_gone(tmp_path: Path) -> None:
    assert signature(Repository(tmp_path / "no", tmp_path / "no/.git")) is None
