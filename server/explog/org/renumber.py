"""Give steps the numbers that commits call them by, with counters (`[@4]`) where it takes some.

The text that comes out is as `org-list-repair` leaves it: see `tests/org/test_renumber.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from explog.model import LineEdit, StepNumber
from explog.org.lists import Item, PlainList
from explog.org.numbering import DEEPEST
from explog.org.steps import StepList

_HEAD = re.compile(
    r"(?P<indent>[ \t]*)(?P<number>[0-9]+)(?P<sign>[.)])(?P<gap>[ \t]*)"
    r"(?P<counter>\[@(?:start:)?(?P<value>[0-9]+|[A-Za-z])\][ \t]*)?"
)


class _NoWayError(Exception):
    """There is not one right way."""


def renumber(
    lines: Sequence[str],
    steps: StepList,
    wanted: Mapping[int, StepNumber],
    taken: Collection[StepNumber],
) -> tuple[LineEdit, ...] | None:
    """Return the edits after which the steps on the lines WANTED have the numbers given there.

    Other steps follow the one before them; where that number is wanted, or TAKEN, they get a new
    one behind the largest. None if the numbers cannot be given, or are given already. They cannot
    where a reader sees one numbering in several lists of org.
    """
    top = next((plain for plain in steps.section.lists if plain.ordered), None)
    if top is None:
        return None
    job = _Job(lines, steps, wanted, taken)
    try:
        job.number(top, ())
    except _NoWayError:
        return None
    if job.numbered != {item.line for _number, item in steps.items}:
        return None
    pairs = enumerate(zip(lines, job.lines, strict=True))
    edits = tuple(LineEdit(number, old, new) for number, (old, new) in pairs if old != new)
    return edits or None


class _Job:
    """The lines while they get their numbers."""

    def __init__(
        self,
        lines: Sequence[str],
        steps: StepList,
        wanted: Mapping[int, StepNumber],
        taken: Collection[StepNumber],
    ) -> None:
        self.lines = list(lines)
        self.stop = steps.stop
        self.wanted = wanted
        self.taken = taken
        self.numbered: set[int] = set()

    def number(self, plain: PlainList, prefix: StepNumber) -> None:
        """Number the items of PLAIN, whose parent gets the number PREFIX, and those inside."""
        numbers = self._numbers(plain, prefix)
        before = 0
        for index, (item, number) in enumerate(zip(plain.items, numbers, strict=True)):
            after = plain.items[index + 1].line if index + 1 < len(plain.items) else None
            self._put(item, number, natural=before + 1, after=after)
            self.numbered.add(item.line)
            before = number
            inner = _steps_of(item)
            if inner is not None and len(prefix) < DEEPEST:
                self.number(inner, (*prefix, number))

    def _numbers(self, plain: PlainList, prefix: StepNumber) -> list[int]:
        if any(item.number is None for item in plain.items):
            raise _NoWayError
        depth = len(prefix)
        wanted = [self._wanted(item, depth) for item in plain.items]
        claimed = [number for number in wanted if number is not None]
        if len(set(claimed)) < len(claimed):
            raise _NoWayError
        spoken_for = {n[depth] for n in self.taken if len(n) > depth and n[:depth] == prefix}
        used = spoken_for.union(claimed)
        numbers: list[int] = []
        before = 0
        for claim in wanted:
            next_one = before + 1 if before + 1 not in used else max(used) + 1
            before = next_one if claim is None else claim
            used.add(before)
            numbers.append(before)
        return numbers

    def _wanted(self, item: Item, depth: int) -> int | None:
        """Return the number that ITEM and the steps inside it want at DEPTH, None if any will do.

        Raises _NoWayError where they want several.
        """
        found: set[int] = set()
        waiting = [(item, depth + 1)]
        while waiting:
            step, length = waiting.pop()
            number = self.wanted.get(step.line)
            if number is not None:
                if len(number) != length:
                    raise _NoWayError  # it was moved to another level
                found.add(number[depth])
            inner = _steps_of(step)
            waiting += [(child, length + 1) for child in inner.items] if inner else []
        if len(found) > 1:
            raise _NoWayError
        return next(iter(found), None)

    def _put(self, item: Item, number: int, natural: int, after: int | None) -> None:
        """Write NUMBER on ITEM, with a counter unless that is the NATURAL one."""
        text = self.lines[item.line]
        head = _HEAD.match(text)
        if head is None or (head["value"] or "0").isalpha():
            raise _NoWayError
        counter = head["counter"] or ""
        if head["value"] is None or int(head["value"]) != number:
            counter = "" if number == natural else f"[@{number}] "
        gap = head["gap"] or (" " if counter else "")
        self.lines[item.line] = (
            f"{head['indent']}{number}{head['sign']}{gap}{counter}{text[head.end() :]}"
        )
        self._shift(item, len(str(number)) - len(head["number"]), after)

    def _shift(self, item: Item, columns: int, after: int | None) -> None:
        """Move what is in ITEM, which ends before AFTER, by COLUMNS: its bullet grew."""
        if columns == 0:
            return
        blanks = 0
        for line in range(item.line + 1, self.stop if after is None else after):
            text = self.lines[line]
            bare = text.lstrip(" ")
            if not bare.strip("\t\r"):
                blanks += 1
                continue
            indent = len(text) - len(bare)
            if after is None and (blanks > 1 or (indent <= item.indent and bare[0] != "\t")):
                return
            if bare[0] == "\t" or indent <= item.indent or indent + columns <= item.indent:
                raise _NoWayError
            blanks = 0
            self.lines[line] = " " * (indent + columns) + bare


def _steps_of(item: Item) -> PlainList | None:
    """Return the list in ITEM whose items are steps."""
    return next((plain for plain in item.lists if plain.ordered), None)
