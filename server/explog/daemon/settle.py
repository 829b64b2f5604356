"""Settle: put what is pending in its place, in the buffers of an Emacs or in the files.

A log that an Emacs visits is edited there, on the text that its buffer holds; any other is written
by us. What cannot be done now stays pending and is told of once.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from explog.config import Settings
from explog.entries.diff import carry_out
from explog.entries.files import git_problem
from explog.entries.held import Editor, HeldEntry, file_options, wanted_entries
from explog.errors import ExplogError
from explog.index.commits import clear_pending, pending_steps
from explog.index.database import Index
from explog.index.logs import find_experiments
from explog.model import StepNumber
from explog.plan.backfill import EntryPlan, plan, plan_entry
from explog.plan.edits import Plan
from explog.plan.planner import Unplaced
from explog.refs import Reference
from explog.sync.look import sync_logs

# Reasons that a later change of a log may lift; steps unplaced for any other are done with.
_MAY_CHANGE = {"unknown-step", "ambiguous"}


@dataclass(slots=True)
class Settled:
    """What was done: messages of what was put in files, problems, and whether to try again."""

    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    retry: bool = False


def settle(settings: Settings, index: Index, editors: Sequence[Editor]) -> Settled:
    """Put the pending steps of INDEX in their place; call `forget_settled` after the next sync."""
    result = Settled()
    pending = pending_steps(index)
    if not pending:
        return result
    buffers = _Buffers(settings, index, pending, result)
    for editor in editors:
        try:
            buffers.settle(editor)
        except ExplogError as error:
            # What this Emacs visits is not known, so no file may be touched behind its back.
            result.retry = True
            result.problems.append(error.message)
            return result
    planned = plan(settings, index, only=pending)
    result.problems += [
        unplaced.message
        for unplaced in planned.unplaced
        if unplaced.reference not in buffers.answered
    ]
    _in_files(settings, index, planned, pending, buffers.files, result)
    return result


def forget_settled(settings: Settings, index: Index) -> bool:
    """Take out of the pending steps those for which the files leave nothing to be done.

    Return whether there is one that a file could have, as when a buffer has it and is not saved.
    """
    pending = pending_steps(index)
    if not pending:
        return False
    planned = plan(settings, index, only=pending)
    left = {(edit.experiment, edit.step) for edit in planned.edits}
    left = left.union(*(failure.steps for failure in planned.failures))
    # An experiment that no log has yet may be written later, whatever its id looks like.
    known = {found.ident for found in find_experiments(index, {ident for ident, _step in pending})}
    left |= {pair for pair in pending if pair[0] not in known}
    waiting = {u.reference for u in planned.unplaced if u.reason in _MAY_CHANGE}
    left |= {pair for pair in pending if str(Reference(*pair)) in waiting}
    with index.writing():
        clear_pending(index, pending - left)
    return bool(planned.edits)


class _Buffers:
    """What is pending, put into the buffers of one Emacs after the other.

    `files` are those that an Emacs holds, and `answered` the references that buffers decided on.
    """

    def __init__(
        self,
        settings: Settings,
        index: Index,
        pending: Collection[tuple[str, StepNumber]],
        result: Settled,
    ) -> None:
        self.settings = settings
        self.index = index
        self.result = result
        self.files: set[str] = set()
        self.answered: set[str] = set()
        self._ambiguous: set[tuple[str, str]] = set()
        self._steps: dict[str, set[StepNumber]] = defaultdict(set)
        for ident, step in pending:
            self._steps[ident].add(step)

    def settle(self, editor: Editor) -> None:
        """Put what is pending into the buffers of EDITOR; raise ExplogError if it cannot say."""
        for entry in editor.entries(wanted_entries(self.index, self._steps)):
            if entry is None:
                continue
            self.files.add(os.path.realpath(entry.file))
            # Without a text the buffer has it no more; the file is not ours to touch all the same.
            if entry.text and entry.ident in self._steps:
                self._settle_entry(editor, entry)

    def _tell(self, unplaced: Iterable[Unplaced]) -> None:
        """Tell of UNPLACED; what two entries may be meant by is the same problem in each."""
        for one in unplaced:
            key = (one.commit, one.reference)
            if one.reason == "ambiguous":
                if key in self._ambiguous:
                    continue
                self._ambiguous.add(key)
            self.result.problems.append(one.message)

    def _settle_entry(self, editor: Editor, entry: HeldEntry) -> None:
        steps = self._steps[entry.ident]
        try:
            planned = self._plan(entry, steps)
        except ExplogError as error:
            self._fail(entry, _references(entry.ident, steps), error.message)
            return
        self.answered |= {str(Reference(entry.ident, step)) for step in steps}
        self._tell(planned.unplaced)
        if not planned.lines:
            return
        served = ", ".join(str(Reference(edit.experiment, edit.step)) for edit in planned.edits)
        problem = entry.problem or git_problem(entry.file)
        if problem is not None:
            self._fail(entry, served, problem)
            return
        try:
            editor.edit(entry, planned.lines, [edit.message for edit in planned.edits])
        except ExplogError as error:
            self._fail(entry, served, error.message)

    def _plan(self, entry: HeldEntry, steps: Collection[StepNumber]) -> EntryPlan:
        options = file_options(entry.file, self.settings)
        return plan_entry(
            self.settings, self.index, entry.file, entry.line, entry.text, options, only=steps
        )

    def _fail(self, entry: HeldEntry, references: str, reason: str) -> None:
        self.result.problems.append(f"{references or entry.ident}: {reason}")
        self.result.retry = True


def _references(ident: str, steps: Iterable[StepNumber]) -> str:
    return ", ".join(str(Reference(ident, step)) for step in sorted(steps))


def _in_files(
    settings: Settings,
    index: Index,
    planned: Plan,
    pending: Collection[tuple[str, StepNumber]],
    held: Collection[str],
    result: Settled,
) -> None:
    """Write PLANNED to the files that no Emacs holds."""

    def plan_anew() -> Plan:
        sync_logs(settings, index)
        return plan(settings, index, only=pending)

    paths = {*planned.by_file(), *(failure.path for failure in planned.failures)}
    free = {path for path in paths if os.path.realpath(path) not in held}
    written = carry_out(planned, settings, plan_anew, free)
    result.done += [edit.message for edit in written.edits]
    for failure in written.failures:
        names = ", ".join(sorted(str(Reference(*pair)) for pair in failure.steps))
        result.problems.append(f"{names}: {failure.error.message}")
        result.retry = True
