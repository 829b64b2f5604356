"""Backfill: plan which hash goes where.

A plan is made from the index and from the text of the entries it touches; it is checked again
against that text when it is carried out (`writing` and `changes`, beside this). `plan` looks at all
logs, `plan_entry` at one entry that an Emacs buffer holds and no file yet.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from explog.config import Settings
from explog.entries.held import Holdings, file_options
from explog.errors import ExplogError
from explog.index.commits import claimed_experiments
from explog.index.database import Index
from explog.index.logs import find_experiments
from explog.model import Experiment, LineEdit, StepNumber
from explog.org.edit import mark_entry
from explog.org.entry import Entry, read_experiment
from explog.org.files import read_log
from explog.org.options import OrgOptions
from explog.plan.edits import Edit, LogText, Plan
from explog.plan.planner import Failure, Placement, Planner, Unplaced


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """What is to be done in one entry: its line edits (0-based in it), and the steps they serve."""

    lines: tuple[LineEdit, ...]
    edits: tuple[Edit, ...]
    unplaced: tuple[Unplaced, ...]


def plan(
    settings: Settings,
    index: Index,
    only: Collection[tuple[str, StepNumber]] | None = None,
    held: Holdings | None = None,
) -> Plan:
    """Plan for all experiments, or ONLY for some (id, step) pairs. Reads files, writes none.

    What an Emacs holds, if HELD says so, is planned on the text of its buffers.
    """
    wanted = None if only is None else _by_experiment(only)
    buffers = None if held is None else _Buffers(settings, held)
    found: dict[str, list[Experiment]] = defaultdict(list)
    for experiment in find_experiments(index, wanted):
        if buffers is None or not buffers.hold(experiment.file):
            found[experiment.ident].append(experiment)
    for experiment in buffers.experiments() if buffers else ():
        if wanted is None or experiment.ident in wanted:
            found[experiment.ident].append(experiment)
    planner = Planner(settings, index, (e for entries in found.values() for e in entries))
    for ident in sorted(_with_hash_or_claim(index, found)) if wanted is None else wanted:
        steps = None if wanted is None else wanted[ident]
        planner.experiment(ident, found.get(ident, []), steps)
    result = Plan(unplaced=planner.unplaced, dead=planner.dead, misplaced=planner.misplaced)
    _make_edits(result, planner.placed(), settings, buffers)
    result.failures += planner.failures
    return result


def plan_entry(
    settings: Settings,
    index: Index,
    file: str,
    line: int,
    text: str,
    options: OrgOptions,
    only: Collection[StepNumber] | None = None,
) -> EntryPlan:
    """Plan for the entry TEXT that an Emacs buffer holds at LINE of FILE, or ONLY some steps."""
    found = read_experiment(text, line, (), options, settings.steps_heading)
    if found is None:
        raise ExplogError("unknown-experiment", f"{file}:{line}: this entry has no id", file=file)
    others = _others(find_experiments(index, [found.id]), file, line)
    here = _as_found(file, line, found)
    planner = Planner(settings, index, [here])
    planner.experiment(found.id, [here, *others], only)
    placements = [p for p in planner.placed() if p.experiment is here]
    for failure in planner.failures:
        raise failure.error
    marks = [p.mark for p in placements]
    lines = mark_entry(text, marks, options, settings.steps_heading)
    edits = tuple(_edit(p, text, options, settings) for p in placements)
    return EntryPlan(lines, tuple(e for e in edits if e is not None), tuple(planner.unplaced))


def _as_found(file: str, line: int, read: Entry) -> Experiment:
    return Experiment(0, file, line, 0, 0, read.id, read.title, read.todo, read.done, read.steps)


class _Buffers:
    """The logs that buffers hold, read as the files are that nobody holds."""

    def __init__(self, settings: Settings, held: Holdings) -> None:
        self.settings = settings
        self.held = held
        self._hold: dict[str, bool] = {}
        self._options: dict[str, OrgOptions] = {}
        self._texts: dict[tuple[str, int], str] = {}

    def hold(self, file: str) -> bool:
        """Tell whether a buffer holds FILE."""
        if file not in self._hold:
            self._hold[file] = file in self.held
        return self._hold[file]

    def experiments(self) -> Iterator[Experiment]:
        """Yield the experiments in the buffers."""
        heading = self.settings.steps_heading
        for entry in filter(lambda entry: entry.text, self.held.entries):
            read = read_experiment(entry.text, entry.line, (), self._of(entry.file), heading)
            if read is not None and read.id == entry.ident:
                self._texts[entry.file, entry.line] = entry.text
                yield _as_found(entry.file, entry.line, read)

    def edits(self, placements: Iterable[Placement]) -> Iterator[Edit]:
        """Yield the edits for PLACEMENTS, which are in a file that a buffer holds."""
        for placement in sorted(placements, key=lambda p: (p.experiment.line, p.step.line)):
            found = placement.experiment
            text = self._texts[found.file, found.line]
            edit = _edit(placement, text, self._of(found.file), self.settings)
            if edit is not None:
                yield edit

    def _of(self, file: str) -> OrgOptions:
        if file not in self._options:
            self._options[file] = file_options(file, self.settings)
        return self._options[file]


def _others(entries: Iterable[Experiment], file: str, line: int) -> list[Experiment]:
    """Return ENTRIES without the one that a buffer has at LINE of FILE, or near it by now."""
    entries = list(entries)
    same = [entry for entry in entries if os.path.realpath(entry.file) == os.path.realpath(file)]
    nearest = min(same, key=lambda entry: abs(entry.line - line), default=None)
    return [entry for entry in entries if entry is not nearest]


def _make_edits(
    result: Plan, placements: Iterable[Placement], settings: Settings, buffers: _Buffers | None
) -> None:
    """Turn PLACEMENTS into the edits of RESULT, on the text of BUFFERS or of the files by now."""
    by_file: dict[str, list[Placement]] = defaultdict(list)
    for placement in placements:
        by_file[placement.experiment.file].append(placement)
    for file, some in sorted(by_file.items()):
        try:
            if buffers is not None and buffers.hold(file):
                result.edits += list(buffers.edits(some))  # all, or none that cannot be read
                continue
            data = read_log(Path(file))
            result.edits += _file_edits(LogText(file, data, settings), some)
            result.texts[file] = data
        except ExplogError as error:
            steps = frozenset((p.experiment.ident, p.step.number) for p in some)
            result.failures.append(Failure(file, error, steps))


def _file_edits(log: LogText, placements: Iterable[Placement]) -> list[Edit]:
    """Return the edits of one file; raise ExplogError `changed` where the index is behind it."""
    edits: list[Edit] = []
    checked: dict[int, str] = {}
    for placement in sorted(placements, key=lambda p: (p.experiment.line, p.step.line)):
        experiment = placement.experiment
        text = checked.get(experiment.line)
        if text is None:
            text = checked[experiment.line] = log.entry(experiment.line, experiment.ident)
            log.checked_steps(text.split("\n"), experiment)
        edit = _edit(placement, text, log.context.options, log.settings)
        if edit is not None:
            edits.append(edit)
    return edits


def _edit(placement: Placement, text: str, options: OrgOptions, settings: Settings) -> Edit | None:
    """Return the edit for PLACEMENT alone; None when org's rules leave nothing to change."""
    experiment, step = placement.experiment, placement.step
    changed = mark_entry(text, [placement.mark], options, settings.steps_heading)
    new = {line.line: line.new for line in changed if line.line >= step.line}
    put = f"({placement.mark.hash})"
    ends = [n for n in new if n == step.line or put in new[n]]
    if not ends:
        return None
    lines = text.split("\n")
    span = range(step.line, min(n for n in ends if n != step.line or len(ends) == 1) + 1)
    return Edit(
        file=experiment.file,
        line=experiment.line + step.line,
        experiment=experiment.ident,
        step=step.number,
        repository=placement.candidate.repository,
        commit=placement.candidate.oid,
        old="\n".join(lines[n] for n in span),
        new="\n".join(new.get(n, lines[n]) for n in span),
        mark=placement.mark,
        entry_line=experiment.line,
        results=placement.candidate.results,
        lost=placement.lost,
    )


def _with_hash_or_claim(index: Index, found: Mapping[str, Sequence[Experiment]]) -> set[str]:
    """Return the ids of the experiments that there may be something to say of."""
    return set(claimed_experiments(index)).union(
        ident
        for ident, entries in found.items()
        if any(step.hash is not None for entry in entries for step in entry.steps)
    )


def _by_experiment(steps: Iterable[tuple[str, StepNumber]]) -> dict[str, set[StepNumber]]:
    found: dict[str, set[StepNumber]] = defaultdict(set)
    for ident, step in steps:
        found[ident].add(step)
    return found
