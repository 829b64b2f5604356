"""What a plan is: edits of steps, entry by entry, and what has no place."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from explog.entries.text import EntryText, EntryTexts
from explog.model import Change, Commit, Experiment, Step
from explog.org.edit import Mark
from explog.plan.planner import Dead, Failure, Misplaced, Placement, Unplaced
from explog.refs import Reference


@dataclass(frozen=True, slots=True)
class Edit:
    """A step that gets the hash of a commit, a tick or both, and its lines: `old` becomes `new`.

    The cookies that follow from a tick are not in `new`: they depend on which edits are made
    together. `lost` means that the step bears a commit that no branch reaches any more.
    """

    experiment: Experiment
    step: Step
    commit: Commit
    mark: Mark
    lost: bool
    old: str
    new: str

    @property
    def file(self) -> str:
        """The log that the step is in."""
        return self.experiment.file

    @property
    def line(self) -> int:
        """The 1-based line of the step in the log."""
        return self.experiment.line + self.step.line

    @property
    def reference(self) -> Reference:
        """What commits call the step."""
        return Reference(self.experiment.ident, self.step.number)

    @property
    def message(self) -> str:
        """Say what it does as the user sees it: `e201.1 ← 83d45cd (proj)`."""
        name = os.path.basename(self.commit.repository).removesuffix(".git")
        return f"{self.reference} ← {self.mark.hash or 'ticked'} ({name})"


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """What is to be done in one entry: its edits, and the change that makes them all."""

    experiment: Experiment
    edits: tuple[Edit, ...]
    change: Change


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backfill would do, entry by entry, and what it cannot do.

    `dead` are hashes that lead nowhere and that nothing replaces; `misplaced` are hashes whose
    commit claims another step; `failures` say what could not be read. `texts` has the logs as they
    were planned on.
    """

    texts: EntryTexts
    entries: tuple[EntryPlan, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    dead: tuple[Dead, ...] = ()
    misplaced: tuple[Misplaced, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def edits(self) -> list[Edit]:
        """The edits of all entries."""
        return [edit for entry in self.entries for edit in entry.edits]

    @property
    def changes(self) -> list[Change]:
        """The changes of all entries."""
        return [entry.change for entry in self.entries]


def plan_entry(entry: EntryText, placements: Iterable[Placement]) -> EntryPlan | None:
    """Return what it takes to put PLACEMENTS into ENTRY; None if org lets nothing be changed."""
    placements = sorted(placements, key=lambda placement: placement.step.line)
    edits = tuple(edit for one in placements if (edit := _edit(entry, one)) is not None)
    if not edits:
        return None
    lines = entry.mark([edit.mark for edit in edits])
    return EntryPlan(entry.experiment, edits, entry.change(lines, [edit.message for edit in edits]))


def _edit(entry: EntryText, placement: Placement) -> Edit | None:
    """Return the edit for PLACEMENT alone; None when org's rules leave nothing to change."""
    step = placement.step
    new = {line.line: line.new for line in entry.mark([placement.mark]) if line.line >= step.line}
    put = placement.mark.hash
    ends = [n for n in new if n == step.line or (put and put in new[n].lower())]
    if not ends:
        return None
    span = range(step.line, min(n for n in ends if n != step.line or len(ends) == 1) + 1)
    return Edit(
        experiment=placement.experiment,
        step=step,
        commit=placement.candidate,
        mark=placement.mark,
        lost=placement.lost,
        old="\n".join(entry.lines[n] for n in span),
        new="\n".join(new.get(n, entry.lines[n]) for n in span),
    )
