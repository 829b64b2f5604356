"""The page of a commit on the web, worked out from the address of a remote."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

_SCP = re.compile(r"(?:[^@/\s]+@)?(?P<host>[A-Za-z0-9.-]+):(?!//)(?P<path>[^\s].*)")
# What stands between a repository's page and a commit's id, by a part of the host's name.
_WAYS = (
    ("github", "commit"),
    ("gitlab", "-/commit"),
    ("bitbucket", "commits"),
    ("sr.ht", "commit"),
    ("codeberg", "commit"),
    ("gitea", "commit"),
    ("forgejo", "commit"),
)


def commit_page(remote: str, oid: str) -> str | None:
    """Return the address of the page of commit OID, or None where the forge is not known.

    REMOTE is the address that git fetches from; a name and a password in it are left out.
    """
    place = _place(remote)
    if place is None:
        return None
    host, path = place
    for part, way in _WAYS:
        if part in host:
            return f"https://{host}/{quote(path, safe='/~')}/{way}/{oid}"
    return None


def _place(remote: str) -> tuple[str, str] | None:
    """Return the host and the path of REMOTE, or None if it is no address on the net."""
    if "://" in remote:
        try:
            parts = urlsplit(remote)
        except ValueError:
            return None
        if parts.scheme not in ("https", "http", "ssh", "git", "git+ssh") or not parts.hostname:
            return None
        web = parts.scheme in ("https", "http")
        host = parts.netloc.rpartition("@")[2].lower() if web else parts.hostname
        path = parts.path
    elif match := _SCP.fullmatch(remote):
        host, path = match["host"].lower(), match["path"]
    else:
        return None
    path = path.strip("/").removesuffix(".git")
    return (host, path) if path and "." in host else None
