"""Every method and command, over a repository that names a program wherever git may run one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from explog.config import Root, Settings
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.rpc.arguments import FileName
from explog.rpc.client import Client
from support.calls import REGISTRY, call
from support.repo import GitRepo

PLUMBING = {
    *("cat-file", "config", "diff-tree", "for-each-ref", "merge-base", "name-rev", "patch-id"),
    *("rev-list", "version", "--version"),
}
COMMANDS = sorted(PLUMBING - {"--version", "version"})

# Setting: program. A program is a link to the canary, by the name of which one sees what sang.
SETTINGS = {
    "core.fsmonitor": "fsmonitor",
    "core.hooksPath": "",
    "diff.external": "external-diff",
    "diff.evil.command": "diff-driver",
    "diff.evil.textconv": "textconv",
    "filter.evil.clean": "clean",
    "filter.evil.smudge": "smudge",
    "merge.evil.driver": "merge-driver",
    "gpg.program": "gpg",
    "gpg.ssh.program": "gpg-ssh",
    "core.pager": "pager",
    **{f"pager.{command}": "pager" for command in COMMANDS},
    **{f"alias.{command}": "!alias" for command in COMMANDS},
    "core.editor": "editor",
    "sequence.editor": "editor",
    "core.askPass": "ask-pass",
    "core.sshCommand": "ssh",
    "core.gitProxy": "proxy",
    "core.alternateRefsCommand": "alternate-refs",
    "credential.helper": "!credential",
    "uploadpack.packObjectsHook": "pack-objects",
    "remote.origin.uploadpack": "upload-pack",
    "submodule.evil.update": "!submodule",
    "trailer.evil.command": "trailer",
}
PLAIN = {
    "log.showSignature": "true",
    "protocol.allow": "always",
    "submodule.recurse": "true",
    "gc.auto": "1",
    "maintenance.auto": "true",
    "remote.origin.promisor": "true",
    "remote.origin.url": "ssh://host/repo",
}
HOOKS = ["post-index-change", "reference-transaction", "pre-auto-gc", "post-checkout", "pre-commit"]
# What git itself makes sing, so that a canary that cannot is noticed.
CONTROLS = {
    "fsmonitor": ["status"],
    "external-diff": ["diff", "HEAD~3", "HEAD", "--", "plain.txt"],
    "diff-driver": ["diff", "HEAD~3", "HEAD", "--", "log.org"],
    "textconv": ["diff", "--no-ext-diff", "HEAD~3", "HEAD"],
    "clean": ["hash-object", "--path=new.txt", "new.txt"],
    "smudge": ["cat-file", "--filters", "HEAD:log.org"],
    "gpg": ["log", "-1", "signed"],
    "ssh": ["-c", "protocol.ssh.allow=always", "fetch", "origin"],
    "credential": ["credential", "fill"],
    "pre-commit": ["-c", "core.fsmonitor=false", "commit", "--allow-empty", "-m", "x"],
}


class Cage:
    """A repository with canaries, and what sang and which commands of git were run."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.song, self.runs = folder / "song", folder / "runs"
        canary = folder / "canary"
        canary.write_text(f'#!/bin/sh\nbasename "$0" >> {self.song}\nexit 1\n')
        shim = folder / "bin/git"
        shim.parent.mkdir()
        shim.write_text(f'#!/bin/sh\necho "$@" >> {self.runs}\nexec {shutil.which("git")} "$@"\n')
        for path in (canary, shim):
            path.chmod(0o755)
        names = {name.strip("!") for name in SETTINGS.values()} - {""}
        for name in (*names, *HOOKS):
            (self.programs / name).symlink_to(canary)
        self.shim = shim
        self.repo = GitRepo(folder / "repo")
        self._fill()

    def _fill(self) -> None:
        repo = self.repo
        repo.write(".gitattributes", "*.org diff=evil filter=evil\nnew.txt filter=evil\n")
        repo.write("plain.txt", "one\n")
        repo.commit("start", file="log.org", text="* x\n")
        lost = repo.commit("Tune it", file="plain.txt", text="two\n")
        repo.run("commit", "-q", "--amend", "-m", "Tune it anew")
        self.results = repo.commit("[e1.1] Results", file="log.org", text="* y\n")
        repo.commit("[e1.2] Results")
        kept = repo.commit("[e1.9] Try")
        repo.run("reset", "-q", "--hard", "HEAD~1")
        repo.run("tag", "kept", kept)
        raw = repo.run("cat-file", "commit", "HEAD")
        signed = raw.replace("\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n\n", 1)
        oid = repo.run("hash-object", "-w", "-t", "commit", "--stdin", stdin=signed + "\n")
        repo.run("update-ref", "refs/heads/signed", oid)
        self.log = repo.write(
            "log.org",
            "* TODO [1] x :exp:\n** Experiments\n"
            f"1. [ ] a\n2. [ ] b\n3. [ ] c ({lost[:7]})\n\nSee commit {kept[:7]}.\n",
        )
        repo.write("new.txt", "new\n")

    def set_up(self) -> None:
        """Put the canaries in their places."""
        for name, program in SETTINGS.items():
            bang, path = "!" * program.startswith("!"), self.programs / program.strip("!")
            self.repo.run("config", name, f"{bang}{path}")
        for name, value in PLAIN.items():
            self.repo.run("config", name, value)
        # The extension of the index that makes whoever reads it ask the monitor.
        self._git("-c", f"core.hooksPath={os.devnull}", "update-index", "--fsmonitor")
        self.song.unlink(missing_ok=True)

    def sang(self) -> set[str]:
        """Return the canaries that sang since they were asked last."""
        found = set(self.song.read_text().split()) if self.song.exists() else set()
        self.song.unlink(missing_ok=True)
        return found

    def control(self, *command: str) -> set[str]:
        """Return the canaries that sing when git runs COMMAND."""
        self._git(*command)
        return self.sang()

    def _git(self, *command: str) -> None:
        subprocess.run(
            [shutil.which("git") or "git", *command],
            cwd=self.repo.path,
            check=False,
            capture_output=True,
            input=b"protocol=https\nhost=example.org\n\n",
        )


@pytest.fixture
def cage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cage:
    made = Cage(tmp_path)
    made.set_up()
    monkeypatch.setenv("PATH", f"{made.shim.parent}:{os.environ['PATH']}")
    return made


@pytest.fixture
def daemon(cage: Cage, tmp_path: Path) -> Iterator[Daemon]:
    one = Daemon(background=False)
    settings = Settings(
        index=tmp_path / "index.sqlite",
        logs=(str(cage.log),),
        repositories=(Root(cage.repo.path),),
    )
    one.configure(settings, 4e9)  # nothing is new, and so nothing is placed before it is asked for
    one.look()
    yield one
    one.close()


def useful(cage: Cage, plan: int) -> dict[str, list[object]]:
    """Return arguments with which methods have something to do, by the names of these."""
    return {
        "experiments-of-file": [str(cage.repo.path / "plain.txt")],
        "recent": [str(cage.repo.path)],
        "find-commit": [cage.results],
        "sheets": [plan, 0, 10],
        "unplaced": [plan, 0, 10],
        "sheet": [plan, [0]],
        "apply": [plan, [0]],
    }


def any_arguments(cage: Cage, name: str) -> list[object]:
    """Return arguments of the types that the method NAME takes."""
    values: dict[Any, object] = {str: "1", FileName: str(cage.log), int: 1, bool: True}
    values[list[str]] = ["1"]
    parameters = REGISTRY.find(name).parameters
    return [values.get(one.annotation, []) for one in parameters]


def test_no_method_runs_a_program_that_a_repository_names(cage: Cage, daemon: Daemon) -> None:
    client = Client(lambda *_: None)
    names = [method.name for method in REGISTRY if method.name != "apply"]
    for name in (*names, "apply"):  # after which there is less to do for the others
        given = useful(cage, call(daemon, client, "plan")[0])
        if name in given:
            call(daemon, client, name, *given[name])
        else:
            with suppress(ExplogError):
                call(daemon, client, name, *any_arguments(cage, name))
        assert cage.sang() == set(), name
    assert f"1. [X] a ({cage.results[:7]})" in cage.log.read_text()
    check_runs(cage, {"rev-list", "cat-file", "for-each-ref", "diff-tree", "config", "patch-id"})


@pytest.mark.parametrize(
    "command",
    [["index"], ["search", "x"], ["backfill", "--write"], ["check", "--hashes"], ["doctor"]],
    ids=lambda command: command[0],
)
def test_no_command_runs_a_program_that_a_repository_names(cage: Cage, command: list[str]) -> None:
    options = ["--log", str(cage.log), "--repo", str(cage.repo.path)]
    done = subprocess.run(
        [sys.executable, "-m", "explog", *command, *options],
        cwd=cage.repo.path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1), done.stderr
    assert cage.sang() == set()
    check_runs(cage, {"name-rev"} if command[0] == "check" else set())


def check_runs(cage: Cage, at_least: set[str]) -> None:
    """Check that all commands of git were plumbing, and went through the funnel."""
    seen = set()
    for line in cage.runs.read_text().splitlines():
        words = line.split()
        if words != ["version"]:  # GitPython's
            assert {"core.fsmonitor=false", "--no-pager"} <= set(words), line
            seen.add(next(word for word in words if word in PLUMBING))
    assert at_least <= seen


@pytest.mark.parametrize("name", CONTROLS)
def test_the_canaries_can_sing(cage: Cage, name: str) -> None:
    assert name in cage.control(*CONTROLS[name])
