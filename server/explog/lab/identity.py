"""What a repository is to the group: its address without what differs from clone to clone."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from explog.git.changes import commit_tips
from explog.git.remotes import shown_remote
from explog.git.repository import Repository
from explog.git.run import one_a_line, run

_SCP = re.compile(r"(?:[^@/\s]+@)?(?P<host>\[[^\]\s]+\]|[^/:\s@]+):(?P<path>[^\s].*)")


class Project(NamedTuple):
    """Clones of one project have the same `url` and a root commit in common.

    `url` is empty for what has no remote: that stays its owner's.
    """

    url: str
    roots: tuple[str, ...]
    name: str


def url_of(repository: Repository) -> str:
    """Return the normalised address of the remote of REPOSITORY; empty if it has none."""
    remote = shown_remote(repository)
    return normalised(remote.url, repository) if remote is not None else ""


def roots(repository: Repository, tips: Sequence[str]) -> tuple[str, ...]:
    """Return the root commits that TIPS reach; raise GitError."""
    if not commit_tips(tips):
        return ()
    given = one_a_line(commit_tips(tips))
    listed = run(repository.path, "rev-list", "--max-parents=0", "--stdin", stdin=given)
    return tuple(sorted(listed.decode("ascii").split()))


def normalised(url: str, repository: Repository | None = None) -> str:
    """Return URL as `host/path`, however it is written, without a user's name and password.

    A path of this machine's begins with a slash; a relative one begins at REPOSITORY.
    """
    if "://" in url:
        try:
            parts = urlsplit(url)
            port = f":{parts.port}" if parts.port not in (None, 22, 80, 443) else ""
        except ValueError:
            return ""
        host, path = f"{parts.hostname or ''}{port}", unquote(parts.path)
    elif match := _SCP.fullmatch(url):
        host, path = match["host"].strip("[]").lower(), match["path"]
    elif url:
        host, path = "", os.path.join(repository.path if repository else "", url)
    else:
        return ""
    if not host:
        return _without_end(os.path.realpath(path))
    path = _without_end(re.sub("/{2,}", "/", path)).strip("/")
    return f"{host}/{path}" if path else ""


def _without_end(path: str) -> str:
    return path.rstrip("/").removesuffix("/.git").removesuffix(".git")
