"""Settle: put what is pending in its place, in the buffers of an Emacs or in the files.

What cannot be done now stays pending, and is told of once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from explog.config import Settings
from explog.entries.emacs import BufferEntries, Editor
from explog.entries.text import EntryTexts
from explog.errors import ExplogError
from explog.ignored import read_dropped
from explog.index.commits import clear_pending, pending_steps
from explog.index.database import Index
from explog.index.logs import find_experiments
from explog.model import StepNumber
from explog.plan.backfill import carry_out
from explog.plan.planner import plan
from explog.plan.plans import Failure, Plan
from explog.refs import Reference
from explog.sync.look import sync_logs

# Reasons that a later change of a log may lift; steps unplaced for any other are done with.
_MAY_CHANGE = {"unknown-step", "ambiguous"}


@dataclass(frozen=True, slots=True)
class Settled:
    """What was done: messages of what was put in files, problems, and whether to try again."""

    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    retry: bool = False


def settle(settings: Settings, index: Index, editors: Sequence[Editor]) -> Settled:
    """Put the pending steps of INDEX in their place; call `forget_settled` after the next sync.

    Emacs itself tells the user what was put in its buffers.
    """
    pending = pending_steps(index)
    if not pending:
        return Settled()
    planned, problem = _plan(settings, index, editors, pending)

    def plan_anew() -> Plan:
        sync_logs(settings, index)
        return _plan(settings, index, editors, pending)[0]

    written = carry_out(planned, plan_anew)
    in_files = [
        entry for entry in written.entries if not planned.texts.in_buffer(entry.experiment.file)
    ]
    failed = [_failed(failure) for failure in written.failures]
    unplaced = [unplaced.message for unplaced in planned.unplaced]
    return Settled(
        done=[edit.message for entry in in_files for edit in entry.edits],
        problems=[*([problem] if problem else []), *failed, *unplaced],
        retry=problem is not None or bool(failed),
    )


def ask_editors(
    editors: Sequence[Editor], index: Index, idents: Collection[str]
) -> tuple[BufferEntries, str | None]:
    """Return the entries of the experiments IDENTS in buffers of EDITORS.

    If one of these does not answer, return what was learnt before, and why it does not.
    """
    buffers = BufferEntries()
    for editor in editors:
        try:
            buffers.ask(editor, index, idents)
        except ExplogError as error:
            return buffers, error.message
    return buffers, None


def _plan(
    settings: Settings,
    index: Index,
    editors: Sequence[Editor],
    pending: Collection[tuple[str, StepNumber]],
) -> tuple[Plan, str | None]:
    """Return the plan for the PENDING steps, and why one of EDITORS cannot say what it visits.

    In that case the plan is for the buffers of the others alone: no file may be written behind the
    back of an Emacs that visits it.
    """
    buffers, problem = ask_editors(editors, index, {ident for ident, _step in pending})
    planned = plan(settings, index, EntryTexts(settings, buffers), pending, read_dropped())
    if problem is not None:
        entries = tuple(one for one in planned.entries if one.experiment.file in buffers)
        planned = Plan(planned.texts, entries)
    return planned, problem


def _failed(failure: Failure) -> str:
    names = ", ".join(str(Reference(*pair)) for pair in sorted(failure.steps))
    return f"{names}: {failure.error.message}"


def forget_settled(settings: Settings, index: Index) -> bool:
    """Take out of the pending steps those for which the files leave nothing to be done.

    Return whether a file lacks a hash, as when a buffer has it and is not saved.
    """
    pending = pending_steps(index)
    if not pending:
        return False
    planned = plan(settings, index, EntryTexts(settings), pending, read_dropped())
    left = {(edit.experiment.ident, edit.step.number) for edit in planned.edits}
    left = left.union(*(failure.steps for failure in planned.failures))
    # An experiment that no log has yet may be written later, whatever its id looks like.
    known = {found.ident for found in find_experiments(index, {ident for ident, _step in pending})}
    left |= {pair for pair in pending if pair[0] not in known}
    waiting = {u.reference for u in planned.unplaced if u.reason in _MAY_CHANGE}
    left |= {pair for pair in pending if str(Reference(*pair)) in waiting}
    with index.writing():
        clear_pending(index, pending - left)
    return bool(planned.edits)
