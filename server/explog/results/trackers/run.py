"""What the readers of trackers have in common: which run is of which step, and what it gave."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from explog.grammar import ID_PATTERN, STEP_PATTERN
from explog.refs import Reference, find_references, parse_step
from explog.results.combine import FileRows
from explog.results.files import observed
from explog.results.parameters import shared
from explog.results.rows import Table, cleaned, read_rows
from explog.results.tracked import Tracked
from explog.results.values import Trouble, Values

# `e201.1`, `e201.1-seed3`, at the beginning of a name.
_BEGINNING = re.compile(rf"e({ID_PATTERN})\.({STEP_PATTERN})(?![0-9A-Za-z])")
_LONGEST = 100_000


class Found(NamedTuple):
    """The runs that a reader found, and sentences on what it could not read."""

    runs: list[Tracked]
    troubles: list[str] = []  # noqa: RUF012 - nobody changes it


def leading_reference(name: str) -> Reference | None:
    """Return the reference of a step that NAME begins with, as `e201.1-seed3`, or None."""
    match = _BEGINNING.match(name)
    return None if match is None else Reference(match[1], parse_step(match[2]))


def find_step(
    names: Iterable[str | None], notes: Iterable[str | None], idents: Collection[str]
) -> Reference | None:
    """Return the step of one of the experiments IDENTS that a run is of, or None.

    One of its NAMES, which are tags, too, begins with the reference: `e201.1-seed3`. Or it stands
    in brackets in a name or in one of its NOTES: `[e201.1]`. The first one counts.
    """
    named = [name[:_LONGEST] for name in names if name]
    found = [
        *filter(None, map(leading_reference, named)),
        *(one.reference for name in named for one in find_references(name)),
        *(one.reference for note in notes if note for one in find_references(note[:_LONGEST])),
    ]
    return next((one for one in found if one.step and one.experiment in idents), None)


def run_values(
    source: str, path: str, metrics: Table, parameters: Table, complaints: Sequence[str] = ()
) -> Values:
    """Return what a run gave that is called SOURCE in tables; complaints name the file at PATH."""
    said = read_rows([(0, metrics)], lists=False)
    given = read_rows([(0, parameters)], lists=True)
    samples, _disagreeing = observed([FileRows(cleaned(source), 0, said.rows)])
    own, _conflicting = shared([FileRows("", 0, given.rows)])
    common = own[0].parameters if own else {}
    return Values(
        tuple(one._replace(parameters={**common, **one.parameters}) for one in samples),
        tuple(
            Trouble(source, f"{cleaned(path)}: {complaint}")
            for complaint in dict.fromkeys((*complaints, *said.complaints))
        ),
    )


def commit_id(text: str | None) -> str | None:
    """Return the full id of a commit that TEXT is, or None."""
    text = (text or "").strip()
    return text if len(text) in (40, 64) and not text.strip("0123456789abcdef") else None
