"""The methods behind `explog-results`: tables of what commits and runs of steps gave, also as text.

What is asked for is always the same: `text` has references of experiments or steps (`201`,
`e201.1`), or is a query that finds experiments. `metrics` names metrics with blanks or commas
between them; nil means all. `parameters` names parameters; `t` means those that differ between the
rows, nil or an empty text none. `best` is such as `max acc` or `max:acc, min:loss`; nil marks
nothing. With `every`, all results commits of a step are observations, else the one that stands on
it is. All answers are of what the last look found, as a dynamic block of org waits for its text.

TROUBLES are sentences for the user, such as that a file cannot be read, or that a name is unknown
(with names near it); what is there is returned all the same. Errors are `unknown-experiment`,
`unknown-step`, `bad-query`, `bad-best`, `unknown-column`, `unknown-format`, `no-plot`,
`no-matplotlib`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from explog.daemon.loop import Daemon
from explog.rpc.client import Client
from explog.rpc.registry import method
from explog.rpc.wire import Bulk

if TYPE_CHECKING:  # a server starts without what makes tables
    from explog.results.cells import Cell
    from explog.results.table import Row, Table


class CellRow(NamedTuple):
    """A metric of a step: its `text`, as `71.77 ± 0.32 %`, and its `mean`, which one can sort by.

    `mean` is None where it is no finite number.
    """

    text: str
    mean: float | None
    best: bool


class ResultRow(NamedTuple):
    """A step, the commit on it, and what that gave.

    `title` is the experiment's and `text` the step's; `file` and `line` are where it stands.
    `commit` is the full id and `short` its abbreviation, both empty for a run without a commit;
    `date` is as `2024-05-01T12:00:00Z`. `source` says where the values come from, and is empty if
    there are none. `cells` has a cell or nil for each of METRICS, and `parameters` a text, which
    may be empty, for each of PARAMETERS.
    """

    experiment: str
    step: str
    title: str
    text: str
    file: str
    line: int
    repository: str
    commit: str
    short: str
    date: str
    source: str
    n: int
    cells: list[CellRow | None]
    parameters: list[str]


@method("results", lane="slow")
def results(
    daemon: Daemon,
    _client: Client,
    text: str,
    metrics: str | None,
    parameters: str | None,
    best: str | None,
    every: bool,
) -> tuple[Bulk[str], Bulk[str], Bulk[ResultRow], Bulk[str]]:
    """Return (METRICS PARAMETERS ROWS TROUBLES): the names of the columns, and a row a step."""
    table = _table(daemon, text, every, metrics, parameters, best)
    rows = [_result_row(table, row) for row in table.rows]
    return Bulk(table.metrics), Bulk(table.parameters), Bulk(rows), Bulk(table.troubles)


@method("results-names", lane="slow")
def results_names(
    daemon: Daemon, _client: Client, text: str, every: bool
) -> tuple[Bulk[str], Bulk[str]]:
    """Return (METRICS PARAMETERS): all names, those that most steps have first, for completion."""
    from explog.results.table import metric_names, parameter_names

    table = _table(daemon, text, every)
    return Bulk(metric_names(table.rows)), Bulk(parameter_names(table.rows))


@method("results-text", lane="slow")
def results_text(
    daemon: Daemon,
    _client: Client,
    text: str,
    metrics: str | None,
    parameters: str | None,
    best: str | None,
    every: bool,
    columns: str | None,
    form: str,
) -> tuple[str, Bulk[str]]:
    """Return (TEXT TROUBLES): the table as text in the format FORM, as it stands in a block.

    FORM is "org", "md", "csv", "latex" or "table". COLUMNS are names of `step`, `title`, `text`,
    `repository`, `commit`, `date`, `source`, `n`, `parameters` (all that are shown), `metrics`
    (the same), or of single metrics and parameters; nil chooses those that say something. Each line
    ends with a newline. An org table is aligned as org does it.
    """
    from explog.results.asked import read_names
    from explog.results.render import render

    table = _table(daemon, text, every, metrics, parameters, best)
    named = read_names(columns or "") or None
    return render(table, form, named), Bulk(table.troubles)


@method("results-plot", lane="slow")
def results_plot(
    daemon: Daemon,
    _client: Client,
    text: str,
    metrics: str | None,
    best: str | None,
    every: bool,
    against: str | None,
) -> tuple[str, Bulk[str]]:
    """Return (SVG TROUBLES): the first four metrics drawn, one above the other, as an image.

    AGAINST is nil for a bar for each step, "date", or the name of a parameter. To draw takes a
    second or two, in another process. The errors `no-plot` (nothing to draw) and `no-matplotlib`
    have a sentence that says what to do.
    """
    from explog.results.picture import draw_apart

    table = _table(daemon, text, every, metrics, None, best)
    return draw_apart(table, against, "svg").decode(), Bulk(table.troubles)


def _table(
    daemon: Daemon,
    text: str,
    every: bool,
    metrics: str | None = None,
    parameters: str | None = None,
    best: str | None = None,
) -> Table:
    from explog.results.asked import read_asked
    from explog.results.find import find_table

    now = daemon.snapshot()
    asked = read_asked(metrics, parameters or "", best)
    found = daemon.runs.found
    return find_table(now.settings, now.index, text, asked, every=every, runs=lambda _idents: found)


def _result_row(table: Table, row: Row) -> ResultRow:
    from explog.results.grid import iso_time

    result = row.result
    return ResultRow(
        experiment=result.experiment,
        step=result.number,
        title=result.title,
        text=result.text,
        file=result.file,
        line=result.line,
        repository=result.repository,
        commit=result.commit,
        short=result.abbreviation,
        date=iso_time(result.time),
        source=row.source,
        n=row.n,
        cells=[_cell_row(row.metrics.get(name), name in row.best) for name in table.metrics],
        parameters=[row.parameter(name) for name in table.parameters],
    )


def _cell_row(cell: Cell | None, best: bool) -> CellRow | None:
    return None if cell is None else CellRow(cell.text, cell.finite_mean, best)
