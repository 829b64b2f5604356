"""The files of Emacs Lisp require one another without circles, and keep their private names."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ELISP = Path(__file__).parents[1] / "elisp"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(ELISP.glob("*.el"))}
PRIVATE = re.compile(r"explog[a-z-]*--[a-z0-9-]+")
_DEFINITION = re.compile(
    r"^\((?:cl-)?def[a-z]+(?:-local)?\s+\(?(\S+?)[\s)]|:(?:constructor|copier|accessor) ([^\s()]+)",
    re.MULTILINE,
)
_STRUCT = re.compile(r"^\(cl-defstruct \(?([^\s()]+)", re.MULTILINE)


def required(name: str) -> set[str]:
    """Return the files of explog that the file NAME requires, at once or later."""
    return set(re.findall(r"\(require '(explog[a-z-]*)", TEXTS[name]))


def defined(name: str) -> set[str]:
    """Return the private names that the file NAME defines."""
    found = (one or other for one, other in _DEFINITION.findall(TEXTS[name]))
    return {one for one in found if "--" in one}


def test_there_is_something_to_look_for() -> None:
    assert "explog-base" in required("explog")
    assert "explog--start" in defined("explog")


def test_files_require_one_another_without_circles() -> None:
    graph = {name: required(name) for name in TEXTS}
    order = list(TopologicalSorter(graph).static_order())
    assert set(order) == TEXTS.keys()
    assert order[0] == "explog-base"


def test_nothing_requires_the_top() -> None:
    assert [name for name in TEXTS if "explog" in required(name)] == []


@pytest.mark.parametrize("name", TEXTS)
def test_private_names_stay_in_their_file(name: str) -> None:
    own = defined(name)
    # The accessors of a struct begin with its name.
    structs = tuple(f"{one}-" for one in _STRUCT.findall(TEXTS[name]))
    used = {one for one in PRIVATE.findall(TEXTS[name]) if not one.startswith(structs)}
    others = {one: other for other in TEXTS if other != name for one in defined(other)}
    assert {one: others[one] for one in used - own if one in others} == {}
