"""What a plan says, as values: edits of steps, entry by entry, and what cannot be placed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NamedTuple

from explog.entries.text import EntryText, EntryTexts
from explog.errors import ExplogError
from explog.ignored import DroppedEdit, dropped_edit
from explog.model import Change, Commit, Experiment, Step, StepNumber
from explog.org.edit import Mark
from explog.plan.facts import NO_CLAIMS, Claims
from explog.refs import Reference, step_text


class Edit(NamedTuple):
    """A step that gets the hash of a commit, a tick or both.

    `lost` means that it replaces a hash that leads nowhere. `old` are the lines
    of the step that change, and `new` what they become; both are empty until the text of the entry
    has been read. The cookies that follow from a tick are not in `new`: they depend on which edits
    are made together.
    """

    experiment: Experiment
    step: Step
    commit: Commit
    mark: Mark
    lost: bool
    old: str = ""
    new: str = ""

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
    def key(self) -> DroppedEdit:
        """What is kept of it when the user drops it."""
        step = step_text(self.step.number)
        return dropped_edit(self.file, self.experiment.ident, step, self.commit.oid)

    @property
    def message(self) -> str:
        """Say what it does as the user sees it: `e201.1 ← 83d45cd (proj)`."""
        name = os.path.basename(self.commit.repository).removesuffix(".git")
        return f"{self.reference} ← {self.mark.hash or 'ticked'} ({name})"

    @property
    def long_message(self) -> str:
        """Say what it does, and which dead hash it replaces, if it replaces one."""
        if not self.replaces:
            return self.message
        return f"{self.message}: replaces a dead hash, {self.replaces}"

    @property
    def replaces(self) -> str:
        """The dead hash that it replaces, or an empty text."""
        return (self.step.hash or "") if self.lost else ""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A commit that was not placed, and why: a reason that programs know, and a sentence.

    `line` is that of the step in `file`, or of the experiment's heading, which is at `entry_line`.
    """

    reason: str
    reference: str
    repository: str
    commit: str
    message: str
    file: str | None = None
    line: int | None = None
    entry_line: int | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """A hash that stands on a step, leads nowhere, and has nothing to take its place.

    `known` tells whether it was a commit once, as far as anyone remembers.
    """

    experiment: Experiment
    step: Step
    known: bool


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A step that bears the hash of `commit`, which claims other steps: `claims`."""

    experiment: Experiment
    step: Step
    commit: str
    claims: frozenset[StepNumber]

    @property
    def message(self) -> str:
        """Say what is wrong: `83d45cd says [e201.2]: the list was renumbered`."""
        references = (f"[{Reference(self.experiment.ident, n)}]" for n in sorted(self.claims))
        return f"{self.step.hash} says {' '.join(references)}: the list was renumbered"


@dataclass(frozen=True, slots=True)
class Failure:
    """A log or repository that could not be read or written, and the steps left for that."""

    path: str
    error: ExplogError
    steps: frozenset[tuple[str, StepNumber]]


class EntryPlan(NamedTuple):
    """What is to be done in the entry of an experiment, and what is wrong in it.

    `change` makes all of the edits; it is None until the text of the entry has been read, or if
    there are no edits. `claims` are the commits that decided, and `text` is the entry that the
    edits were planned on, so that whoever has the plan need not ask or read again.
    """

    experiment: Experiment
    edits: tuple[Edit, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    dead: tuple[Dead, ...] = ()
    misplaced: tuple[Misplaced, ...] = ()
    change: Change | None = None
    claims: Claims = NO_CLAIMS
    text: EntryText | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether there is nothing to be done and nothing wrong."""
        return not (self.edits or self.unplaced or self.dead or self.misplaced)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done in the logs, entry by entry, and what cannot be done.

    `unplaced` are the commits of all entries that have no place, and of those that are of no entry
    or of more than one. `failures` say what could not be read. `dropped` are edits that would be
    made, had the user not dropped them. `texts` has the logs as they were
    planned on, and `experiments` are those that were found in them.
    """

    texts: EntryTexts
    entries: tuple[EntryPlan, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    failures: tuple[Failure, ...] = ()
    dropped: tuple[Edit, ...] = ()
    experiments: tuple[Experiment, ...] = ()

    @property
    def edits(self) -> list[Edit]:
        """The edits of all entries."""
        return [edit for entry in self.entries for edit in entry.edits]

    @property
    def changes(self) -> list[Change]:
        """The changes of all entries that have one."""
        return [entry.change for entry in self.entries if entry.change is not None]

    @property
    def dead(self) -> list[Dead]:
        """The dead hashes of all entries."""
        return [dead for entry in self.entries for dead in entry.dead]

    @property
    def misplaced(self) -> list[Misplaced]:
        """The misplaced hashes of all entries."""
        return [misplaced for entry in self.entries for misplaced in entry.misplaced]
