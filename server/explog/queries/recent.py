"""What was worked on last in a repository: the references of its newest commits."""

from __future__ import annotations

from pathlib import Path

from explog.git.repository import Repository, repository_around
from explog.git.run import GitError, run
from explog.index.store import Store
from explog.refs import Reference

# How far back it is looked for commits of one's own among those of others.
MOST_CLAIMS = 500


def recent(store: Store, folder: Path, most: int) -> list[Reference]:
    """Return the MOST references that were committed last in the repository around FOLDER.

    FOLDER may also be in its `.git`, as a commit's message is. Each reference is there once, the
    newest first; those of whoever commits there come before those of others. There is none where
    FOLDER is in no repository of the index.
    """
    repository = repository_around(folder)
    record = repository and store.repository(str(repository.common_dir))
    if not repository or not record:
        return []
    claims = store.recent_claims(record.id, MOST_CLAIMS)
    own = _email(repository)
    claims.sort(key=lambda claim: claim[0] != own)  # stable: otherwise the order stays
    return list(dict.fromkeys(Reference(ident, step) for _, ident, step in claims))[:most]


def _email(repository: Repository) -> str | None:
    """Return the address under which commits are made in REPOSITORY, if it is configured."""
    try:
        value = run(repository.path, "config", "--get", "user.email")
    except GitError:
        return None
    return value.decode("utf-8", "replace").rstrip("\n")
