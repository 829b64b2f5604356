"""Small real git repositories for the tests, made with git itself."""

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

NAME = "Ada Tester"
EMAIL = "ada@example.org"
FIRST_COMMIT = datetime(2024, 1, 1, tzinfo=UTC)
CONFIG = f"""\
[user]
	name = {NAME}
	email = {EMAIL}
[init]
	defaultBranch = main
[commit]
	gpgSign = false
[core]
	fsync = none
[gc]
	auto = 0
[maintenance]
	auto = false
[advice]
	detachedHead = false
[protocol "file"]
	allow = always
"""

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class GitRepo:
    """A repository in a folder of its own, whose commits get the same hashes in every run.

    The clock starts at 2024-01-01 and goes on by a minute for each commit and each `run`; a date
    that a test gives sets it.
    """

    def __init__(self, path: Path, *init: str) -> None:
        """Make the folder `path` and in it a repository, by `git init` with the options `init`."""
        self.path = path
        self._now = FIRST_COMMIT
        path.mkdir(parents=True)
        self._git("init", "--quiet", *init)

    @property
    def now(self) -> datetime:
        """The time of the last commit or command."""
        return self._now

    def run(self, *args: str, stdin: str | None = None, **env: str) -> str:
        """Run git with `args` and `env` and return what it prints, without the last newline.

        What it commits is a minute younger than all before. Raises AssertionError with git's own
        words if it fails.
        """
        self._now += timedelta(minutes=1)
        return self._git(*args, stdin=stdin, **env)

    def commit(
        self,
        message: str,
        *,
        date: datetime | None = None,
        file: str | None = None,
        text: str | None = None,
        author: str | None = None,
    ) -> str:
        """Commit `message` and return the full hash.

        With `file`, that file of the work tree is written first: `text`, or the message again.
        Without, the commit is what is in the index, or empty. `author` is "Name <address>".
        """
        if file is not None:
            self.write(file, f"{message}\n" if text is None else text)
        options = ["--quiet", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim"]
        if author is not None:
            options.append(f"--author={author}")
        self._commit(message, date, *options)
        return self.head

    def amend(
        self, message: str | None = None, *, date: datetime | None = None, file: str | None = None
    ) -> str:
        """Amend the last commit and return its new full hash; the author's date stays."""
        if file is not None:
            self.write(file, f"amended {self._now}\n")
        text = self._git("log", "-1", "--format=%B") if message is None else message
        self._commit(text, date, "--quiet", "--amend", "--allow-empty")
        return self.head

    def branch(self, name: str, at: str = "HEAD") -> None:
        """Make branch `name` at the revision `at`, and switch to it."""
        self._git("switch", "--quiet", "--create", name, at)

    def switch(self, name: str) -> None:
        """Switch to branch `name`."""
        self._git("switch", "--quiet", name)

    def write(self, file: str, text: str) -> Path:
        """Write `text` into `file` of the work tree, put it into the index, return its path."""
        path = self.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        self._git("add", "--", file)
        return path

    @property
    def head(self) -> str:
        """The full hash of HEAD."""
        return self._loose_head() or self._git("rev-parse", "HEAD")

    def _loose_head(self) -> str | None:
        """Return the hash of HEAD if a file of its own has it, which saves a process."""
        folder = self.path / ".git"
        try:
            head = (folder / "HEAD").read_text(encoding="utf-8").strip()
            if head.startswith("ref: "):
                head = (folder / head.removeprefix("ref: ")).read_text(encoding="utf-8").strip()
        except OSError:  # packed, or in a reftable, or of a linked worktree
            return None
        return head if _HASH.fullmatch(head) else None

    def _git(self, *args: str, stdin: str | None = None, **env: str) -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=self.path,
            env=os.environ | self._dates(self._now) | env,
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"git {args} in {self.path}: {done.stdout}{done.stderr}")
        return done.stdout.removesuffix("\n")

    def _commit(self, message: str, date: datetime | None, *options: str) -> None:
        self._now = date if date is not None else self._now + timedelta(minutes=1)
        self._git("commit", *options, "--file=-", stdin=message)

    @staticmethod
    def _dates(now: datetime) -> dict[str, str]:
        stamp = now.isoformat()
        return {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
