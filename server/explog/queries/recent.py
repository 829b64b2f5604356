"""What was worked on last in a repository: the references of its newest commits."""

from __future__ import annotations

from pathlib import Path

from explog.git.configuration import configured
from explog.git.repository import repository_around
from explog.index.commits import IS_EXPERIMENT, find_repository
from explog.index.database import Index
from explog.refs import Place, Reference, parse_step

# How many of the newest claims are looked at to find one's own among those of others.
_MOST_CLAIMS = 500


def recent(index: Index, folder: Path, most: int) -> list[Reference]:
    """Return up to MOST references that were committed last in the repository around FOLDER.

    FOLDER may also be in its `.git`, as a commit's message is. Each reference is returned once, the
    newest first; those of whoever commits there come before those of others. None is returned where
    FOLDER is in no repository of the index.
    """
    repository = repository_around(folder)
    record = repository and find_repository(index, str(repository.common_dir))
    if not repository or not record:
        return []
    claims = _newest_claims(index, record.id)
    own = configured(repository, "user.email")
    claims.sort(key=lambda claim: claim[0] != own)  # stable: otherwise the order stays
    return list(dict.fromkeys(reference for _email, reference in claims))[:most]


def _newest_claims(index: Index, repository: int) -> list[tuple[str, Reference]]:
    """Return (author's address, reference) of the newest claims in a repository."""
    # A stamp grows with the date, and has an index: the newest are found without sorting all.
    rows = index.read(
        "SELECT email, experiment, step FROM commits JOIN claims ON commit_id = commits.id"
        f" WHERE repository = ? AND place < ? AND {IS_EXPERIMENT}"
        " ORDER BY stamp DESC, place, step LIMIT ?",
        repository,
        Place.MENTION,
        _MOST_CLAIMS,
    )
    return [(email, Reference(ident, parse_step(step))) for email, ident, step in rows]
