"""Find commits that no branch reaches and a repository still has: a ref keeps them, or git has not
pruned them yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from explog.errors import ExplogError
from explog.git.keeping import keeping_refs
from explog.git.repository import Repository, resolve_hashes
from explog.index.commits import all_repositories
from explog.index.database import Index


@dataclass(frozen=True, slots=True)
class Living:
    """A commit that no branch reaches, and the repositories that have it. `oid` is its full id.

    `ref` is what keeps it there, such as `refs/tags/v1`; None if nothing does.
    """

    oid: str
    ref: str | None
    repositories: tuple[str, ...]


def off_branches(index: Index, hashes: Iterable[str]) -> dict[str, Living]:
    """Return {hash: its commit} for those of HASHES whose object a repository has.

    HASHES are abbreviations of commits that no branch reaches. A commit that a ref keeps in one
    repository counts as kept.
    """
    wanted = list(dict.fromkeys(hashes))
    found: dict[str, Living] = {}
    for record in all_repositories(index) if wanted else ():
        repository = Repository(Path(record.path), Path(record.common_dir))
        for one, living in _in_repository(repository, wanted):
            known = found.setdefault(one, living)
            if known is not living and (known.ref is None) == (living.ref is None):
                both = (*known.repositories, *living.repositories)
                found[one] = Living(known.oid, known.ref, both)
            elif known.ref is None and living.ref is not None:
                found[one] = living
    return found


def _in_repository(repository: Repository, hashes: Sequence[str]) -> list[tuple[str, Living]]:
    try:
        oids = resolve_hashes(repository, hashes)
        refs = keeping_refs(repository, oids.values())
    except ExplogError:
        return []  # sync reports a repository that cannot be read
    where = (str(repository.path),)
    return [(one, Living(oid, refs.get(oid), where)) for one, oid in oids.items()]


def kept_hashes(index: Index, hashes: Iterable[str]) -> set[str]:
    """Return those of HASHES that no branch reaches, but another ref does: they are not dead."""
    living = off_branches(index, hashes)
    return {one for one, found in living.items() if found.ref is not None}
