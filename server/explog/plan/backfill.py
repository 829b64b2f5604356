"""Backfill: plan which hash goes where, for all logs or for some steps, and write it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from explog.config import Settings
from explog.entries.apply import apply
from explog.entries.emacs import BufferEntry
from explog.entries.text import EntryTexts
from explog.errors import ExplogError
from explog.index.commits import claimed_experiments
from explog.index.database import Index
from explog.model import Experiment, StepNumber
from explog.plan.edits import Edit, EntryPlan, Plan, plan_entry
from explog.plan.planner import Failure, Placement, Planner


def plan(
    settings: Settings,
    index: Index,
    texts: EntryTexts,
    only: Collection[tuple[str, StepNumber]] | None = None,
) -> Plan:
    """Plan for all experiments, or ONLY for some (id, step) pairs. Nothing is written.

    TEXTS has the entries that are in buffers, and reads files.
    """
    wanted = None if only is None else _by_experiment(only)
    experiments, unreadable = texts.experiments(index, wanted)
    found: dict[str, list[Experiment]] = defaultdict(list)
    for experiment in experiments:
        found[experiment.ident].append(experiment)
    skipped = {entry.ident for entry in unreadable}
    planner = Planner(settings, index, experiments)
    for ident in sorted(_with_hash_or_claim(index, found)) if wanted is None else wanted:
        steps = None if wanted is None else wanted[ident]
        if ident not in skipped:
            planner.experiment(ident, found.get(ident, []), steps)
    entries, failures = _entry_plans(planner.placed(), texts)
    return Plan(
        texts,
        tuple(entries),
        tuple(planner.unplaced),
        tuple(planner.dead),
        tuple(planner.misplaced),
        (*(_without_id(entry, wanted) for entry in unreadable), *failures, *planner.failures),
    )


def _entry_plans(
    placements: Iterable[Placement], texts: EntryTexts
) -> tuple[list[EntryPlan], list[Failure]]:
    """Return what PLACEMENTS do to each entry, log by log, and what could not be read."""
    by_file: dict[str, dict[int, list[Placement]]] = defaultdict(lambda: defaultdict(list))
    for placement in placements:
        by_file[placement.experiment.file][placement.experiment.line].append(placement)
    entries: list[EntryPlan] = []
    failures: list[Failure] = []
    for file, lines in sorted(by_file.items()):
        try:
            planned = [
                plan_entry(texts.entry(some[0].experiment), some)
                for _line, some in sorted(lines.items())
            ]
        except ExplogError as error:  # the index is behind the file, or it cannot be read
            steps = frozenset(
                (one.experiment.ident, one.step.number) for some in lines.values() for one in some
            )
            failures.append(Failure(file, error, steps))
        else:
            entries += [entry for entry in planned if entry is not None]
    return entries, failures


def _without_id(entry: BufferEntry, wanted: Mapping[str, Collection[StepNumber]] | None) -> Failure:
    reason = f"{entry.file}:{entry.line}: this entry has no id"
    error = ExplogError("unknown-experiment", reason, file=entry.file)
    steps = () if wanted is None else wanted[entry.ident]
    return Failure(entry.file, error, frozenset((entry.ident, step) for step in steps))


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


def _apply(planned: Plan, files: Collection[str] | None) -> tuple[list[EntryPlan], list[Failure]]:
    """Write what PLANNED has for FILES; return what was done, and what was not."""
    entries = [one for one in planned.entries if files is None or one.experiment.file in files]
    failures = [one for one in planned.failures if files is None or one.path in files]
    results = apply([entry.change for entry in entries], planned.texts)
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
