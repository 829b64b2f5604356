"""Write a plan, and plan anew what changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from explog.entries.apply import apply_changes
from explog.errors import ExplogError
from explog.model import StepNumber
from explog.plan.plans import Edit, EntryPlan, Failure, Plan


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of a plan, entry by entry, and what could not be done."""

    entries: tuple[EntryPlan, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def edits(self) -> list[Edit]:
        """What was written, step by step."""
        return [edit for entry in self.entries for edit in entry.edits]


def carry_out(planned: Plan, plan_anew: Callable[[], Plan]) -> Written:
    """Write PLANNED. For the logs that changed since, PLAN_ANEW is called, once."""
    done, failures = _apply(planned, None)
    changed = {failure.path for failure in failures if failure.error.code == "changed"}
    if not changed:
        return Written(tuple(done), tuple(failures))
    again, still = _apply(plan_anew(), changed)
    kept = [failure for failure in failures if failure.path not in changed]
    return Written((*done, *again), (*kept, *still))


def wrong_cookies(planned: Plan) -> int:
    """Return how many cookies are wrong after PLANNED in the entries that it changes.

    An edit that ticks no box leaves the cookies of its list as they are.
    """
    return sum(
        entry.text.marks.wrong_cookies([edit.mark for edit in entry.edits])
        for entry in planned.entries
        if entry.edits and entry.text is not None
    )


def _apply(planned: Plan, files: Collection[str] | None) -> tuple[list[EntryPlan], list[Failure]]:
    """Write what PLANNED has for FILES; return what was done, and what was not."""
    entries = [
        entry
        for entry in planned.entries
        if entry.change is not None and (files is None or entry.experiment.file in files)
    ]
    failures = [one for one in planned.failures if files is None or one.path in files]
    results = apply_changes([entry.change for entry in entries if entry.change], planned.texts)
    done = [entry for entry, one in zip(entries, results, strict=True) if one.error is None]
    why: dict[tuple[str, str], tuple[ExplogError, set[tuple[str, StepNumber]]]] = {}
    for entry, result in zip(entries, results, strict=True):
        if result.error is not None:
            key = entry.experiment.file, result.error.message
            steps = why.setdefault(key, (result.error, set()))[1]
            steps.update((edit.experiment.ident, edit.step.number) for edit in entry.edits)
    failures += [
        Failure(file, error, frozenset(steps)) for (file, _), (error, steps) in why.items()
    ]
    return done, failures
