"""The state of the code around a folder: repository, branch, HEAD, and what is not committed."""

from __future__ import annotations

import os
from typing import NamedTuple

from explog.errors import ExplogError
from explog.runs.git import finish_git, git, start_git


class Code(NamedTuple):
    """The state of a worktree. Files are named relative to `top`, the top of the worktree.

    `head` is None on an unborn branch, `branch` if HEAD is detached. `changed` has tracked files,
    `untracked` others that are not ignored; a name with a slash at its end is a repository in it.
    `submodules` are those of `changed` that are submodules with changes of their own, `hidden`
    those that git was told not to look at.
    """

    top: str
    git_dir: str
    branch: str | None
    head: str | None
    changed: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    staged: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether what is in the worktree is what `head` has."""
        return self.head is not None and not (self.changed or self.untracked)


def read_code(folder: str) -> Code | None:
    """Return the state of the code around FOLDER, or None outside of a worktree.

    Raises ExplogError if a repository is there that git does not read.
    """
    # Two at once, as the training waits for both.
    where = start_git(folder, "rev-parse", "--absolute-git-dir", "--show-toplevel")
    status = start_git(
        folder, "status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all",
        "--no-renames", "--ignore-submodules=none",
    )  # fmt: skip
    hidden = start_git(
        folder, "ls-files", "-v", "-z", "--full-name", ":/", extra={"GIT_LITERAL_PATHSPECS": "0"}
    )
    try:
        git_dir, top = _two_folders(os.fsdecode(finish_git(where)))
    except ExplogError as error:
        for process in (status, hidden):
            process.communicate()
        if _is_outside(error):
            return None
        raise
    code = _parse_status(finish_git(status), top, git_dir)
    return _with_hidden(code, finish_git(hidden))


def _two_folders(output: str) -> tuple[str, str]:
    """Return the two folders that OUTPUT names, one a line; a name may have newlines itself."""
    lines = output.removesuffix("\n").split("\n")
    for n in range(1, len(lines)):
        one, other = "\n".join(lines[:n]), "\n".join(lines[n:])
        if os.path.isdir(one) and os.path.isdir(other):
            return one, other
    raise ExplogError("git-failed", "git does not say where the worktree is")


def _is_outside(error: ExplogError) -> bool:
    said = str(error.data.get("stderr", error.message))
    return "not a git repository" in said or "must be run in a work tree" in said


def _parse_status(output: bytes, top: str, git_dir: str) -> Code:
    changed: list[str] = []
    untracked: list[str] = []
    submodules: list[str] = []
    heads: dict[str, str] = {}
    staged = False
    for entry in os.fsdecode(output).split("\0"):
        kind, _blank, rest = entry.partition(" ")
        if kind == "#":
            name, _blank, value = rest.partition(" ")
            heads[name] = value
        elif kind == "?":
            untracked.append(rest)
        elif kind in ("1", "u"):
            fields = rest.split(" ", 7 if kind == "1" else 9)
            changed.append(fields[-1])
            staged = staged or fields[0][0] != "."
            if fields[1][0] == "S" and fields[1][2:] != "..":
                submodules.append(fields[-1])
    head, branch = heads.get("branch.oid", ""), heads.get("branch.head", "")
    return Code(
        top, git_dir,
        None if branch == "(detached)" else branch,
        None if head == "(initial)" else head,
        tuple(changed), tuple(untracked), tuple(submodules), staged=staged,
    )  # fmt: skip


def _with_hidden(code: Code, listing: bytes) -> Code:
    """Return CODE with the files that git was told not to look at, if they have changed.

    A sparse checkout leaves out files in the same way; those are not there.
    """
    entries = os.fsdecode(listing).split("\0")
    marked = [entry[2:] for entry in entries if entry[:1].islower() or entry[:1] == "S"]
    there = [name for name in marked if os.path.lexists(os.path.join(code.top, name))]
    hidden = _differing(code.top, [name for name in there if name not in code.changed])
    return code._replace(changed=(*code.changed, *hidden), hidden=tuple(hidden))


def _differing(top: str, names: list[str]) -> list[str]:
    """Return those of the files NAMES whose content is not the one in the index."""
    if not names:
        return []
    listed = git(top, "ls-files", "-s", "-z", "--", *names)
    known = {}
    for entry in os.fsdecode(listed).split("\0"):
        mode_oid, _tab, name = entry.partition("\t")
        known[name] = mode_oid.split(" ")[1:2]
    return [name for name in names if [_hash(top, name)] != known.get(name)]


def _hash(top: str, name: str) -> str:
    path = os.path.join(top, name)
    if os.path.islink(path):
        content = os.fsencode(os.readlink(path))
        return git(top, "hash-object", "--stdin", stdin=content).decode("ascii").strip()
    try:
        return git(top, "hash-object", "--", path).decode("ascii").strip()
    except ExplogError:
        return ""


def top_of(folder: str) -> str | None:
    """Return the top of the worktree that FOLDER is in, or None."""
    try:
        return os.fsdecode(git(folder, "rev-parse", "--show-toplevel")).removesuffix("\n")
    except ExplogError:
        return None


def is_pushed(top: str, head: str) -> bool | None:
    """Tell whether a branch of a remote reaches the commit HEAD; None if git cannot tell."""
    try:
        found = git(
            top, "for-each-ref", f"--contains={head}", "--count=1", "--format=%(refname)",
            "refs/remotes",
        )  # fmt: skip
    except ExplogError:
        return None
    return bool(found.strip())


def head_of(top: str) -> str | None:
    """Return the commit that HEAD of the worktree TOP is now, or None."""
    try:
        return git(top, "rev-parse", "--verify", "-q", "HEAD").decode("ascii").strip() or None
    except ExplogError:
        return None
