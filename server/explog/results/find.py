"""Find the table of results that somebody asks for."""

from __future__ import annotations

from explog.config import Settings
from explog.ignored import read_dropped
from explog.index.database import Index
from explog.results.asked import Asked
from explog.results.given import results_of
from explog.results.own_runs import FindRuns, OwnRuns, no_runs
from explog.results.steps import find_steps
from explog.results.table import Table, make_table
from explog.results.tracked import RunSource
from explog.results.trackers.source import TrackerRuns

_NO_COMMIT = "no commit stands on any of these steps"
_NO_NUMBERS = (
    "the commits on these steps give no numbers: none changed a file of metrics, and no message"
    " says any, such as acc=71.4"
)


def find_table(
    settings: Settings,
    index: Index,
    text: str,
    asked: Asked,
    *,
    every: bool = False,
    runs: FindRuns = no_runs,
) -> Table:
    """Return the table for TEXT: references of experiments or steps, or a query.

    RUNS finds runs. With EVERY, each results commit of a step is an observation, and each run that
    ended well. Raises ExplogError as `find_steps`.
    """
    sources: list[RunSource] = [OwnRuns(settings, runs), TrackerRuns(settings, index)]
    dropped = read_dropped()
    steps = find_steps(settings, index, text, every=every, dropped=dropped, sources=sources)
    results, troubles = results_of(settings, index, steps)
    troubles += (sentence for source in sources for sentence in source.troubles)
    table = make_table(results, asked)
    if not troubles and not any(row.n for row in table.rows):
        troubles = [_NO_NUMBERS if results else _NO_COMMIT]
    return table.with_troubles(troubles)
