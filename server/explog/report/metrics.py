"""What results commits measured for steps, and how that differs from the steps before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from explog.config import Settings
from explog.index.database import Index
from explog.model import StepNumber
from explog.refs import Reference
from explog.report.gather import WorkCommit, results_before
from explog.results.cells import Cell, make_cells
from explog.results.kept import values_of
from explog.results.values import Sample

Measured: TypeAlias = tuple[WorkCommit, str, StepNumber]
"""A results commit, and the experiment and the step that it is of."""


class StepMetrics:
    """What the commits in MEASURED give, and the commits of the steps before: read at once."""

    def __init__(self, settings: Settings, index: Index, measured: Iterable[Measured]) -> None:
        self.measured = tuple(measured)
        self._before = {
            (commit.oid, ident, step): results_before(index, ident, step, commit.time)
            for commit, ident, step in self.measured
        }
        before = (found[1] for found in self._before.values() if found is not None)
        oids = list(dict.fromkeys([*(oid for oid, _ident, _step in self._before), *before]))
        self._values = values_of(settings, index, oids)

    def of(self, commit: WorkCommit, experiment: str, step: StepNumber) -> tuple[str, ...]:
        """Return a text for each metric that COMMIT gives of a step: `acc 71.4 % (+0.6)`."""
        cells = self._cells(commit.oid, experiment, step)
        before = self._before[commit.oid, experiment, step] if cells else None
        known = self._cells(before[1], experiment, before[0]) if before is not None else {}
        return tuple(
            f"{name} {cell.text}{_change(cell, known.get(name))}" for name, cell in cells.items()
        )

    def samples(self, oid: str, experiment: str, step: StepNumber) -> Sequence[Sample]:
        """Return the samples that the commit OID, by its full id, has of a step."""
        if oid not in self._values:
            return ()
        return self._values[oid].of(str(Reference(experiment, step)))

    def _cells(self, oid: str, experiment: str, step: StepNumber) -> dict[str, Cell]:
        return make_cells(self.samples(oid, experiment, step))


def _change(now: Cell, before: Cell | None) -> str:
    """Return by how much a metric changed: ` (+0.6)`, or nothing where that cannot be said."""
    if before is None or now.unit != before.unit:
        return ""
    try:
        change = Decimal(now.mean_text) - Decimal(before.mean_text)
    except InvalidOperation:
        return ""
    return f" ({change:+})" if change.is_finite() else ""
