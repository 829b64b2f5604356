"""The text of experiments, entry by entry, as the files have it now."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from explog.config import Settings
from explog.errors import ExplogError
from explog.model import Experiment
from explog.org.files import read_log
from explog.org.options import OrgOptions
from explog.org.steps import StepList, conflict_line
from explog.plan.edits import LogText
from explog.sync.report import Progress


@dataclass(frozen=True, slots=True)
class EntryText:
    """An experiment with its text. `steps` is None where there are none to be read.

    `conflict` means that git left a merge undone in it.
    """

    found: Experiment
    text: str
    lines: list[str]
    options: OrgOptions
    steps: StepList | None
    conflict: bool


def entry_texts(
    settings: Settings,
    experiments: Iterable[Experiment],
    failed: Callable[[str, ExplogError], None],
    progress: Progress | None = None,
) -> Iterator[EntryText]:
    """Yield the texts of EXPERIMENTS, which are in the order of their files.

    FAILED is told of files that cannot be read, or are not as the index knows them.
    """
    files = [(file, list(some)) for file, some in itertools.groupby(experiments, lambda e: e.file)]
    for done, (file, some) in enumerate(files):
        if progress is not None:
            progress(Path(file).name, done, len(files))
        try:
            log = LogText(file, read_log(Path(file)), settings)
            for found in some:
                yield _entry_text(log, found)
        except ExplogError as error:
            failed(file, error)


def _entry_text(log: LogText, found: Experiment) -> EntryText:
    text = log.entry(found.line, found.ident)
    lines = text.split("\n")
    options = log.context.options
    if conflict_line(lines) is not None:
        return EntryText(found, text, lines, options, None, conflict=True)
    return EntryText(found, text, lines, options, log.checked_steps(lines, found), conflict=False)
