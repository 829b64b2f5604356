"""One metric of each experiment: what its newest results commit that has it gives."""

from __future__ import annotations

from collections.abc import Iterable

from explog.index.database import Index
from explog.index.samples import newest_with_metric
from explog.refs import Reference, parse_step
from explog.results.kept import kept_values
from explog.results.table import StepResult, make_table


def latest_metric(index: Index, name: str, idents: Iterable[str]) -> dict[str, str]:
    """Return {experiment: text} of the metric NAME for those of IDENTS that have it: `71.4 %`."""
    newest = newest_with_metric(index, name, idents)
    values = kept_values(index, (oid for _step, oid in newest.values()))
    found: dict[str, str] = {}
    for experiment, (step, oid) in newest.items():
        number = parse_step(step)
        samples = values[oid].of(str(Reference(experiment, number))) if oid in values else ()
        result = StepResult(experiment, number, "", "", "", 0, "", oid, "", 0, samples)
        (row,) = make_table([result]).rows
        if name in row.metrics:
            found[experiment] = row.metrics[name].text
    return found
