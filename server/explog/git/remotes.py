"""What a repository says of its remotes: their addresses, and what was not pushed to them."""

from __future__ import annotations

from typing import NamedTuple

from explog.git.repository import Repository
from explog.git.run import GitError, run


class Remote(NamedTuple):
    """The remote that commits are shown at.

    `commit` is the address of a commit's page, with `%r` for its id, where the user configured one
    for orgit, the package for links to git.
    """

    url: str
    commit: str | None = None


def shown_remote(repository: Repository) -> Remote | None:
    """Return the remote of REPOSITORY that commits are shown at; None if it has none.

    That is the one that `orgit.remote` names, else origin, else the first.
    """
    try:
        listed = run(repository.path, "config", "-z", "--get-regexp", r"^(remote\..*\.url|orgit\.)")
    except GitError:  # as where nothing matches
        return None
    pairs = [item.partition("\n") for item in listed.decode("utf-8", "replace").split("\0")]
    values = {name: value for name, _end, value in reversed(pairs)}  # the first address counts
    urls = {
        name.removeprefix("remote.").removesuffix(".url"): value
        for name, _end, value in pairs
        if name.startswith("remote.")
    }
    commit = values.get("orgit.commit")
    for name in (values.get("orgit.remote", ""), "origin", *urls):
        if name in urls:
            return Remote(urls[name], commit)
    return Remote("", commit) if commit else None


def unpushed(repository: Repository) -> set[str] | None:
    """Return the commits that a branch or HEAD reaches and no remote-tracking branch does.

    None if there is no remote-tracking branch. Raises GitError.
    """
    if not run(repository.path, "for-each-ref", "--count=1", "refs/remotes"):
        return None
    listed = run(
        repository.path, "rev-list", "--branches", "HEAD", "--ignore-missing", "--not", "--remotes"
    )
    return set(listed.decode("ascii").split())
