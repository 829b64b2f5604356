"""Find the flags: steps that bear a hash, and have another number than its commit says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from explog.config import Settings
from explog.index.database import Index
from explog.index.logs import find_experiments
from explog.model import Experiment, Flag
from explog.plan.deciding import decide_all
from explog.plan.facts import gather


def find_flags(settings: Settings, index: Index, idents: Iterable[str]) -> list[Flag]:
    """Return the flags of the experiments IDENTS as INDEX has them. No log is read."""
    found: dict[str, list[Experiment]] = defaultdict(list)
    for experiment in find_experiments(index, idents):
        found[experiment.ident].append(experiment)
    bearing = {
        ident: entries
        for ident, entries in found.items()
        if any(step.hash for entry in entries for step in entry.steps)
    }
    facts = gather(settings, index, (e for entries in bearing.values() for e in entries))
    decided, _unplaced = decide_all(facts, bearing, bearing)
    return [
        Flag(
            one.experiment.file,
            one.experiment.line + one.step.line,
            one.experiment.ident,
            one.step.hash or "",
            one.message,
        )
        for entry in decided
        for one in entry.misplaced
    ]
