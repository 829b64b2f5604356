"""Comparisons of metrics and parameters in a query: `acc>0.9`, `lr=1e-3`, `net=vit`."""

from __future__ import annotations

import re
from typing import NamedTuple

from explog.index.samples import METRIC, PARAMETER

KINDS = {"metric": METRIC, "param": PARAMETER}
"""The filters that compare, and the kind of number that each is about."""

_COMPARISON = re.compile(r"([^<>=!]+?)\s*(<=|>=|!=|==?|<|>)\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*(%?)")


class Comparison(NamedTuple):
    """A metric or parameter NAME that is there, or that is in a relation to a number or a text.

    `operator` is empty if it is only to be there; `number` is None if `text` is none.
    """

    name: str
    operator: str = ""
    text: str = ""
    number: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name}{self.operator}{self.text}"


def read_comparison(kind: str, value: str) -> Comparison:
    """Return the comparison VALUE of the filter KIND; raise ValueError, saying what is wrong."""
    match = _COMPARISON.fullmatch(value)
    if match is None:
        if any(sign in value for sign in "<>=!"):
            raise ValueError(f"{kind}: needs a name in front of {value}")
        return Comparison(value.strip())
    name, operator, text = match[1], match[2].replace("==", "="), match[3].strip()
    number = _NUMBER.fullmatch(text)
    if number is not None:
        return Comparison(name, operator, text, float(number[1]), number[2])
    is_equality = operator in ("=", "!=")
    if text and is_equality and (kind == "param" or text.lower() == "nan"):
        return Comparison(name, operator, text)
    example = "lr=1e-3" if kind == "param" else "acc>0.9"
    raise ValueError(f"{kind}: compares with a number, as {kind}:{example}")


def condition(kind: str, comparison: Comparison) -> tuple[str, tuple[object, ...]]:
    """Return in SQL, with its values, that a row `n` of numbers fulfils COMPARISON."""
    sql, values = "n.kind = ? AND n.name = ?", (KINDS[kind], comparison.name)
    if not comparison.operator:
        return sql, values
    if comparison.number is None:
        return f"{sql} AND folded(n.text) {comparison.operator} folded(?)", (
            *values,
            comparison.text,
        )
    unit = " AND n.unit = '%'" if comparison.unit else ""
    return f"{sql} AND n.value {comparison.operator} ?{unit}", (*values, comparison.number)


def may_compare(query: str) -> bool:
    """Tell whether the text of QUERY may compare metrics or parameters."""
    return any(f"{name}:" in query for name in KINDS)
