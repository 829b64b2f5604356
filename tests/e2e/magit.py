"""Magit and vc as a user works them: each function is one action, done by keys alone.

The same keys work in magit 3.3 and 4.x. Every action but vc's opens the status buffer of its
repository first, alone in the frame, and returns when git has ended and magit has refreshed.
Those that make or move commits return the full hash of the new HEAD.
"""

from __future__ import annotations

from . import steps
from .emacs import Emacs
from .repository import FILE, Repository


def stage(emacs: Emacs, repository: Repository) -> None:
    """Stage everything, new files too: C-u S."""
    steps.status(emacs, repository)
    emacs.keys("C-u S")
    steps.wait_idle(emacs)


# One commit


def commit(emacs: Emacs, repository: Repository, message: str) -> str:
    """Commit everything with MESSAGE: c c."""
    stage(emacs, repository)
    return _with_message(emacs, repository, "c c", message)


def amend(emacs: Emacs, repository: Repository, message: str | None = None) -> str:
    """Amend HEAD by what is staged, with another MESSAGE if one is given: c a."""
    steps.status(emacs, repository)
    return _with_message(emacs, repository, "c a", message)


def reword(emacs: Emacs, repository: Repository, message: str) -> str:
    """Give HEAD another MESSAGE: c w."""
    steps.status(emacs, repository)
    return _with_message(emacs, repository, "c w", message)


def extend(emacs: Emacs, repository: Repository) -> str:
    """Add everything to HEAD under its old message: c e."""
    stage(emacs, repository)
    before = repository.head
    emacs.keys("c e")
    return steps.moved(emacs, repository, before)


def fixup(emacs: Emacs, repository: Repository, revision: str) -> str:
    """Commit everything as `fixup!` of REVISION: c f."""
    return _onto(emacs, repository, "c f", revision)


def squash(emacs: Emacs, repository: Repository, revision: str) -> str:
    """Commit everything as `squash!` of REVISION: c s."""
    return _onto(emacs, repository, "c s", revision)


def instant_fixup(emacs: Emacs, repository: Repository, revision: str) -> str:
    """Put everything into REVISION at once, a fixup and a rebase in one: c F."""
    return _onto(emacs, repository, "c F", revision)


def vc_commit(emacs: Emacs, repository: Repository, message: str, file: str = FILE) -> str:
    """Visit FILE, type a line into it, and commit it with MESSAGE by vc: C-x v v."""
    before = repository.head
    emacs.find_file(repository.path / file)
    emacs.keys("M->")
    emacs.type("typed in Emacs\n")
    emacs.keys("C-x C-s C-x v v")
    steps.wait_mode(emacs, "log-edit-mode")
    subject, _, body = message.partition("\n\n")
    emacs.type(subject)
    if body:
        emacs.keys("M-> RET")
        emacs.paste(body)
    emacs.settle()
    emacs.keys("C-c C-c")
    return steps.moved(emacs, repository, before)


# Several commits


def merge(emacs: Emacs, repository: Repository, branch: str, message: str | None = None) -> str:
    """Merge BRANCH: m m, or m e where MESSAGE is to be the merge commit's."""
    steps.status(emacs, repository)
    before = repository.head
    emacs.keys("m m" if message is None else "m e")
    steps.answer(emacs, "Merge", branch)
    if message is not None:
        steps.write_message(emacs, message)
        steps.finish(emacs)
    return steps.moved(emacs, repository, before)


def cherry_pick(emacs: Emacs, repository: Repository, revision: str) -> str:
    """Pick REVISION: A A."""
    steps.status(emacs, repository)
    before = repository.head
    emacs.keys("A A")
    steps.answer(emacs, "Cherry-pick", revision)
    return steps.moved(emacs, repository, before)


def revert(emacs: Emacs, repository: Repository, revision: str, message: str | None = None) -> str:
    """Revert REVISION by a commit, with MESSAGE or the one that git proposes: V V."""
    steps.status(emacs, repository)
    before = repository.head
    emacs.keys("V V")
    steps.answer(emacs, "Revert", revision)
    steps.wait_editor(emacs)
    if message is not None:
        steps.write_message(emacs, message)
    steps.finish(emacs)
    return steps.moved(emacs, repository, before)


def rebase_reword(emacs: Emacs, repository: Repository, revision: str, message: str) -> str:
    """Rebase from REVISION on, giving that commit another MESSAGE: r i, w in the list."""
    abbreviation = repository.run("rev-parse", "--short", revision)
    steps.status(emacs, repository)
    before = repository.head
    emacs.keys("r i")
    steps.select_commit(emacs, abbreviation)
    steps.wait_mode(emacs, "git-rebase-mode")
    steps.search(emacs, abbreviation)
    emacs.keys("w")
    steps.finish(emacs)
    steps.write_message(emacs, message)
    steps.finish(emacs)
    return steps.moved(emacs, repository, before)


def rebase_continue(emacs: Emacs, repository: Repository, message: str | None = None) -> str:
    """Stage everything and go on with a rebase that has stopped: r r.

    Git may ask for the message of the commit that stopped it: MESSAGE, else as proposed.
    """
    stage(emacs, repository)
    before = repository.head
    emacs.keys("r r")
    steps.answering(
        emacs,
        lambda: steps.editing(emacs) or repository.head != before,
        "the rebase to go on",
    )
    if steps.editing(emacs):
        if message is not None:
            steps.write_message(emacs, message)
        steps.finish(emacs)
    return steps.moved(emacs, repository, before)


def autosquash(emacs: Emacs, repository: Repository, revision: str) -> str:
    """Rebase from REVISION on, melting the fixups after it into their commits: r f."""
    abbreviation = repository.run("rev-parse", "--short", revision)
    steps.status(emacs, repository)
    before = repository.head
    emacs.keys("r f")
    steps.select_commit(emacs, abbreviation)
    return steps.moved(emacs, repository, before)


def _with_message(emacs: Emacs, repository: Repository, keys: str, message: str | None) -> str:
    """Press KEYS, edit the message unless it is None, finish, and return the new HEAD."""
    before = repository.head
    emacs.keys(keys)
    steps.wait_editor(emacs)
    if message is not None:
        steps.write_message(emacs, message)
    steps.finish(emacs)
    return steps.moved(emacs, repository, before)


def _onto(emacs: Emacs, repository: Repository, keys: str, revision: str) -> str:
    """Stage everything, press KEYS, choose REVISION, and return the new HEAD."""
    abbreviation = repository.run("rev-parse", "--short", revision)
    stage(emacs, repository)
    before = repository.head
    emacs.keys(keys)
    steps.select_commit(emacs, abbreviation)
    return steps.moved(emacs, repository, before)
