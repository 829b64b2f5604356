"""What a results commit measured for a step, and how that differs from the step before."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import cache

from explog.index.database import Index
from explog.model import StepNumber
from explog.refs import Reference
from explog.report.gather import WorkCommit, results_before
from explog.results.cells import Cell
from explog.results.kept import kept_values
from explog.results.table import StepResult, make_table


class StepMetrics:
    """Asks INDEX for what commits measured."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._cells = cache(self._read)

    def of(self, commit: WorkCommit, experiment: str, step: StepNumber) -> tuple[str, ...]:
        """Return a text for each metric that COMMIT gives of a step: `acc 71.4 % (+0.6)`."""
        cells = self._cells(commit.oid, experiment, step)
        if not cells:
            return ()
        before = results_before(self._index, experiment, step, commit.time)
        known = self._cells(before[1], experiment, before[0]) if before is not None else {}
        return tuple(
            f"{name} {cell.text}{_change(cell, known.get(name))}" for name, cell in cells.items()
        )

    def _read(self, oid: str, experiment: str, step: StepNumber) -> dict[str, Cell]:
        values = kept_values(self._index, [oid]).get(oid)
        if values is None:
            return {}
        samples = values.of(str(Reference(experiment, step)))
        result = StepResult(experiment, step, "", "", "", 0, "", oid, "", 0, samples)
        table = make_table([result])
        (row,) = table.rows
        return {name: row.metrics[name] for name in table.metrics}


def _change(now: Cell, before: Cell | None) -> str:
    """Return by how much a metric changed: ` (+0.6)`, or nothing where that cannot be said."""
    if before is None or now.unit != before.unit:
        return ""
    try:
        change = Decimal(now.mean_text) - Decimal(before.mean_text)
    except InvalidOperation:
        return ""
    return f" ({change:+})" if change.is_finite() else ""
