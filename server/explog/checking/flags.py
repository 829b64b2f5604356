"""Flags: steps that bear a hash and got another number than its commit says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from explog.config import Settings
from explog.index.store import Store
from explog.model import Experiment
from explog.plan.planner import Planner

_RENUMBERED = ("renumbered", "unknown-step")


@dataclass(frozen=True, slots=True)
class Flag:
    """A step at the 1-based `line` of `file`, and what is to be said of its hash."""

    file: str
    line: int
    experiment: str
    hash: str
    message: str


def find_flags(settings: Settings, store: Store, idents: Iterable[str]) -> list[Flag]:
    """Return the flags of the experiments IDENTS as STORE has them; nothing else is read."""
    found: dict[str, list[Experiment]] = defaultdict(list)
    for experiment in store.experiments(idents):
        found[experiment.ident].append(experiment)
    bearing = {
        ident: entries
        for ident, entries in found.items()
        if any(step.hash for entry in entries for step in entry.steps)
    }
    planner = Planner(settings, store, (e for entries in bearing.values() for e in entries))
    for ident, entries in bearing.items():
        planner.experiment(ident, entries, None)
    at = {(e.file, e.line): e for entries in bearing.values() for e in entries}
    return [
        Flag(
            entry.file,
            entry.line + step.line,
            entry.ident,
            step.hash,
            f"{step.hash} says [{unplaced.reference}]: the list was renumbered",
        )
        for unplaced in planner.unplaced
        if unplaced.reason in _RENUMBERED and unplaced.file and unplaced.entry_line
        for entry in [at[unplaced.file, unplaced.entry_line]]
        for step in entry.steps
        if step.hash and unplaced.commit.startswith(step.hash)
    ]
