"""What a report is made of: sections of items."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from explog.report.period import Period
from explog.results.table import Table

SECTIONS = (
    "concluded",
    "results",
    "progress",
    "waiting",
    "next",
    "planned",
    "unreferenced",
)
"""The sections, in the order in which they are shown."""

TITLES = {
    "concluded": "Concluded",
    "results": "Results",
    "progress": "In progress",
    "waiting": "Waiting and stalled",
    "next": "Next",
    "planned": "Planned before",
    "unreferenced": "Work without a reference",
}


class CommitLink(NamedTuple):
    """A commit in a report.

    `url` is its page on the forge, if the repository's remote tells of one. `pushed` is False where
    no remote-tracking branch reaches it, and None where the repository has no remote.
    """

    oid: str
    short: str
    repository: str
    subject: str
    author: str
    date: date
    url: str | None = None
    pushed: bool | None = None


class Item(NamedTuple):
    """One thing that a report says. What does not apply is None or empty.

    `title` is that of the experiment, the text of the step or the commit's subject. `text` is an
    excerpt of the log, as org has it. `facts` are short labels: a state, a count of boxes, a date
    that is due. One of several commits for a step is `under` the item of that step.
    """

    experiment: str | None = None
    step: str | None = None
    title: str = ""
    text: str = ""
    commit: CommitLink | None = None
    date: date | None = None
    facts: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    file: str | None = None
    line: int | None = None
    under: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The facts, and the date unless one of them names it."""
        day = str(self.date) if self.date is not None else ""
        named = not day or any(day in fact for fact in self.facts)
        return self.facts if named else (*self.facts, day)

    @property
    def reference(self) -> str | None:
        """The experiment or the step as `201` or `201.1`."""
        if self.experiment is None:
            return None
        return f"{self.experiment}.{self.step}" if self.step else self.experiment


class Section(NamedTuple):
    """The items of one section; `more` counts those that are left out for their number."""

    name: str
    items: tuple[Item, ...]
    more: int = 0

    @property
    def title(self) -> str:
        """The heading of the section."""
        return TITLES[self.name]


class Dot(NamedTuple):
    """A commit on the timeline."""

    day: date
    results: bool


class Bar(NamedTuple):
    """The days of a run on the timeline, both included."""

    first: date
    last: date
    failed: bool


class TimelineRow(NamedTuple):
    """An experiment on the timeline, with a dot or a bar at least.

    `concluded` is the day on which it was.
    """

    experiment: str
    title: str
    dots: tuple[Dot, ...]
    concluded: date | None
    bars: tuple[Bar, ...] = ()

    @property
    def days(self) -> tuple[date, ...]:
        """The days with a commit, and the first and the last day of each run, in their order."""
        ends = (day for bar in self.bars for day in (bar.first, bar.last))
        return tuple(sorted([*(dot.day for dot in self.dots), *ends]))


class Report(NamedTuple):
    """A report: its period, its sections that are not empty, and what could not be read.

    `author`, `chosen` (names of sections) and `metric` are what it was asked for. `measured` has
    what the results of the period gave, if there is a metric to plot. `others` are those who made
    commits in the period, if the author made none.
    """

    period: Period
    query: str
    sections: tuple[Section, ...]
    timeline: tuple[TimelineRow, ...] = ()
    problems: tuple[str, ...] = ()
    author: str = "all"
    chosen: tuple[str, ...] = SECTIONS
    metric: str = ""
    measured: Table | None = None
    others: tuple[str, ...] = ()

    def items(self) -> Iterator[Item]:
        """Yield the items of all sections."""
        for section in self.sections:
            yield from section.items


class Pictures(NamedTuple):
    """The pictures of a report: SVG, or the names of files. One that there is not is empty."""

    timeline: str = ""
    plot: str = ""

    def named(self, stem: str) -> Pictures:
        """Return the names of the files of these pictures, beside a report with the name STEM."""
        names = (f"{stem}-{name}.svg" if svg else "" for name, svg in self._asdict().items())
        return Pictures(*names)
