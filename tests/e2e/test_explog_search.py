"""explog-search in a real Emacs: results while typing, the buffer of results, and its keys."""

from __future__ import annotations

import pytest

from .emacs import Emacs
from .home import explog_init
from .world import World

pytestmark = pytest.mark.e2e

RESULTS = "*explog search*"


@pytest.fixture(scope="module")
def shared_init() -> str:
    return explog_init([], [], options="(setq explog-search-use-consult nil)")


@pytest.fixture
def world(world: World) -> World:
    world.repository.commit("[e201.1] Results- lr=0.01 on resnet50")
    world.repository.commit("tidy")
    world.wait_counts(commits=3, experiments=2)
    return world


def search(emacs: Emacs, query: str) -> None:
    """Begin a search and type QUERY; the minibuffer stays."""
    emacs.command("explog-search")
    emacs.wait_until(lambda: emacs.prompt().startswith("Search"), what="the prompt")
    emacs.type(query)


def results(emacs: Emacs) -> str:
    return emacs.buffer_text(RESULTS)


def shown(emacs: Emacs, text: str) -> None:
    emacs.wait_until(lambda: text in results(emacs), what=f"{text!r} in the results")


def test_results_come_while_typing_and_are_grouped(world: World) -> None:
    emacs = world.emacs
    search(emacs, "resn")
    shown(emacs, "resn: 1 found")
    emacs.wait_for("Results- lr=0.01 on resnet50")
    emacs.type("et50 OR deeper")
    shown(emacs, "resnet50 OR deeper")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == RESULTS, what="the results selected")
    lines = results(emacs).splitlines()
    assert "202 Deeper XYZ model" in lines
    # Nothing but a commit is found of this one, which does not tell what it is called.
    shown(emacs, "\n201 ABC in XYZ model\n")
    assert any("e201.1" in line and "project" in line for line in lines)


def test_return_visits_the_step_and_next_error_goes_on(world: World) -> None:
    emacs = world.emacs
    search(emacs, '"Test XYZ"')
    shown(emacs, '"Test XYZ"')
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == RESULTS, what="the results selected")
    emacs.wait_until(
        lambda: emacs.true("(get-text-property (line-beginning-position) 'explog-search-hit)"),
        what="point on a hit",
    )
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == "log.org", what="the log")
    emacs.settle()
    first = emacs.string("(thing-at-point 'line t)")
    assert "Test XYZ with" in first
    emacs.command("next-error")
    emacs.settle()
    second = emacs.string("(thing-at-point 'line t)")
    assert "Test XYZ with" in second
    assert second != first
    emacs.keys("C-x 1")


def test_return_at_once_goes_to_the_first_hit(world: World) -> None:
    emacs = world.emacs
    for query, text in (("D e e p e r", "Deeper"), ("w i t h o u t", "without")):
        search(emacs, "")
        emacs.keys(f"{query} RET RET")
        emacs.wait_until(lambda: emacs.current_buffer().startswith("log.org"), what="the log")
        emacs.settle()
        assert text in emacs.string("(thing-at-point 'line t)")
    emacs.keys("C-x 1")


def test_return_visits_the_commit(world: World) -> None:
    emacs = world.emacs
    commit = world.repository.head
    search(emacs, f"kind:commit {commit[:10]}")
    shown(emacs, "1 found")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == RESULTS, what="the results selected")
    emacs.keys("RET")
    emacs.wait_until(
        lambda: emacs.true(f"(string-match-p {commit[:7]!r} (buffer-string))".replace("'", '"')),
        what="the commit",
    )
    emacs.keys("C-x 1")


def test_a_search_can_be_given_up(world: World) -> None:
    emacs = world.emacs
    emacs.eval('(switch-to-buffer "*scratch*")')
    emacs.keys("C-x 1")
    emacs.settle()
    search(emacs, "resnet50")
    shown(emacs, "resnet50:")
    emacs.quit()
    assert emacs.current_buffer() == "*scratch*"
    assert emacs.true("(one-window-p)")


def test_a_bad_query_points_at_the_place(world: World) -> None:
    emacs = world.emacs
    search(emacs, "kind:nothing")
    emacs.keys("RET")
    emacs.wait_until(lambda: "kind: is one of" in emacs.messages(), what="the reason")


def test_refining_and_searching_again(world: World) -> None:
    emacs = world.emacs
    search(emacs, "tidy")
    shown(emacs, "tidy: 1 found")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == RESULTS, what="the results selected")
    world.repository.commit("tidy more")
    world.wait_counts(commits=4)
    emacs.keys("g")
    shown(emacs, "tidy: 2 found")
    emacs.keys("s")
    emacs.wait_until(lambda: emacs.prompt().startswith("Search"), what="the prompt")
    emacs.type(" more")
    emacs.keys("RET")
    shown(emacs, "tidy more: 1 found")
    emacs.settle()
    emacs.keys("C-x r m")
    emacs.type("e2e")
    emacs.keys("RET")
    emacs.settle()
    emacs.keys("C-x k RET")
    emacs.settle()
    emacs.keys("C-x r b")
    emacs.type("e2e")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == RESULTS, what="the results again")
    shown(emacs, "tidy more: 1 found")
