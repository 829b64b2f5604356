"""The funnel: which repository git reads, what it never executes, and how it fails."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from explog.errors import ExplogError
from explog.git import run as funnel
from explog.git.changes import history_change
from explog.git.commits import read_commits, read_known
from explog.git.repository import Repository, abbreviate, resolve, tips
from explog.git.run import GitError, run, stream
from explog.git.walk import read_all
from support.objects import opened, raw, write_object
from support.repo import GitRepo

Make = Callable[..., GitRepo]


def read_everything(repository: Repository) -> list[str]:
    """Do everything that explog does with a repository; return the messages."""
    heads = tips(repository)
    change = history_change(repository, [], heads)
    found = [commit.message for commit in read_commits(repository, change.added)]
    read_known(repository, change.added)
    abbreviate(repository, change.added)
    resolve(repository, [*heads, "deadbeef", "0" * 40, "1" * 40])
    assert sorted(commit.message for commit in read_all(repository, heads)[1]) == sorted(found)
    return found


@pytest.mark.parametrize(
    "variables",
    [
        {"GIT_DIR": "{other}/.git"},
        {"GIT_DIR": "{other}/.git", "GIT_WORK_TREE": "{other}"},
        {"GIT_COMMON_DIR": "{other}/.git"},
        {"GIT_OBJECT_DIRECTORY": "{other}/.git/objects"},
        {"GIT_INDEX_FILE": "{other}/.git/index", "GIT_PREFIX": "sub/"},
        {"GIT_NAMESPACE": "elsewhere"},
        {"GIT_REPLACE_REF_BASE": "refs/heads/"},
        {"GIT_CEILING_DIRECTORIES": "{here}"},
        {"GIT_CONFIG_PARAMETERS": "'core.bare'='nonsense'"},
        {"GIT_TRACE": "1", "GIT_TRACE2": "1"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_environment_does_not_lead_elsewhere(
    git_repo: Make, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    other, here = git_repo("other"), git_repo("here")
    other.commit("elsewhere")
    here.commit("here")
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(other=other.path, here=here.path))
    assert read_everything(opened(here.path)) == ["here"]


def test_settings_of_the_user_are_kept(
    git_repo: Make, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = git_repo()
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "explog.test")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "kept")
    assert run(here.path, "config", "explog.test") == b"kept\n"
    assert os.environ["GIT_CONFIG_GLOBAL"] == str(home / ".gitconfig")


def test_broken_repository_is_not_taken_for_the_one_around_it(git_repo: Make) -> None:
    outer = git_repo("outer")
    outer.commit("outer")
    broken = outer.path / "broken"
    (broken / ".git").mkdir(parents=True)
    for path in (broken, outer.path / "link"):
        if path != broken:
            path.symlink_to(broken)
        with pytest.raises(GitError) as caught:
            tips(opened(path))
        assert caught.value.code == "not-a-repository"
        assert str(path) in caught.value.message


def test_link_to_a_broken_repository_in_another_place(git_repo: Make, tmp_path: Path) -> None:
    outer = git_repo("outer")
    outer.commit("outer")
    broken = outer.path / "broken"
    (broken / ".git").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link"
    link.symlink_to(broken)
    with pytest.raises(GitError) as caught:
        tips(opened(link))
    assert caught.value.code == "not-a-repository"


def test_vanished_repository(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo()
    repo.commit("one")
    repository = opened(repo.path)
    repo.path.rename(tmp_path / "moved")
    with pytest.raises(GitError) as caught:
        tips(repository)
    assert caught.value.code == "not-a-repository"


def test_own_directory_gone(
    git_repo: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo()
    repo.commit("one")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    try:
        assert read_everything(opened(repo.path)) == ["one"]
    finally:
        monkeypatch.chdir(tmp_path)


def test_git_not_installed(git_repo: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = git_repo()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError) as caught:
        tips(opened(repo.path))
    assert caught.value.code == "no-git"
    with (
        pytest.raises(GitError, match="not installed"),
        stream(repo.path, "cat-file", "--batch", stdin=b""),
    ):
        pass


def test_error_says_what_git_said(git_repo: Make) -> None:
    repo = git_repo()
    with pytest.raises(ExplogError) as caught:
        run(repo.path, "rev-list", "--no-such-option")
    assert caught.value.code == "git-failed"
    assert "rev-list --no-such-option" in str(caught.value.data["command"])
    assert caught.value.data["status"] == 129
    with pytest.raises(GitError) as fatal:
        run(repo.path, "rev-list", "HEAD")
    assert fatal.value.message.startswith(f"{repo.path}: ambiguous argument 'HEAD'")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_repository_of_another_user_is_not_read(git_repo: Make, home: Path) -> None:
    repo = git_repo()
    repo.commit("theirs")
    subprocess.run(["chown", "-R", "12345:12345", repo.path], check=True)
    with pytest.raises(GitError) as caught:
        read_everything(opened(repo.path))
    assert caught.value.code == "dubious-ownership"
    assert "safe" not in (home / ".gitconfig").read_text()


PROGRAMS = {
    "log.showSignature": "true",
    "gpg.program": "{evil}",
    "gpg.ssh.program": "{evil}",
    "core.fsmonitor": "{evil}",
    "core.hooksPath": "{folder}",
    "core.sshCommand": "{evil}",
    "core.pager": "{evil}",
    "core.editor": "{evil}",
    "core.askPass": "{evil}",
    "core.gitProxy": "{evil}",
    "core.alternateRefsCommand": "{evil}",
    "credential.helper": "!{evil}",
    "diff.external": "{evil}",
    "pager.rev-list": "{evil}",
    "pager.cat-file": "{evil}",
    "pager.for-each-ref": "{evil}",
    "alias.rev-list": "!{evil}",
    "alias.cat-file": "!{evil}",
    "uploadpack.packObjectsHook": "{evil}",
    "filter.lfs.smudge": "{evil}",
    "filter.lfs.process": "{evil}",
    # A partial clone fetches what it lacks.
    "core.repositoryFormatVersion": "1",
    "extensions.partialClone": "origin",
    "remote.origin.promisor": "true",
    "remote.origin.partialCloneFilter": "tree:0",
    "remote.origin.uploadpack": "{evil}",
    "remote.origin.vcs": "evil",
}


@pytest.mark.parametrize("url", ["ssh://host/repo", "{server}", "file://{server}", "ext::{evil} x"])
def test_nothing_that_a_repository_names_is_executed(
    git_repo: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    sentinel, folder = tmp_path / "executed", tmp_path / "programs"
    folder.mkdir()
    evil = folder / "evil"
    evil.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{sentinel}'\nexit 1\n")
    evil.chmod(0o755)
    for name in ("post-index-change", "reference-transaction", "git-remote-evil", "pre-auto-gc"):
        (folder / name).symlink_to(evil)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    server, repo = git_repo("server"), git_repo()
    server.commit("on the server")
    repo.commit("one", file=".gitattributes", text="* diff=evil filter=lfs\n")
    repo.commit("two", file="code.py")
    write_object(repo, raw(repo, b"three", more=b"gpgsig -----BEGIN\n \n -----END\n"))
    for name, value in PROGRAMS.items():
        if name != "remote.origin.vcs" or url.startswith("ssh"):
            repo.run("config", "-f", ".git/config", name, value.format(evil=evil, folder=folder))
    where = url.format(server=server.path, evil=evil)
    repo.run("config", "-f", ".git/config", "remote.origin.url", where)
    sentinel.unlink(missing_ok=True)
    assert sorted(read_everything(opened(repo.path))) == ["one", "three", "two"]
    assert not sentinel.exists(), sentinel.read_text()
    # What is forbidden here is what git would do.
    asked = ["git", "-C", str(repo.path), "cat-file", "-e", "1" * 40]
    subprocess.run(asked, check=False, capture_output=True)
    assert sentinel.exists() or url.startswith("ext")


@pytest.mark.parametrize("without", ["GIT_NO_LAZY_FETCH", "GIT_ALLOW_PROTOCOL"])
def test_either_bar_to_fetching_is_enough(
    git_repo: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    """Older versions of git know the one only, and distributions have brought the other to some."""
    if without == "GIT_ALLOW_PROTOCOL" and not _knows_no_lazy_fetch():
        pytest.skip("this git does not know GIT_NO_LAZY_FETCH")
    repo = git_repo()
    repo.commit("one")
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch '{tmp_path}/executed'\nexit 1\n")
    evil.chmod(0o755)
    for name in (*(n for n in PROGRAMS if n.startswith(("core.rep", "ext"))), *_PROMISOR):
        value = (PROGRAMS | _PROMISOR)[name].format(evil=evil)
        repo.run("config", "-f", ".git/config", name, value)
    monkeypatch.delitem(funnel._ENVIRONMENT, without)
    assert read_everything(opened(repo.path)) == ["one"]
    assert not (tmp_path / "executed").exists()


_PROMISOR = {
    "core.sshCommand": "{evil}",
    "remote.origin.promisor": "true",
    "remote.origin.url": "ssh://host/repo",
}


def _knows_no_lazy_fetch() -> bool:
    said = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(part) for part in said.split()[2].split(".")[:3] if part.isdigit())
    return version >= (2, 45) or (2, 39, 4) <= version < (2, 40)


def test_complaints_of_git_do_not_hold_it_up(git_repo: Make) -> None:
    repo = git_repo()
    repo.commit("one")
    # Far more than a pipe holds, and before the first byte of output.
    with (
        pytest.raises(GitError),
        stream(repo.path, "rev-parse", *["--x"] * 10, "y" * 100_000, stdin=b"") as output,
    ):
        output.read()
    script = "!f() { yes complaint | head -c 1000000 >&2; echo done; }; f"
    with stream(repo.path, "-c", f"alias.much={script}", "much", stdin=b"") as output:
        assert output.read() == b"done\n"


def test_reader_that_stops_early_leaves_no_process(git_repo: Make) -> None:
    repo = git_repo()
    oids = [repo.commit(f"{n} " + "x" * 100_000) for n in range(20)]
    for _commit in read_commits(opened(repo.path), oids):
        break
    found = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "cat-file" not in found.stdout


def test_scrub_takes_no_variable_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "kept")
    monkeypatch.setenv("GIT_DIR", "/gone")
    funnel._scrub()
    assert os.environ["GITHUB_TOKEN"] == "kept"
    assert "GIT_DIR" not in os.environ
