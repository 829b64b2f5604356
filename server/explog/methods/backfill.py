"""The methods behind `explog-backfill` and the mending in `explog-check`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from explog.checking.check import check
from explog.checking.mending import Wish, mend
from explog.checking.problem import Problem
from explog.daemon.loop import Service
from explog.errors import ExplogError
from explog.model import LineEdit
from explog.plan.review import Review, Sheet, apply, hunk, review
from explog.refs import step_text
from explog.rpc import wire
from explog.rpc.registry import Registry

if TYPE_CHECKING:
    from explog.rpc.connection import Client

# A plan that is read while another one is made can still be applied.
_KEPT = 2


class _Reviews:
    """The reviews that were made last, by number."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._reviews: dict[int, Review] = {}

    def keep(self, made: Review) -> int:
        """Keep MADE and return its number."""
        number = next(self._numbers)
        self._reviews[number] = made
        self._reviews.pop(number - _KEPT, None)
        return number

    def get(self, number: object) -> Review:
        """Return the review with NUMBER. Raises ExplogError `no-such-plan`."""
        found = self._reviews.get(number) if isinstance(number, int) else None
        if found is None:
            raise ExplogError("no-such-plan", "the server does not know this plan any more")
        return found


def add(registry: Registry, service: Service) -> None:
    """Add the methods, bound to SERVICE, to REGISTRY."""
    reviews = _Reviews()

    @registry.method("plan", lane="slow")
    def make_plan(_client: Client) -> object:
        """Return (PLAN SHEETS UNPLACED FAILURES), the plan for all logs, kept as number PLAN.

        It has so many SHEETS and UNPLACED commits; FAILURES are [FILE MESSAGE] each.
        """
        with service.brought_up_to_date() as (settings, store):
            made = review(settings, store, service.editors)
        failures = wire.Bulk([[f.path, f.error.message] for f in made.failures])
        return [reviews.keep(made), len(made.sheets), len(made.unplaced), failures]

    @registry.method("unplaced", lane="slow")
    def unplaced(_client: Client, plan: object, first: object, most: object) -> object:
        """Return MOST commits that PLAN has no place for, from the FIRST (counted from 0) on.

        Each is [REASON REFERENCE REPOSITORY COMMIT MESSAGE FILE LINE]; they are sorted by REASON.
        """
        some = reviews.get(plan).unplaced[_span(first, most)]
        return wire.Bulk(
            [
                [u.reason, u.reference, u.repository, u.commit, u.message, u.file, u.line]
                for u in some
            ]
        )

    @registry.method("sheets", lane="slow")
    def sheets(_client: Client, plan: object, first: object, most: object) -> object:
        """Return MOST sheets of PLAN from the FIRST (counted from 0) on, each as `sheet` does."""
        some = reviews.get(plan).sheets[_span(first, most)]
        return wire.Bulk([_sheet(one, list(one.edits)) for one in some])

    @registry.method("sheet", lane="fast")
    def sheet(_client: Client, plan: object, numbers: object) -> object:
        """Return the sheet of PLAN with the edits that have NUMBERS, all of one entry, alone.

        A sheet is [FILE LINE EXPERIMENT TITLE DIFF EDITS], an edit in it [N STEP LINE REPOSITORY
        COMMIT MESSAGE START END], the last two being its part of DIFF.
        """
        wanted = _numbers(numbers)
        found = reviews.get(plan).sheet_of(wanted[0]) if wanted else None
        if found is None or any(number not in found.edits for number in wanted):
            raise ExplogError("no-such-edit", "this edit is not planned any more")
        return wire.Bulk(_sheet(found, wanted))

    @registry.method("apply", lane="slow")
    def apply_edits(_client: Client, plan: object, numbers: object) -> object:
        """Make the edits of PLAN with NUMBERS; return [N PROBLEM] for those that were not made."""
        reviewed = reviews.get(plan)
        with service.brought_up_to_date() as (settings, store):
            said = apply(settings, store, service.editors, reviewed, _numbers(numbers))
        service.bell.ring()
        return wire.Bulk([[number, why] for number, why in said.items() if why is not None])

    @registry.method("mend", lane="slow")
    def mend_problems(_client: Client, wanted: object) -> object:
        """Mend problems; return a vector with nil for each, or why it was not mended.

        Each is [KIND FILE EXPERIMENT OFFSET LINES]: OFFSET counts lines from the heading of the
        entry, LINES are as `check` told of them.
        """
        wishes = [_wish(row) for row in _rows(wanted)]
        with service.brought_up_to_date() as (settings, store):

            def find() -> Sequence[Problem]:
                service.look(patient=True)
                return check(settings, store, unread=service.report.problems)

            said = mend(settings, service.editors, find, wishes)
        service.bell.ring()
        return wire.Bulk(said)


def _sheet(sheet: Sheet, numbers: Sequence[int]) -> list[object]:
    shown = hunk(sheet, numbers)
    rows = [_edit(sheet, *part) for part in shown.parts]
    return [sheet.file, sheet.line, sheet.experiment, sheet.title, shown.text, rows]


def _edit(sheet: Sheet, number: int, start: int, end: int) -> list[object]:
    edit = sheet.edits[number]
    step = step_text(edit.step)
    return [number, step, edit.line, edit.repository, edit.commit, edit.message, start, end]


def _rows(value: object) -> Iterator[list[object]]:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise ExplogError("bad-arguments", "expected a list of lists")
    yield from value


def _span(first: object, most: object) -> slice:
    if not (isinstance(first, int) and isinstance(most, int)):
        raise ExplogError("bad-arguments", "expected two numbers")
    return slice(first, first + most)


def _numbers(value: object) -> list[int]:
    if not isinstance(value, list) or not all(type(number) is int for number in value):
        raise ExplogError("bad-arguments", "expected a list of numbers")
    return value


def _wish(row: list[object]) -> Wish:
    match row:
        case [str(kind), str(file), str(experiment), int(offset), lines]:
            return Wish(kind, file, experiment, offset, tuple(map(_line, _rows(lines))))
    raise ExplogError("bad-arguments", f"no problem to be mended: {row!r}")


def _line(row: list[object]) -> LineEdit:
    match row:
        case [int(number), str(old), str(new)]:
            return LineEdit(number, old, new)
    raise ExplogError("bad-arguments", f"no line to be changed: {row!r}")
