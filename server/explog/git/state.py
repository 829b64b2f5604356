"""What git is in the middle of: a tracked file that changes meanwhile would bring it to a halt."""

from __future__ import annotations

import os
from pathlib import Path

_STATES = {
    "rebase-merge": "a rebase",
    "rebase-apply/applying": "applying patches",
    "rebase-apply": "a rebase",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "sequencer": "a cherry-pick or revert",
    "BISECT_LOG": "a bisection",
}


def under_way(file: Path) -> str | None:
    """Return what git is in the middle of in the worktree that FILE lies in: `a rebase`."""
    for folder in Path(os.path.realpath(file)).parents:
        git_dir = _git_dir(folder / ".git")
        # Like git, pass by a folder that is called `.git` and is no repository.
        if git_dir is not None and (git_dir / "HEAD").exists():
            return next((what for name, what in _STATES.items() if (git_dir / name).exists()), None)
    return None


def _git_dir(dot_git: Path) -> Path | None:
    """Return the folder with a worktree's own state, to which a linked one's `.git` file points."""
    try:
        if dot_git.is_dir():
            return dot_git
        if not dot_git.is_file():  # whoever opens a pipe waits for somebody to write to it
            return None
        text = dot_git.read_text("utf-8", "surrogateescape")
    except OSError:
        return None
    if not text.startswith("gitdir: "):
        return None
    return dot_git.parent / text.removeprefix("gitdir: ").rstrip("\n")
