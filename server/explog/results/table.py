"""The table of results: a row a step, with its metrics and with the parameters that differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import NamedTuple

from explog.model import StepNumber
from explog.refs import Reference, step_text
from explog.results.asked import Asked, Best, split_known
from explog.results.cells import Cell, gathered, make_cells, with_unit
from explog.results.combine import RUN_NAMES
from explog.results.rows import names_sample
from explog.results.run_folder import shortened_name
from explog.results.values import Number, Sample
from explog.wording import listed

_MOST_VALUES = 3


class StepResult(NamedTuple):
    """A step, the commit that stands on it, and the samples that it has.

    `title` is the experiment's and `text` the step's. `line` is the 1-based line of the step in
    `file`. `time` is when the commit was authored, in seconds since 1970.
    """

    experiment: str
    step: StepNumber
    title: str
    text: str
    file: str
    line: int
    repository: str
    commit: str
    abbreviation: str
    time: int
    samples: tuple[Sample, ...] = ()

    @property
    def reference(self) -> str:
        """What commits call the step, as `e201.1`."""
        return str(Reference(self.experiment, self.step))

    @property
    def number(self) -> str:
        """The number of the step, as text."""
        return step_text(self.step)


class Row(NamedTuple):
    """A row of the table.

    `metrics` and `parameters` have what is known of this step, by name. `source` names where its
    values come from, and `n` is how many there are of the metric that has most. `best` are the
    metrics in which no other row is better.
    """

    result: StepResult
    source: str
    n: int
    metrics: Mapping[str, Cell]
    parameters: Mapping[str, tuple[Number, ...]]
    best: frozenset[str] = frozenset()

    def parameter(self, name: str) -> str:
        """Return the value of the parameter NAME as it is shown; several if samples differ."""
        values = [with_unit(one.text, one.unit) for one in self.parameters.get(name, ())]
        return listed(values, _MOST_VALUES)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, the names of the metrics and parameters to show, and sentences on what is amiss."""

    rows: tuple[Row, ...]
    metrics: tuple[str, ...]
    parameters: tuple[str, ...]
    troubles: tuple[str, ...] = ()

    def with_troubles(self, troubles: Iterable[str]) -> Table:
        """Return the table with more sentences on what is amiss, each once."""
        return replace(self, troubles=tuple(dict.fromkeys([*troubles, *self.troubles])))


def make_table(results: Iterable[StepResult], asked: Asked | None = None) -> Table:
    """Return the table of RESULTS, in their order, with what is ASKED for."""
    asked = asked or Asked()
    rows = [_row(result) for result in results]
    known = metric_names(rows)
    names = known if asked.metrics is None else [*asked.metrics]
    names += [best.metric for best in asked.best if best.metric not in names]
    metrics, unknown = split_known(names, "metric", known)
    differing = [name for name in parameter_names(rows) if _differs(name, rows)]
    parameters, strange = differing, list[str]()
    if asked.parameters is not None:
        parameters, strange = split_known(asked.parameters, "parameter", parameter_names(rows))
    marked, units = _mark(rows, [best for best in asked.best if best.metric in metrics])
    return Table(tuple(marked), tuple(metrics), tuple(parameters), (*unknown, *strange, *units))


def metric_names(rows: Iterable[Row]) -> list[str]:
    """Return the metrics of ROWS: those that more rows have first, then as they are written."""
    return _most_frequent(row.metrics for row in rows)


def parameter_names(rows: Iterable[Row]) -> list[str]:
    """Return the parameters of ROWS: those that more rows have first, then as they are written."""
    return _most_frequent(row.parameters for row in rows)


def _most_frequent(found: Iterable[Iterable[str]]) -> list[str]:
    counts: dict[str, int] = {}
    for names in found:
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: -counts[name])  # stable: among equals the order stays


# One row


def _row(result: StepResult) -> Row:
    observed = [sample for sample in result.samples if sample.metrics]
    metrics = make_cells(observed)
    return Row(
        result=result,
        source=_source(dict.fromkeys(_file(sample.source) for sample in observed)),
        n=max((len(cell.values) for cell in metrics.values()), default=0),
        metrics=metrics,
        parameters=_parameters(result.samples),
    )


def _file(source: str) -> str:
    """Return SOURCE without the number of a row, so that a file is named once."""
    path, _colon, row = source.rpartition(":")
    return path if path and row.isdigit() else source


def _source(files: Iterable[str]) -> str:
    """Return the names of FILES; those that differ in what numbers runs as `seed*.json`."""
    alike: dict[str, list[str]] = {}
    for file in files:
        alike.setdefault(shortened_name(file) or RUN_NAMES.sub("*", file), []).append(file)
    return ", ".join(shape if len(same) > 1 else same[0] for shape, same in alike.items())


def _parameters(samples: Sequence[Sample]) -> dict[str, tuple[Number, ...]]:
    """Return the values of each parameter, those that are equal once.

    What a sample says of its own parameters counts for it, before what a file of parameters says.
    """
    observed = [sample for sample in samples if sample.metrics]
    own = gathered(sample.parameters for sample in observed)
    shared = gathered(sample.parameters for sample in samples if not sample.metrics)
    found = dict(shared)
    for name, numbers in own.items():
        complete = len(numbers) == len(observed)
        found[name] = numbers if complete else [*numbers, *shared.get(name, ())]
    return {name: tuple(_distinct(numbers)) for name, numbers in found.items()}


def _distinct(numbers: Sequence[Number]) -> Iterable[Number]:
    """Return NUMBERS, those that are equal once, as it is written first."""
    if len(numbers) == 1:
        return numbers
    first: dict[object, Number] = {}
    for number in numbers:
        first.setdefault(_key(number), number)
    return first.values()


def _key(number: Number) -> object:
    """Return what is the same for equal numbers, however they are written."""
    value = number.value
    if value is None or not isfinite(value):
        return number.text, number.unit
    return value, number.unit


# All rows


def _differs(name: str, rows: Sequence[Row]) -> bool:
    """Tell whether the parameter NAME differs between those of ROWS whose parameters are known."""
    if names_sample(name):
        return False
    known = [row.parameters for row in rows if row.parameters]
    return len({frozenset(map(_key, one.get(name, ()))) for one in known}) > 1


def _mark(rows: Sequence[Row], best: Sequence[Best]) -> tuple[list[Row], list[str]]:
    """Return ROWS with the BEST marked, and a sentence for each metric where none can be told."""
    marks: list[set[str]] = [set() for _row in rows]
    sentences: list[str] = []
    for one in best:
        cells = {place: row.metrics.get(one.metric) for place, row in enumerate(rows)}
        numbers = {
            place: cell for place, cell in cells.items() if cell and cell.finite_mean is not None
        }
        units = sorted({cell.unit or "no unit" for cell in numbers.values()})
        if len(units) > 1:
            said = " and ".join(units)
            sentences.append(f"{one.metric} is written with {said}: no row is marked as the best")
            continue
        for place in _best(numbers, one.largest):
            marks[place].add(one.metric)
    marked = [row._replace(best=frozenset(m)) for row, m in zip(rows, marks, strict=True)]
    return marked, sentences


def _best(cells: Mapping[int, Cell], largest: bool) -> list[int]:
    """Return the places of the best of CELLS: several if they are equal."""
    means = [cell.mean for cell in cells.values() if cell.mean is not None]
    wanted = (max if largest else min)(means, default=None)
    return [place for place, cell in cells.items() if cell.mean == wanted]
