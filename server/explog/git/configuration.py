"""What git's configuration says in a repository."""

from __future__ import annotations

from explog.git.repository import Repository
from explog.git.run import GitError, run


def configured(repository: Repository, name: str) -> str | None:
    """Return the value of the setting NAME, such as `user.email`; None if there is none."""
    try:
        value = run(repository.path, "config", "--get", name)
    except GitError:
        return None
    return value.decode("utf-8", "replace").rstrip("\n")
