"""Figures, the rows they make up, and the table of all rows in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a row, as `p50 0.16 ms`."""

    name: str
    value: float
    unit: str = "ms"

    def __str__(self) -> str:
        return f"{self.name} {number(self.value)} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached: VALUE is at most MOST."""

    text: str
    value: float
    most: float

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return self.value <= self.most


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: the first figure of OURS is compared with the first of OTHERS."""

    what: str
    ours: tuple[Figure, ...]
    others: tuple[Figure, ...] = ()
    targets: tuple[Target, ...] = ()
    missing: str = "—"
    """Why there are no others."""

    def cells(self) -> list[str]:
        """Return the cells of its line in the table."""
        return [
            self.what,
            "; ".join(map(str, self.others)) or self.missing,
            "; ".join(map(str, self.ours)),
            self._ratio(),
            "; ".join(f"{target.text}" for target in self.targets) or "—",
            "; ".join(_reached(target) for target in self.targets) or "—",
        ]

    def _ratio(self) -> str:
        if not self.others or self.ours[0].unit != self.others[0].unit:
            return "—"
        ours, other = self.ours[0].value, self.others[0].value
        if ours <= 0 or other <= 0:
            return "—"
        if ours < other:
            return f"{number(other / ours)} × faster"
        return f"{number(ours / other)} × as long"


def _reached(target: Target) -> str:
    return "yes" if target.reached else f"**no** ({number(target.value)})"


def number(value: float) -> str:
    """Return VALUE with about three digits."""
    size = abs(value)
    if isinstance(value, int) or size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def at(times: Sequence[float], share: float) -> float:
    """Return the time that a SHARE of TIMES does not exceed."""
    ranked = sorted(times)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def median(times: Sequence[float]) -> float:
    """Return the middle one of TIMES."""
    return at(times, 0.5)


def spread(times: Sequence[float], *, most: bool = False) -> tuple[Figure, ...]:
    """Return p50 and p99 of TIMES, and with MOST the longest."""
    figures = (Figure("p50", median(times)), Figure("p99", at(times, 0.99)))
    return (*figures, Figure("max", max(times))) if most else figures


_HEAD = ("what", "others, in the same run", "explog", "ratio", "target", "reached?")


def table(rows: Iterable[Row]) -> str:
    """Return ROWS as a Markdown table."""
    lines = [_HEAD, ("---",) * len(_HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
