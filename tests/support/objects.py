"""Commit objects byte by byte, as no git command would make them."""

import subprocess
import time
from pathlib import Path

from explog.git.repository import Repository, open_repository, signature
from support.repo import GitRepo


def opened(path: Path) -> Repository:
    repository = open_repository(path)
    assert repository is not None
    return repository


def settled(repository: Repository) -> str:
    """Return the signature once it is no longer racy."""
    for _ in range(100):
        stamp = signature(repository)
        if stamp is not None:
            return stamp
        time.sleep(0.02)
    raise AssertionError("the signature stays racy")


def write_object(repo: GitRepo, data: bytes, branch: str = "odd") -> str:
    """Put a raw commit object into the repository and a branch on it; return its id."""
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        cwd=repo.path,
        input=data,
        capture_output=True,
        check=True,
    )
    oid = done.stdout.decode().strip()
    (repo.path / ".git/refs/heads" / branch).write_text(f"{oid}\n")
    return oid


def raw(
    repo: GitRepo, message: bytes, *, author: bytes = b"A <a@b> 5 +0000", more: bytes = b""
) -> bytes:
    tree = repo.run("mktree", stdin="").encode()
    return (
        b"tree "
        + tree
        + b"\nauthor "
        + author
        + b"\ncommitter C <c@d> 7 +0100\n"
        + more
        + b"\n"
        + message
    )
