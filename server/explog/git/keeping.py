"""Which ref keeps a commit that no branch reaches: a tag, a stash, a ref of jj, and so on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from explog.git.repository import Repository, head_names, resolve
from explog.git.run import GitError, one_a_line, run

ANOTHER_REF = "another ref"
# So many commits git is asked about at once, as they are named in the command.
_AT_ONCE = 500
_WAY = re.compile(r"[~^].*")  # from the ref to the commit: `v1~3^2`


def keeping_refs(repository: Repository, oids: Iterable[str]) -> dict[str, str]:
    """Return {commit: a ref that reaches it}, `refs/tags/v1`, for those of OIDS that one reaches.

    Where git finds no name for it, as for a HEAD, that is `another ref`.
    """
    wanted = list(dict.fromkeys(oids))
    lost = unreached(repository, wanted)
    kept = [oid for oid in wanted if oid not in lost]
    # git leaves out what all names of refs begin with, and for branches more than that.
    refs = {oid: f"refs/{_WAY.sub('', name)}" for oid, name in _names(repository, kept)}
    real = resolve(repository, (f"{ref}^{{commit}}" for ref in refs.values()))
    return {
        oid: ref if f"{ref}^{{commit}}" in real else ANOTHER_REF
        for oid, ref in ((oid, refs.get(oid, ANOTHER_REF)) for oid in kept)
    }


def _names(repository: Repository, oids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (commit, its name) for OIDS, as far as git tells: `tags/v1~3`, `jj/keep/83d45cd`."""
    for start in range(0, len(oids), _AT_ONCE):
        some = oids[start : start + _AT_ONCE]
        try:
            output = run(repository.path, "name-rev", "--name-only", *some)
        except GitError:  # as where a ref is broken
            continue
        yield from zip(some, output.decode("utf-8", "replace").split("\n"), strict=False)


def unreached(repository: Repository, oids: Iterable[str]) -> set[str]:
    """Return those of the commits OIDS that no ref of any kind reaches: no branch, no tag."""
    wanted = set(oids)
    if not wanted:
        return set()
    listed = run(repository.path, "for-each-ref", "--format=%(objectname)^{commit}")
    refs = resolve(repository, [*listed.decode("ascii").split(), *head_names(repository)])
    # From the refs, not from OIDS: what led to those may be pruned, where git gives up.
    output = run(repository.path, "rev-list", "--stdin", stdin=one_a_line(set(refs.values())))
    return wanted.difference(output.decode("ascii").split())
