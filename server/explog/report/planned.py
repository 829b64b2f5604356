"""What was planned when a period began: the log's text of then, where git has it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from explog.config import Settings
from explog.errors import ExplogError
from explog.git.past import file_before
from explog.git.repository import repository_around
from explog.model import StepNumber
from explog.org.files import log_context
from explog.org.options import org_options
from explog.org.scan import split_sections
from explog.sync.sections import read_section
from explog.sync.ways import Ways


class PlannedStep(NamedTuple):
    """A step whose box was open when the period began."""

    experiment: str
    step: StepNumber
    text: str


def planned_steps(
    settings: Settings, file: str, idents: Collection[str], time: float
) -> list[PlannedStep]:
    """Return the steps of the experiments IDENTS that the log FILE had open at TIME.

    TIME is in seconds since 1970. The list is empty where git does not have the log of then. Raises
    ExplogError where git cannot read it.
    """
    repository = repository_around(Path(file))
    if repository is None or not idents:
        return []
    name = os.path.relpath(os.path.realpath(file), os.path.realpath(repository.path))
    data = file_before(repository, name, time)
    if data is None:
        return []
    try:
        context = log_context(Path(file), data, org_options(settings))
    except ValueError as error:
        raise ExplogError("unreadable", f"{file}, as it was committed: {error}") from error
    ways = Ways(settings.tag, settings.steps_heading)
    mentions = re.compile("|".join(map(re.escape, sorted(idents))).encode())
    parts = (data[start:end] for start, end in split_sections(data))
    return [
        PlannedStep(record.ident, number, text)
        for part in parts
        if mentions.search(part)
        for record in read_section(part, context, ways).experiments
        if record.ident in idents and not record.done
        for number, _line, text, box, _hash, _hashes in record.steps
        if box not in ("x", "X")
    ]
