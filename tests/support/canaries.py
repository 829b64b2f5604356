"""A repository that names a program wherever git may run one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from support.repo import GitRepo

PLUMBING = {
    *("cat-file", "config", "diff-tree", "for-each-ref", "merge-base", "name-rev", "patch-id"),
    *("rev-list", "version", "--version"),
    # Runs read the worktree, and write objects, refs and worktrees of their own.
    *("check-attr", "commit-tree", "hash-object", "ls-files", "rev-parse", "status"),
    *("update-index", "update-ref", "worktree", "write-tree"),
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
        repo.write(
            ".gitattributes",
            "*.org diff=evil filter=evil\nnew.txt filter=evil\n*.json diff=evil filter=evil\n",
        )
        repo.write("params.json", '{"lr": 1}')
        repo.write("plain.txt", "one\n")
        repo.commit("start", file="log.org", text="* x\n")
        lost = repo.commit("Tune it", file="plain.txt", text="two\n")
        repo.run("commit", "-q", "--amend", "-m", "Tune it anew")
        repo.write("metrics.json", '{"acc": 1}')
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
