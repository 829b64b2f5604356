"""Each row that Emacs and the server exchange has the same fields in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from explog.checking.mending import MendRequest
from explog.doctor import Finding
from explog.methods import backfill, check, history, lab, recent, report, results, runs
from explog.model import Flag, LineEdit
from explog.queries import search
from explog.queries.agenda import FactsRow, FoundExperiment
from explog.queries.history import HistoryCommit, Touched
from explog.queries.outline import DescribedStep, Description, OutlineRow
from support.calls import REGISTRY

ELISP = Path(__file__).parents[2] / "elisp"

STRUCTS: dict[type, str] = {
    FactsRow: "explog-agenda-facts",
    FoundExperiment: "explog-agenda-place",
    backfill.DropRow: "explog-backfill-drop-row",
    backfill.DroppedRow: "explog-backfill-dropped-row",
    backfill.EditRow: "explog-sheet-edit-row",
    backfill.FailureRow: "explog-backfill-failure",
    backfill.NotMadeRow: "explog-backfill-not-made",
    backfill.SheetRow: "explog-sheet-row",
    backfill.UnplacedRow: "explog-backfill-unplaced-row",
    check.IgnoreRow: "explog-check-ignore-row",
    LineEdit: "explog-check-line-edit",
    MendRequest: "explog-check-mend-row",
    check.ProblemRow: "explog-check-problem",
    Finding: "explog-doctor-row",
    HistoryCommit: "explog-history-commit",
    history.FoundCommitRow: "explog-visit-commit",
    Touched: "explog-experiments-here-row",
    Flag: "explog-flags-row",
    Description: "explog-cache-experiment",
    OutlineRow: "explog-cache-summary",
    DescribedStep: "explog-cache-step",
    recent.ReferenceRow: "explog-message-reference",
    report.ReportPicture: "explog-report-picture",
    results.CellRow: "explog-results-cell",
    results.ResultRow: "explog-results-row",
    runs.RunRow: "explog-runs-row",
    runs.RunningRow: "explog-cache-run",
    search.Hit: "explog-search-hit",
    lab.SharedRow: "explog-search-shared",
    lab.PassageRow: "explog-lab-passage",
}

_STRUCT = re.compile(
    r"\(cl-defstruct \((?P<name>[^\s()]+)\s[^\"]*?\(:type (?P<type>vector|list)\)(?P<rest>.*?)\n\n",
    re.DOTALL,
)
_DOCSTRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def structs() -> dict[str, list[str]]:
    """Return the slots of each struct of Emacs Lisp that is a vector or a list, by name."""
    found = {}
    for path in ELISP.glob("*.el"):
        for match in _STRUCT.finditer(path.read_text(encoding="utf-8")):
            _, _, slots = _DOCSTRING.sub('"', match["rest"], count=1).partition('"')
            found[match["name"]] = re.findall(r"[a-z-]+", slots)
    return found


FOUND = structs()


@pytest.mark.parametrize("row", STRUCTS, ids=lambda row: row.__name__)
def test_the_fields_are_the_same(row: Any) -> None:
    assert FOUND[STRUCTS[row]] == [field.replace("_", "-") for field in row._fields]


def test_every_row_of_a_method_is_known() -> None:
    seen: set[type] = set()
    for method in REGISTRY:
        _collect(get_type_hints(method.function).values(), seen)
    assert seen <= STRUCTS.keys()
    assert STRUCTS.keys() - seen == {Flag}


def _collect(kinds: Any, seen: set[type]) -> None:
    """Add to SEEN the named tuples among KINDS and inside them."""
    for kind in kinds:
        if isinstance(kind, type) and hasattr(kind, "_fields"):
            seen.add(kind)
            _collect(get_type_hints(kind).values(), seen)
        _collect(get_args(kind), seen)
