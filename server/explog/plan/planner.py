"""Plan which hash goes where, in all logs or on some steps. Nothing is written here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from explog.config import Settings
from explog.entries.emacs import BufferEntry
from explog.entries.text import EntryTexts
from explog.errors import ExplogError
from explog.garbage import few_collections
from explog.ignored import DroppedEdit
from explog.index.commits import claimed_experiments
from explog.index.database import Index
from explog.model import Experiment, StepNumber
from explog.plan.deciding import Only, decide_all
from explog.plan.facts import Facts, gather
from explog.plan.plans import Edit, EntryPlan, Failure, Plan
from explog.plan.texts import on_texts


@few_collections()
def plan(
    settings: Settings,
    index: Index,
    texts: EntryTexts,
    only: Collection[tuple[str, StepNumber]] | None = None,
    dropped: Collection[DroppedEdit] = (),
) -> Plan:
    """Plan for all experiments, or ONLY for some (id, step) pairs; leave out what was DROPPED.

    TEXTS has the entries that are in buffers, and reads files. INDEX is up to date.
    """
    wanted = None if only is None else _by_experiment(only)
    experiments, unreadable = texts.experiments(index, wanted)
    found = _by_ident(experiments)
    idents = set(wanted) if wanted is not None else _with_hash_or_claim(index, found)
    idents.difference_update(entry.ident for entry in unreadable)
    facts = gather(settings, index, experiments)
    decided, unplaced = decide_all(facts, found, idents, wanted)
    abbreviated, no_git = _abbreviated(decided, facts)
    kept, left_out = _without(abbreviated, dropped)
    entries, no_text = on_texts(kept, texts)
    failures = [*(_without_id(entry, wanted) for entry in unreadable), *no_text, *no_git]
    return Plan(
        texts,
        tuple(entries),
        tuple(unplaced),
        tuple(failures),
        tuple(left_out),
        tuple(experiments),
    )


def _without(
    entries: list[EntryPlan], dropped: Collection[DroppedEdit]
) -> tuple[list[EntryPlan], list[Edit]]:
    """Return ENTRIES without those of their edits that were DROPPED, and those edits."""
    if not dropped:  # else each edit asks for the real name of its log
        return entries, []
    out = [[edit for edit in entry.edits if edit.key in dropped] for entry in entries]
    kept = [
        entry._replace(edits=tuple(edit for edit in entry.edits if edit not in some))
        for entry, some in zip(entries, out, strict=True)
    ]
    return kept, [edit for some in out for edit in some]


def _by_experiment(steps: Iterable[tuple[str, StepNumber]]) -> Only:
    found: dict[str, set[StepNumber]] = defaultdict(set)
    for ident, step in steps:
        found[ident].add(step)
    return found


def _by_ident(experiments: Iterable[Experiment]) -> dict[str, list[Experiment]]:
    found: dict[str, list[Experiment]] = defaultdict(list)
    for experiment in experiments:
        found[experiment.ident].append(experiment)
    return found


def _with_hash_or_claim(index: Index, found: Mapping[str, Sequence[Experiment]]) -> set[str]:
    """Return the ids of the experiments that a commit claims, or that have a hash on a step."""
    return set(claimed_experiments(index)).union(
        ident
        for ident, entries in found.items()
        if any(step.hash is not None for entry in entries for step in entry.steps)
    )


def _without_id(entry: BufferEntry, wanted: Only | None) -> Failure:
    reason = f"{entry.file}:{entry.line}: this entry has no id"
    error = ExplogError("unknown-experiment", reason, file=entry.file)
    steps = () if wanted is None else wanted[entry.ident]
    return Failure(entry.file, error, frozenset((entry.ident, step) for step in steps))


def _abbreviated(
    entries: Sequence[EntryPlan], facts: Facts
) -> tuple[list[EntryPlan], list[Failure]]:
    """Return ENTRIES with hashes abbreviated as their repositories need it.

    Edits for a repository that cannot be read are left out, and become a failure.
    """
    edits = [edit for entry in entries for edit in entry.edits if edit.mark.hash is not None]
    short, errors = facts.abbreviations(edit.commit for edit in edits)
    failures = [
        Failure(
            path,
            errors[common_dir],
            frozenset(
                (edit.experiment.ident, edit.step.number)
                for edit in edits
                if edit.commit.common_dir == common_dir
            ),
        )
        for common_dir, path in ((str(r.common_dir), str(r.path)) for r in facts.repositories)
        if common_dir in errors
    ]
    return [_with_short_hashes(entry, short) for entry in entries], failures


def _with_short_hashes(entry: EntryPlan, short: Mapping[str, str]) -> EntryPlan:
    edits = [
        edit
        if edit.mark.hash is None
        else edit._replace(mark=edit.mark._replace(hash=short[edit.mark.hash]))
        for edit in entry.edits
        if edit.mark.hash is None or edit.mark.hash in short
    ]
    return entry._replace(edits=tuple(edits))
