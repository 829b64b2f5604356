"""What a table of results is asked to show: metrics, parameters, and what counts as the best.

A user writes names of metrics with commas or blanks between them; with commas, a name may have
blanks in it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from explog.errors import ExplogError
from explog.wording import listed

_DIRECTION = re.compile(r"(max|min)(?:\s*:\s*|\s+)(\S.*)", re.DOTALL)
_MOST_NEAR, _MOST_LISTED = 3, 10


class Best(NamedTuple):
    """The metric whose best value is marked: the largest, if `largest`, or else the smallest."""

    metric: str
    largest: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What to show. None for `metrics` means all, for `parameters` those that differ."""

    metrics: tuple[str, ...] | None = None
    parameters: tuple[str, ...] | None = None
    best: tuple[Best, ...] = ()


def read_names(text: str) -> tuple[str, ...]:
    """Return the names in TEXT, each once: between commas, or between blanks if it has no comma."""
    parts = text.split(",") if "," in text else text.split()
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def read_asked(metrics: str | None, parameters: str | None, best: str | None) -> Asked:
    """Return what the user wrote to be shown: names of metrics, of parameters, and what is best.

    None, for parameters also `t`, means all metrics, the parameters that differ, and no best.
    Raises ExplogError `bad-best`.
    """
    differing = parameters is None or parameters.strip() == "t"
    return Asked(
        metrics=None if metrics is None else read_names(metrics),
        parameters=None if differing else read_names(parameters or ""),
        best=read_best(best or ""),
    )


def read_best(text: str) -> tuple[Best, ...]:
    """Return what TEXT says, such as `max:acc`, `max acc` or `max:acc, min:loss`.

    Raises ExplogError `bad-best`.
    """
    parts = text.split(",") if "," in text else re.split(r"\s+(?=(?:max|min)[:\s])", text)
    return tuple(_read_one(part.strip()) for part in parts if part.strip())


def _read_one(text: str) -> Best:
    match = _DIRECTION.fullmatch(text)
    if match is None:
        message = f"best: {text!r} is not max:METRIC or min:METRIC, such as max:acc or min:loss"
        raise ExplogError("bad-best", message)
    return Best(match[2].strip(), match[1] == "max")


def unknown_name(kind: str, name: str, known: Collection[str]) -> str:
    """Return the sentence that no step has NAME, a KIND such as "metric", with names near it."""
    near = difflib.get_close_matches(name, known, _MOST_NEAR, 0.5)
    near += [one for one in known if one.rpartition(".")[2] == name and one not in near]
    said = f"no step has the {kind} {name}"
    if near:
        return f"{said}; did you mean {listed(near, _MOST_LISTED, ' or ')}?"
    if known:
        return f"{said}; there are {listed(list(known), _MOST_LISTED)}"
    return f"{said}; none has any {kind}"


def split_known(
    names: Iterable[str], kind: str, known: Collection[str]
) -> tuple[list[str], list[str]]:
    """Return those of NAMES that are KNOWN, and a sentence for each of the others."""
    found, sentences = list[str](), list[str]()
    for name in names:
        if name in known:
            found.append(name)
        else:
            sentences.append(unknown_name(kind, name, known))
    return found, sentences
