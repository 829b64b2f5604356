"""Mend: make the mends of problems that the user has seen, as they were seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from explog.checking.problem import Mend, Problem
from explog.config import Settings
from explog.entries.apply import CHANGED, Change, make
from explog.entries.held import BulkEditor, Holdings
from explog.errors import ExplogError
from explog.model import LineEdit
from explog.org.files import read_log
from explog.plan.edits import LogText

# Mends of one entry are made one after the other, each on a text that is checked again.
_MOST_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Wish:
    """A problem to be mended, and the LINES that its mend was seen to change.

    `offset` is where it is, in lines from the heading of its entry.
    """

    kind: str
    file: str
    experiment: str
    offset: int
    lines: tuple[LineEdit, ...]


Key = tuple[str, str, str, int]
Entry = tuple[str, str]


def mend(
    settings: Settings,
    editors: Sequence[BulkEditor],
    find: Callable[[], Sequence[Problem]],
    wishes: Sequence[Wish],
) -> list[str | None]:
    """Make the mends of WISHES; return for each None, or why it was not made.

    FIND brings the index up to date and returns the problems that there are.
    """
    said: list[str | None] = [CHANGED] * len(wishes)
    left = dict(enumerate(wishes))
    mended: set[Entry] = set()
    for _ in range(_MOST_ROUNDS):
        found = _mends(find())
        for number in [n for n, wish in left.items() if _entry(wish) in mended]:
            if _key(left[number]) not in found:  # another mend took it away as well
                del left[number]
                said[number] = None
        turn = _turn(left, found, mended)
        mends = [found[_key(left[number])] for number in turn]
        for number, problem in zip(turn, _make(settings, editors, mends), strict=True):
            said[number] = problem
            mended.add(_entry(left.pop(number)))
        if not turn or not left:
            break
    return said


def _turn(left: Mapping[int, Wish], found: Mapping[Key, Mend], mended: Set[Entry]) -> list[int]:
    """Return the numbers of the wishes to be granted now, one of an entry.

    Of several mends of one entry the later ones follow from the earlier, so they need not look as
    they were seen.
    """
    turn: dict[Entry, int] = {}
    for number, wish in left.items():
        mending = found.get(_key(wish))
        if mending is not None and (_entry(wish) in mended or _same(mending.lines, wish.lines)):
            turn.setdefault(_entry(wish), number)
    return list(turn.values())


def _entry(wish: Wish) -> Entry:
    return wish.file, wish.experiment


def _key(wish: Wish) -> Key:
    return wish.kind, wish.file, wish.experiment, wish.offset


def _mends(problems: Sequence[Problem]) -> dict[Key, Mend]:
    found: dict[Key, Mend] = {}
    for problem in problems:
        mending = problem.mend
        if mending is not None:
            offset = (problem.line or 0) - mending.entry_line
            found[problem.kind, mending.file, mending.experiment, offset] = mending
    return found


def _same(now: Sequence[LineEdit], seen: Sequence[LineEdit]) -> bool:
    def shown(lines: Sequence[LineEdit]) -> list[tuple[int, str, str]]:
        return [(line.line, line.old.rstrip("\r"), line.new.rstrip("\r")) for line in lines]

    return shown(now) == shown(seen)


def _make(
    settings: Settings, editors: Sequence[BulkEditor], mends: Sequence[Mend]
) -> list[str | None]:
    """Make MENDS, one of an entry, where the entries are as their files have them."""
    held = Holdings()
    wanted = list(dict.fromkeys((one.file, one.experiment) for one in mends))
    for editor in editors:
        held.ask(editor, wanted)
    said: list[str | None] = []
    changes: list[Change] = []
    logs: dict[str, LogText] = {}
    for one in mends:
        try:
            if one.file not in logs:
                logs[one.file] = LogText(one.file, read_log(Path(one.file)), settings)
            text = logs[one.file].entry(one.entry_line, one.experiment)
        except ExplogError as error:
            said.append(error.message)
            continue
        said.append(None)
        title = f"e{one.experiment}: {one.title}"
        changes.append(Change(one.file, one.entry_line, one.experiment, text, one.lines, (title,)))
    made = iter(make(settings, changes, held))
    return [next(made) if problem is None else problem for problem in said]
