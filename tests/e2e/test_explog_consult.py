"""explog-search through vertico and consult, where both are installed."""

from __future__ import annotations

import pytest

from .emacs import Emacs
from .home import explog_init
from .world import World

pytestmark = pytest.mark.e2e

OPTIONS = "(when (and (require 'vertico nil t) (require 'consult nil t)) (vertico-mode 1))"

# What completion would be told of the candidate at point, as marginalia and embark ask.
METADATA = """
(let ((metadata (completion-metadata (minibuffer-contents) minibuffer-completion-table
                                     minibuffer-completion-predicate)))
  (%s metadata))
"""


@pytest.fixture(scope="module")
def shared_init() -> str:
    return explog_init([], [], options=OPTIONS)


@pytest.fixture
def world(world: World) -> World:
    if not world.emacs.true("(bound-and-true-p vertico-mode)"):
        pytest.skip("no vertico and consult to test with")
    world.repository.commit("[e201.1] Results- lr=0.01 on resnet50")
    world.wait_counts(commits=2, experiments=2)
    return world


def search(emacs: Emacs, query: str) -> None:
    emacs.command("explog-search")
    emacs.wait_until(lambda: emacs.prompt().startswith("Search"), what="the prompt")
    emacs.type(query)


def test_hits_appear_as_one_types_with_category_group_and_annotation(world: World) -> None:
    emacs = world.emacs
    search(emacs, "XY")
    emacs.wait_for("201 ABC in XYZ model")  # the title of a group
    emacs.wait_for("Test XYZ with ABC")
    emacs.wait_for("log.org:")  # an annotation
    asked = METADATA % "(lambda (it) (completion-metadata-get it 'category))"
    assert emacs.eval(asked) == "explog-hit"
    for name in ("group-function", "annotation-function"):
        asked = METADATA % f"(lambda (it) (completion-metadata-get it '{name}))"
        assert emacs.true(asked), name
    emacs.quit()


def test_return_visits_the_place_that_was_previewed(world: World) -> None:
    emacs = world.emacs
    search(emacs, '"Test both"')
    emacs.wait_for("step")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == "log.org", what="the log")
    emacs.settle()
    assert "Test both" in emacs.string("(thing-at-point 'line t)")
    emacs.keys("C-x 1")


def test_return_visits_the_commit(world: World) -> None:
    emacs = world.emacs
    search(emacs, "kind:commit resnet50")
    emacs.wait_for("Results-")
    emacs.keys("RET")
    commit = world.repository.head
    emacs.wait_until(
        lambda: emacs.true(f'(string-match-p "{commit[:7]}" (buffer-string))'), what="the commit"
    )
    emacs.keys("C-x 1")


def test_an_unfinished_query_is_no_error(world: World) -> None:
    emacs = world.emacs
    search(emacs, "kind:")
    emacs.type("step XYZ")
    emacs.wait_for("Test XYZ without ABC")
    emacs.quit()
    assert "rror" not in emacs.messages()
