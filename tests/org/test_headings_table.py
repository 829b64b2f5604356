"""The table of headings that Emacs Lisp is held to as well, in tests/elisp/explog-log-tests.el."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explog.config import DEFAULT_DONE, DEFAULT_OPEN
from explog.org.context import file_context
from explog.org.heading import read_id
from explog.org.options import Keywords, OrgOptions
from explog.org.scan import split_sections
from explog.sync.sections import experiment_chunks

TABLE = json.loads((Path(__file__).parent.parent / "data/headings.json").read_text("utf-8"))


def experiments(text: str) -> list[list[object]]:
    """Return (id, 1-based line) of the experiments in TEXT."""
    data = text.encode()
    context = file_context(data, OrgOptions(Keywords(DEFAULT_OPEN, DEFAULT_DONE)))
    found: list[list[object]] = []
    for start, end in split_sections(data):
        before = data[:start].count(b"\n") + 1
        for chunk, lines, _headings in experiment_chunks(data[start:end], context, "exp"):
            found.append([read_id(lines), before + chunk.line])
    return found


@pytest.mark.parametrize("row", TABLE, ids=[row["name"] for row in TABLE])
def test_a_heading_is_an_experiment_or_not(row: dict[str, object]) -> None:
    assert experiments(str(row["text"])) == row["experiments"]
