"""Commit objects byte by byte, as no git command would make them."""

import subprocess
from pathlib import Path

from explog.git.repository import Repository, open_repository
from explog.git.signature import signature
from support.repo import GitRepo
from support.waiting import wait_until


def opened(path: Path) -> Repository:
    repository = open_repository(path)
    assert repository is not None
    return repository


def settled(repository: Repository) -> str:
    """Return the signature once it is no longer racy."""
    wait_until(lambda: signature(repository) is not None, "a signature")
    stamp = signature(repository)
    assert stamp is not None
    return stamp


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
