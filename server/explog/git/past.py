"""A file as it was committed before some time."""

from __future__ import annotations

from explog.git.repository import Repository
from explog.git.run import GitError, run


def file_before(repository: Repository, name: str, time: float) -> bytes | None:
    """Return the file NAME as HEAD's first parents had it at TIME, in seconds since 1970.

    NAME counts from the root of the work tree. None if it was not there then. Raises GitError.
    """
    if "\n" in name or name.startswith("../"):
        return None
    newest = ("-1", "--first-parent", f"--min-age={int(time)}")
    try:
        found = run(repository.path, "rev-list", *newest, "HEAD", "--")
    except GitError as error:
        if error.code == "git-failed":  # HEAD is a branch without a commit
            return None
        raise
    commit = found.decode("ascii").strip()
    if not commit:
        return None
    asked = f"{commit}:{name}\n".encode("utf-8", "surrogateescape")
    output = run(repository.path, "cat-file", "--batch=%(objecttype)", stdin=asked)
    kind, _end, data = output.partition(b"\n")
    return data[:-1] if kind == b"blob" else None
