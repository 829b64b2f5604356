"""The methods behind `explog-backfill`: plan for all logs, show the plan, make parts of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.ignored import dropped_edit, keep_dropped, must_be_kept
from explog.plan import review
from explog.plan.plans import Edit
from explog.plan.review import Review, Sheet
from explog.refs import step_text
from explog.rpc.arguments import FileName
from explog.rpc.client import Client, PerClient
from explog.rpc.registry import method
from explog.rpc.wire import Bulk

T = TypeVar("T")

# A plan that is read while another one is made can still be applied.
_KEPT = 2


class FailureRow(NamedTuple):
    """A log that could not be planned for, and why."""

    file: str
    message: str


class UnplacedRow(NamedTuple):
    """A commit whose reference has no place in the logs, and why."""

    reason: str
    reference: str
    repository: str
    commit: str
    message: str
    file: str | None
    line: int | None


class EditRow(NamedTuple):
    """An edit of one step; from `start` to `end` it is shown in the diff of its sheet.

    `replaces` is the dead hash that it replaces, or an empty text.
    """

    number: int
    step: str
    line: int
    repository: str
    commit: str
    message: str
    start: int
    end: int
    replaces: str


class SheetRow(NamedTuple):
    """The edits of one experiment, and a diff that shows them."""

    file: str
    line: int
    experiment: str
    title: str
    diff: str
    edits: list[EditRow]


class NotMadeRow(NamedTuple):
    """An edit that was not made, and why."""

    number: int
    message: str


class DroppedRow(NamedTuple):
    """An edit that the user dropped before."""

    file: str
    line: int
    experiment: str
    step: str
    repository: str
    commit: str
    message: str


class DropRow(NamedTuple):
    """An edit to drop or to take back, which Emacs sends."""

    file: FileName
    experiment: str
    step: str
    commit: str


class _Reviews:
    """The reviews that were made last for one Emacs, by number."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._reviews: dict[int, Review] = {}

    def keep(self, made: Review) -> int:
        """Keep MADE and return its number."""
        number = next(self._numbers)
        self._reviews[number] = made
        self._reviews.pop(number - _KEPT, None)
        return number

    def get(self, number: int) -> Review:
        """Return the review with NUMBER. Raises ExplogError `no-such-plan`."""
        found = self._reviews.get(number)
        if found is None:
            raise ExplogError("no-such-plan", "the server does not know this plan any more")
        return found


_reviews = PerClient(_Reviews)


@method("plan", lane="slow")
def plan(
    daemon: Daemon, client: Client
) -> tuple[int, int, int, Bulk[FailureRow], Bulk[DroppedRow], int]:
    """Return (PLAN SHEETS UNPLACED FAILURES DROPPED COOKIES): plan for all logs, kept as PLAN.

    SHEETS and UNPLACED say how many sheets and unplaced commits the plan has, COOKIES how many
    cookies are wrong when all is made.
    """
    with daemon.synced() as now:
        made = review.review(now.settings, now.index, daemon.editors)
    failures = Bulk([FailureRow(one.path, one.error.message) for one in made.failures])
    dropped = Bulk(list(map(_dropped_row, made.dropped)))
    counts = len(made.sheets), len(made.unplaced)
    return _reviews[client].keep(made), *counts, failures, dropped, made.cookies


@method("drop", lane="fast")
def drop(_daemon: Daemon, _client: Client, edits: list[DropRow], dropped: bool) -> bool:
    """Keep that EDITS are DROPPED, so that they are not made, or that they are not."""
    keys = [dropped_edit(row.file, row.experiment, row.step, row.commit) for row in edits]
    with must_be_kept("what is dropped"):
        keep_dropped(keys, dropped=dropped)
    return True


@method("unplaced", lane="slow")
def unplaced(
    _daemon: Daemon, client: Client, plan: int, first: int, most: int
) -> Bulk[UnplacedRow]:
    """Return up to MOST unplaced commits of PLAN, sorted by reason, after the FIRST ones."""
    some = _part(_reviews[client].get(plan).unplaced, first, most)
    return Bulk(
        [
            UnplacedRow(u.reason, u.reference, u.repository, u.commit, u.message, u.file, u.line)
            for u in some
        ]
    )


@method("sheets", lane="slow")
def sheets(_daemon: Daemon, client: Client, plan: int, first: int, most: int) -> Bulk[SheetRow]:
    """Return up to MOST sheets of PLAN after the FIRST ones."""
    some = _part(_reviews[client].get(plan).sheets, first, most)
    return Bulk([_sheet_row(one, list(one.edits)) for one in some])


@method("sheet", lane="fast")
def sheet(_daemon: Daemon, client: Client, plan: int, numbers: list[int]) -> Bulk[object]:
    """Return one sheet of PLAN with only the edits NUMBERS, which are all of one experiment."""
    found = _reviews[client].get(plan).sheet_of(numbers[0]) if numbers else None
    if found is None or any(number not in found.edits for number in numbers):
        raise ExplogError("no-such-edit", "this edit is not planned any more")
    return Bulk(_sheet_row(found, numbers))


@method("apply", lane="slow")
def apply(daemon: Daemon, client: Client, plan: int, numbers: list[int]) -> Bulk[NotMadeRow]:
    """Make the edits NUMBERS of PLAN; return those that were not made."""
    reviewed = _reviews[client].get(plan)
    with daemon.synced() as now:
        said = review.apply(now.settings, now.index, daemon.editors, reviewed, numbers)
    daemon.bell.ring()
    return Bulk([NotMadeRow(number, why) for number, why in said.items() if why is not None])


@method("unapply", lane="slow")
def unapply(daemon: Daemon, client: Client, plan: int, numbers: list[int]) -> Bulk[NotMadeRow]:
    """Take the edits NUMBERS of PLAN, made last, out of the logs again; return those left."""
    reviewed = _reviews[client].get(plan)
    with daemon.synced() as now:
        said = review.unapply(now.settings, now.index, daemon.editors, reviewed, numbers)
    daemon.bell.ring()
    return Bulk([NotMadeRow(number, why) for number, why in said.items() if why is not None])


def _part(items: Sequence[T], first: int, most: int) -> Sequence[T]:
    return items[max(0, first) :][: max(0, most)]


def _sheet_row(sheet: Sheet, numbers: Sequence[int]) -> SheetRow:
    shown = review.hunk(sheet, numbers)
    edits = [_edit_row(sheet, *part) for part in shown.parts]
    found = sheet.experiment
    return SheetRow(found.file, found.line, found.ident, found.title, shown.text, edits)


def _dropped_row(edit: Edit) -> DroppedRow:
    return DroppedRow(
        file=edit.file,
        line=edit.line,
        experiment=edit.experiment.ident,
        step=step_text(edit.step.number),
        repository=edit.commit.repository,
        commit=edit.commit.oid,
        message=edit.long_message,
    )


def _edit_row(sheet: Sheet, number: int, start: int, end: int) -> EditRow:
    edit = sheet.edits[number]
    return EditRow(
        number=number,
        step=step_text(edit.step.number),
        line=edit.line,
        repository=edit.commit.repository,
        commit=edit.commit.oid,
        message=edit.long_message,
        start=start,
        end=end,
        replaces=edit.replaces,
    )
