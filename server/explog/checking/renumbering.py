"""Mend lists that were renumbered: each step gets back the number that its commit names.

A mend is offered only if it is beyond doubt: each hash has one number, no two hashes have the same,
and with the new numbers no other commit would be placed elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from explog.config import Settings
from explog.entries.text import EntryText
from explog.index.database import Index
from explog.model import Change, Experiment, LineEdit, StepNumber
from explog.org.edit import apply_edits
from explog.org.entry import read_experiment
from explog.org.renumber import renumber
from explog.plan.deciding import decide_entry
from explog.plan.facts import Claims, Facts, gather
from explog.plan.plans import EntryPlan, Plan
from explog.plan.rule import Standing
from explog.refs import Place, step_text

EntryPlace = tuple[str, int]
"""An entry: its file, and the line of its heading."""


@dataclass(frozen=True, slots=True)
class _Proposal:
    """An entry, the edits that would renumber its steps, and what it would be."""

    entry: EntryText
    after: Experiment
    lines: tuple[LineEdit, ...]

    @property
    def before(self) -> Experiment:
        """The experiment as it is."""
        return self.entry.experiment


class Renumberings:
    """Collects the entries of PLANNED whose lists were renumbered, and proves which mends hold.

    NAMESAKES says how many entries of all logs have each id.
    """

    def __init__(
        self,
        settings: Settings,
        index: Index,
        planned: Plan,
        namesakes: Mapping[str, int],
    ) -> None:
        self.settings = settings
        self.index = index
        self._suspects = {
            (one.experiment.file, one.experiment.line): one
            for one in planned.entries
            if namesakes[one.experiment.ident] == 1 and _may_be_renumbered(one)
        }
        suspects = [one.experiment for one in self._suspects.values()]
        self._facts = gather(settings, index, suspects)
        self._claims = {one.experiment.ident: one.claims for one in self._suspects.values()}
        self._proposals: list[_Proposal] = []

    def consider(self, entry: EntryText) -> None:
        """Propose a mend of ENTRY, if its list was renumbered."""
        found = entry.experiment
        suspect = self._suspects.get((found.file, found.line))
        if suspect is None or entry.steps is None:
            return
        claims = suspect.claims
        wanted = _wanted(suspect, claims, self._facts)
        lines = wanted and renumber(entry.lines, entry.steps, wanted, _claimed(claims))
        if not lines:
            return
        text = apply_edits(entry.text, lines)
        heading = self.settings.steps_heading
        after = read_experiment(text, found.line, (), entry.options, heading)
        if after is not None:
            self._proposals.append(_Proposal(entry, replace(found, steps=after.steps), lines))

    def mends(self) -> dict[EntryPlace, Change]:
        """Return the mends that are proved: after them, nothing is out of place any more."""
        facts = gather(self.settings, self.index, (one.after for one in self._proposals))
        return {
            (one.before.file, one.before.line): _mend(one)
            for one in self._proposals
            for claims in [self._claims[one.before.ident]]
            if _is_better(
                decide_entry(one.after, claims, facts),
                decide_entry(one.before, claims, self._facts),
            )
        }


def _may_be_renumbered(entry: EntryPlan) -> bool:
    reasons = {unplaced.reason for unplaced in entry.unplaced}
    return bool(entry.misplaced) or not reasons.isdisjoint({"renumbered", "unknown-step"})


def _wanted(entry: EntryPlan, claims: Claims, facts: Facts) -> dict[int, StepNumber] | None:
    """Return {line: number} for the steps whose commit names a number; None if one is in doubt."""
    placed = {edit.step.number for edit in entry.edits}
    misplaced = {one.step.line: one.claims for one in entry.misplaced}
    wanted: dict[int, StepNumber] = {}
    for step in facts.steps(entry.experiment, claims):
        standing = facts.hashes.standing(step, claims.candidates.get(step.number, ()))
        numbers = misplaced.get(step.line, frozenset())
        if standing in (Standing.UNREACHABLE, Standing.UNKNOWN) or len(numbers) > 1:
            return None
        if numbers:
            wanted[step.line] = next(iter(numbers))
        elif standing is Standing.CLAIMS or step.number in placed:
            wanted[step.line] = step.number
    return wanted


def _claimed(claims: Claims) -> set[StepNumber]:
    """Return the numbers of the steps that a commit claims."""
    return {
        number
        for number, candidates in claims.candidates.items()
        if any(commit.place < Place.MENTION for commit in candidates)
    }


def _is_better(after: EntryPlan, before: EntryPlan) -> bool:
    """Tell whether AFTER has no renumbered step, and no problem that BEFORE does not have.

    If a step was deleted, its commit names a step that does not exist.
    """
    return (
        _placed(after) <= _placed(before)
        and {dead.step.line for dead in after.dead} <= {dead.step.line for dead in before.dead}
        and _homeless(after) <= _homeless(before)
        and not any(unplaced.reason == "renumbered" for unplaced in after.unplaced)
        and not after.misplaced
    )


def _placed(entry: EntryPlan) -> set[tuple[int, str]]:
    return {(edit.step.line, edit.commit.oid) for edit in entry.edits}


def _homeless(entry: EntryPlan) -> set[tuple[str, str]]:
    return {(unplaced.reference, unplaced.commit) for unplaced in entry.unplaced}


def _mend(proposal: _Proposal) -> Change:
    before, after = proposal.before, proposal.after
    pairs: Iterable[tuple[StepNumber, StepNumber]] = zip(
        (step.number for step in before.steps), (step.number for step in after.steps), strict=True
    )
    changed = [f"{step_text(old)} → {step_text(new)}" for old, new in pairs if old != new]
    title = f"number the steps as the commits do: {', '.join(changed)}"
    return proposal.entry.change(proposal.lines, [title])
