"""The mending of lists that were renumbered: each step gets the number that its commit gives it.

That is done only where it is beyond doubt: every hash has one number, no two have the same, and
with the new numbers nothing else would be placed anywhere than before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from explog.config import Settings
from explog.entries.text import EntryText
from explog.index.commits import commits_with_prefix, find_candidates
from explog.index.database import Index
from explog.model import Change, Commit, Experiment, LineEdit, StepNumber
from explog.org.edit import apply_edits
from explog.org.entry import read_experiment
from explog.org.renumber import renumber
from explog.plan.edits import Plan
from explog.plan.planner import Planner
from explog.refs import Place, step_text

Where = tuple[str, int]
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
    """Gathers the entries of PLANNED whose lists were renumbered, then proves what mends them."""

    def __init__(
        self,
        settings: Settings,
        index: Index,
        planned: Plan,
        entries: Iterable[Experiment],
    ) -> None:
        self.settings = settings
        self.index = index
        self._suspects = {
            (one.file, one.entry_line)
            for one in planned.unplaced
            if one.reason in ("renumbered", "unknown-step")
        }
        self._namesakes = Counter(entry.ident for entry in entries)
        self._placed: dict[Where, set[StepNumber]] = defaultdict(set)
        for edit in planned.edits:
            self._placed[edit.file, edit.experiment.line].add(edit.step.number)
        self._proposals: list[_Proposal] = []

    def consider(self, entry: EntryText) -> None:
        """Take in ENTRY, if its list was renumbered and there may be a way back."""
        found = entry.experiment
        where = (found.file, found.line)
        if where not in self._suspects or self._namesakes[found.ident] > 1 or entry.steps is None:
            return
        claims = _claims(find_candidates(self.index, found.ident))
        wanted = self._wanted(found, claims)
        if wanted is None:
            return
        taken = {number for numbers in claims.values() for number in numbers}
        lines = renumber(entry.lines, entry.steps, wanted, taken)
        if lines is None:
            return
        text = apply_edits(entry.text, lines)
        heading = self.settings.steps_heading
        after = read_experiment(text, found.line, (), entry.options, heading)
        if after is not None:
            self._proposals.append(_Proposal(entry, replace(found, steps=after.steps), lines))

    def _wanted(
        self, found: Experiment, claims: Mapping[str, set[StepNumber]]
    ) -> dict[int, StepNumber] | None:
        """Return {line: number} for the steps that have one to have; None where there is doubt."""
        wanted = {}
        for step in found.steps:
            if step.number in self._placed[found.file, found.line]:
                wanted[step.line] = step.number
            if step.hash is None:
                continue
            if not commits_with_prefix(self.index, step.hash):
                return None
            numbers = set[StepNumber]().union(
                *(said for oid, said in claims.items() if oid.startswith(step.hash))
            )
            if step.number in numbers:
                wanted[step.line] = step.number
            elif len(numbers) == 1:
                wanted[step.line] = next(iter(numbers))
            elif numbers:
                return None
        return wanted

    def mends(self) -> dict[Where, Change]:
        """Return the mends that are proved: with them nothing is out of place any more."""
        proposals, self._proposals = self._proposals, []
        if not proposals:
            return {}
        before = _outcomes(self.settings, self.index, [p.before for p in proposals])
        after = _outcomes(self.settings, self.index, [p.after for p in proposals])
        return {
            (p.before.file, p.before.line): _mend(p)
            for p, one, other in zip(proposals, before, after, strict=True)
            if other.is_better_than(one)
        }


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What would be done with an entry: (line, commit) placed, and what is wrong with it."""

    placed: frozenset[tuple[int, str]]
    dead: frozenset[int]
    unplaced: frozenset[tuple[str, str, str]]

    def is_better_than(self, before: _Outcome) -> bool:
        """Tell whether nothing is renumbered any more, and nothing else is as it was not BEFORE.

        The commit of a step that was taken out then speaks of no step.
        """
        return (
            self.placed <= before.placed
            and self.dead <= before.dead
            and {one[1:] for one in self.unplaced} <= {one[1:] for one in before.unplaced}
            and not any(reason == "renumbered" for reason, *_ in self.unplaced)
        )


def _outcomes(settings: Settings, index: Index, entries: Sequence[Experiment]) -> list[_Outcome]:
    planner = Planner(settings, index, entries)
    found: list[_Outcome] = []
    for entry in entries:
        planner.placements, planner.dead, planner.unplaced = [], [], []
        planner.experiment(entry.ident, [entry], None)
        found.append(
            _Outcome(
                frozenset((p.step.line, p.candidate.oid) for p in planner.placements),
                frozenset(dead.step.line for dead in planner.dead),
                frozenset((u.reason, u.reference, u.commit) for u in planner.unplaced),
            )
        )
    return found


def _claims(candidates: Mapping[StepNumber, Sequence[Commit]]) -> dict[str, set[StepNumber]]:
    """Return the steps that each commit claims."""
    found: dict[str, set[StepNumber]] = defaultdict(set)
    for number, some in candidates.items():
        for candidate in some:
            if candidate.place < Place.MENTION:
                found[candidate.oid].add(number)
    return found


def _mend(proposal: _Proposal) -> Change:
    before, after = proposal.before, proposal.after
    pairs = zip(before.steps, after.steps, strict=True)
    changed = [f"{step_text(b.number)} → {step_text(a.number)}" for b, a in pairs if b != a]
    title = f"number the steps as the commits do: {', '.join(changed)}"
    return proposal.entry.change(proposal.lines, [title])
