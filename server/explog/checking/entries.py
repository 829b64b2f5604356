"""Read the texts of experiments, file by file."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from explog.entries.text import EntryText, EntryTexts
from explog.errors import ExplogError
from explog.model import Experiment
from explog.sync.report import Progress


def entry_texts(
    texts: EntryTexts,
    experiments: Iterable[Experiment],
    known: Mapping[tuple[str, int], EntryText],
    failed: Callable[[str, ExplogError], None],
    progress: Progress | None = None,
) -> Iterator[EntryText]:
    """Yield the texts of EXPERIMENTS, which are in the order of their files.

    KNOWN are those that were read already, by file and line. FAILED is called for each file that
    cannot be read, or differs from what the index knows.
    """
    files = [(file, list(some)) for file, some in itertools.groupby(experiments, lambda e: e.file)]
    for done, (file, some) in enumerate(files):
        if progress is not None:
            progress(Path(file).name, done, len(files))
        try:
            for found in some:
                yield known.get((found.file, found.line)) or texts.entry(found)
        except ExplogError as error:
            failed(file, error)
