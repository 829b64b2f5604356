"""The repositories of the end-to-end tests: made by git alone, looked at past Emacs."""

from __future__ import annotations

from pathlib import Path

from support.repo import GitRepo

#: The file that tests change where it matters not which.
FILE = "results.txt"


class Repository(GitRepo):
    """A repository with one commit, on branch main."""

    def __init__(self, path: Path) -> None:
        """Make it in the folder PATH, with an identity that does not depend on any home."""
        super().__init__(path, "--initial-branch=main")
        self.run("config", "user.name", "Ada Tester")
        self.run("config", "user.email", "ada@example.org")
        self.commit("Start", file=FILE)

    def edit(self, file: str = FILE, text: str = "one more\n") -> Path:
        """Append TEXT to FILE in the work tree, unstaged; return its path."""
        path = self.path / file
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
        return path

    def message(self, revision: str = "HEAD") -> str:
        """Return the message of REVISION."""
        return self.run("log", "-1", "--format=%B", revision).rstrip("\n")

    def subjects(self, revision: str = "HEAD") -> list[str]:
        """Return the subjects from REVISION back to the first commit."""
        return self.run("log", "--format=%s", "--topo-order", revision).splitlines()

    def show(self, revision: str, file: str = FILE) -> str:
        """Return the text of FILE in REVISION."""
        return self.run("show", f"{revision}:{file}")
