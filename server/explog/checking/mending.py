"""Mend problems: make the changes that the user has seen, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import NamedTuple

from explog.config import Settings
from explog.entries.apply import CHANGED, apply_changes
from explog.entries.emacs import BufferEntries, Editor
from explog.entries.text import EntryTexts
from explog.model import Change, LineEdit, Problem
from explog.rpc.arguments import FileName

# Mends of one entry are made one after the other, each on a text that is checked again.
_MOST_ROUNDS = 50


class MendRequest(NamedTuple):
    """A problem to be mended, and the `lines` that its mend was seen to change.

    `offset` is where it is, in lines from the heading of its entry.
    """

    kind: str
    file: FileName
    experiment: str
    offset: int
    lines: list[LineEdit]


_Problem = tuple[str, str, str, int]
"""A problem by what does not change when lines come or go above its entry."""
_Place = tuple[str, str]
"""An entry by its file and its experiment."""


def mend(
    settings: Settings,
    editors: Sequence[Editor],
    find: Callable[[], Sequence[Problem]],
    requests: Sequence[MendRequest],
) -> list[str | None]:
    """Make the mends of REQUESTS; return for each None, or why it was not made.

    FIND brings the index up to date, and returns the problems of now.
    """
    said: list[str | None] = [CHANGED] * len(requests)
    left = dict(enumerate(requests))
    mended: set[_Place] = set()
    for _ in range(_MOST_ROUNDS):
        found = _mends(find())
        for number in [n for n, request in left.items() if _place(request) in mended]:
            if _key(left[number]) not in found:  # another mend solved it, too
                del left[number]
                said[number] = None
        turn = _turn(left, found, mended)
        mends = [found[_key(left[number])] for number in turn]
        for number, problem in zip(turn, _make(settings, editors, mends), strict=True):
            said[number] = problem
            mended.add(_place(left.pop(number)))
        if not turn or not left:
            break
    return said


def _turn(
    left: Mapping[int, MendRequest], found: Mapping[_Problem, Change], mended: Set[_Place]
) -> list[int]:
    """Return the numbers of the requests to grant now, one for each entry.

    Once an entry was mended, its other mends may look different from what the user has seen.
    """
    turn: dict[_Place, int] = {}
    for number, request in left.items():
        mending = found.get(_key(request))
        if mending is not None and (
            _place(request) in mended or _same(mending.lines, request.lines)
        ):
            turn.setdefault(_place(request), number)
    return list(turn.values())


def _place(request: MendRequest) -> _Place:
    return request.file, request.experiment


def _key(request: MendRequest) -> _Problem:
    return request.kind, request.file, request.experiment, request.offset


def _mends(problems: Sequence[Problem]) -> dict[_Problem, Change]:
    found: dict[_Problem, Change] = {}
    for problem in problems:
        mending = problem.mend
        if mending is not None:
            offset = (problem.line or 0) - mending.line
            found[problem.kind, mending.file, mending.experiment, offset] = mending
    return found


def _same(now: Sequence[LineEdit], seen: Sequence[LineEdit]) -> bool:
    def shown(lines: Sequence[LineEdit]) -> list[tuple[int, str, str]]:
        return [(line.line, line.old.rstrip("\r"), line.new.rstrip("\r")) for line in lines]

    return shown(now) == shown(seen)


def _make(
    settings: Settings, editors: Sequence[Editor], mends: Sequence[Change]
) -> list[str | None]:
    """Make MENDS, each of another entry; return for each None, or why it was not made."""
    buffers = BufferEntries()
    wanted = list(dict.fromkeys((one.file, one.experiment) for one in mends))
    for editor in editors:
        buffers.ask_for(editor, wanted)
    changes = [replace(one, messages=(f"e{one.experiment}: {one.messages[0]}",)) for one in mends]
    results = apply_changes(changes, EntryTexts(settings, buffers))
    return [result.problem for result in results]
