"""One metric of each experiment: what its newest results commit that has it gives."""

from __future__ import annotations

from collections.abc import Iterable

from explog.index.database import Index
from explog.index.samples import newest_with_metric
from explog.refs import Reference, parse_step
from explog.results.cells import make_cells
from explog.results.kept import kept_values


def latest_metric(index: Index, name: str, idents: Iterable[str]) -> dict[str, str]:
    """Return {experiment: text} of the metric NAME for those of IDENTS that have it: `71.4 %`."""
    newest = newest_with_metric(index, name, idents)
    values = kept_values(index, (oid for _step, oid in newest.values()))
    found: dict[str, str] = {}
    for experiment, (step, oid) in newest.items():
        reference = str(Reference(experiment, parse_step(step)))
        cells = make_cells(values[oid].of(reference)) if oid in values else {}
        if name in cells:
            found[experiment] = cells[name].text
    return found
