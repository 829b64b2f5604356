"""Commits before and after a run: the user's own, with her hooks, or none and a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.repo import NAME, GitRepo
from support.runs import explog_run, only_run, record_of

Make = Callable[..., GitRepo]
WRITE = ["sh", "-c", "echo 0.9 > acc"]


@pytest.fixture
def repo(git_repo: Make) -> GitRepo:
    made = git_repo()
    made.commit("Start", file="train.py", text="one\n")
    made.commit("More", file="other", text="one\n")
    return made


def subjects(repo: GitRepo) -> list[str]:
    return repo.run("log", "--format=%s").split("\n")


def commit_run(repo: GitRepo, *words: str) -> str:
    """Make a run with commits, whose output is `acc`; return what it said."""
    done = explog_run(
        "e1.1", "--commit", "--out", "acc", "--title", "try it", *words, cwd=repo.path
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stderr.decode()


def test_before_and_after(repo: GitRepo) -> None:
    (repo.path / "train.py").write_text("two\n")
    (repo.path / "new").write_text("untracked\n")
    said = commit_run(repo, "--", *WRITE)
    assert subjects(repo)[:2] == ["[e1.1] Results- try it", "[e1.1] Before- try it"]
    assert repo.run("show", "--format=", "--name-only", "HEAD^") == "train.py"
    assert repo.run("show", "--format=", "--name-only", "HEAD") == "acc"
    run = only_run(repo.path).name
    body = repo.run("log", "-1", "--format=%b").split("\n")
    assert body[0] == "Command: sh -c 'echo 0.9 > acc'"
    assert body[1].startswith(f"Run: {run} in 0:0")
    assert repo.run("log", "-1", "--format=%an") == NAME
    record = record_of(repo.path)
    assert record["head"] == repo.run("rev-parse", "HEAD^")
    assert record["head_after"] == repo.head
    assert "1 output committed" in said


def test_nothing_to_commit_before(repo: GitRepo) -> None:
    commit_run(repo, "--", *WRITE)
    assert subjects(repo) == ["[e1.1] Results- try it", "More", "Start"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 1", ""),
        ("true", "no output is there"),
        ("git checkout -q -b elsewhere; echo > acc", "HEAD is on elsewhere now, and was on main"),
        ("echo > acc; echo > other; git add other", "the index has staged changes"),
        ("echo acc > .git/info/exclude; echo > acc", "git add ended with status 1"),
        (
            "echo > acc; echo exit 1 > .git/hooks/pre-commit; chmod +x .git/hooks/*",
            "git commit ended",
        ),
    ],
)
def test_no_commit_and_why(script: str, said: str, repo: GitRepo) -> None:
    (repo.path / ".git/hooks").mkdir(exist_ok=True)
    printed = commit_run(repo, "--", "sh", "-c", script)
    assert "Results" not in subjects(repo)[0]
    assert said in printed
    assert ("explog run --finish" in printed) == bool(said)
    # What was staged, by the user or by the training, stays as it was.
    staged = repo.run("diff", "--cached", "--name-only")
    assert staged == ("other" if "add other" in script else "")


def test_an_output_that_did_not_change(repo: GitRepo) -> None:
    repo.commit("Old", file="acc", text="0.9\n")
    assert "no output has changed" in commit_run(repo, "--", *WRITE)
    assert subjects(repo)[0] == "Old"


def test_without_an_output(repo: GitRepo) -> None:
    done = explog_run("e1.1", "--commit", "--", "true", cwd=repo.path)
    assert "no output was named; use --out" in done.stderr.decode()
    assert subjects(repo)[0] == "More"


def test_hooks_of_the_user_run(repo: GitRepo) -> None:
    hook = repo.path / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\necho "Checked-by: hook" >> "$1"\n')
    hook.chmod(0o755)
    commit_run(repo, "--", *WRITE)
    assert "Checked-by: hook" in repo.run("log", "-1", "--format=%b")


def test_a_hook_that_refuses_does_not_stop_the_run(repo: GitRepo) -> None:
    hook = repo.path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    (repo.path / "train.py").write_text("two\n")
    said = commit_run(repo, "--", *WRITE)
    assert "no commit before the run" in said
    record = record_of(repo.path)
    assert record["state"] == "ok"
    assert repo.run("show", f"{record['snapshot']}:train.py") == "two"


def test_later(repo: GitRepo) -> None:
    commit_run(repo, "--", "sh", "-c", "echo > acc; git checkout -q -b elsewhere")
    done = explog_run("--finish", "e1.1", cwd=repo.path)
    assert (done.returncode, subjects(repo)[0]) == (2, "More")
    repo.switch("main")
    done = explog_run("--finish", "e1.1", cwd=repo.path)
    assert done.returncode == 0, done.stderr
    assert subjects(repo)[0] == "[e1.1] Results- try it"
    assert record_of(repo.path)["head_after"] == repo.head


def test_outputs_are_named_from_where_one_is(repo: GitRepo, tmp_path: Path) -> None:
    (repo.path / "sub").mkdir()
    options = ("e1", "--commit", "--out", "acc", "--out", "../top")
    done = explog_run(
        *options, "--", "sh", "-c", "echo > acc; echo > ../top", cwd=repo.path / "sub"
    )
    assert done.returncode == 0
    assert repo.run("show", "--format=", "--name-only", "HEAD").split() == ["sub/acc", "top"]
    assert tmp_path.exists()
