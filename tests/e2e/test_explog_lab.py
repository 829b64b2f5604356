"""A group in a real Emacs: one publishes, another finds it while typing, and looks at it."""

from __future__ import annotations

import re

import pytest

from support.lab_fixtures import cluster, lab
from support.labs import Lab

from .conftest import EmacsFactory
from .emacs import Emacs
from .home import explog_init, lisp

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("postgresql")]

__all__ = ["cluster", "lab"]

RESULTS, ENTRY = "*explog search*", "*explog lab*"
LOG = """\
* TODO [201] Dropout in the encoder :exp:
Is 0.3 too much? [[elisp:(setq e2e-harmed t)][here]]
#+STARTUP: latexpreview
** Experiments
1. [ ] dropout of 0.3
** Notes
- dropout diverges \x1b[31m #(x 0 1 (display "y"))
"""
MINE = "* TODO [201] Dropout at night :exp:\n** Experiments\n1. [ ] mine\n"


def test_a_search_of_the_group(emacs: EmacsFactory, lab: Lab) -> None:
    clone = lab.ada.clone(lab.origin())
    lab.ada.log(LOG)
    clone.commit("[e201.1] warm-up with dropout")
    clone.run("push", "--quiet", "origin", "HEAD:main")
    clone.run("fetch", "--quiet", "origin")
    lab.ada.push()
    mine = lab.bob.log(MINE)
    address = lab.database.address("bob")
    options = f"(setq explog-search-use-consult nil explog-lab {lisp(address)})"
    one = emacs(explog_init([mine], [], options))
    _search(one, "scope:lab dropout")
    _shown(one, "201 Dropout at night")
    _shown(one, "201 Dropout in the encoder (ada)")
    _shown(one, "ada: log.org")
    text = one.buffer_text(RESULTS)
    assert text.startswith("scope:lab dropout: ")
    assert "asking the group" not in text
    assert re.search(r"commit +e201\.1 +\S+ ada: model", text)
    one.keys("RET")
    one.wait_until(lambda: one.current_buffer() == RESULTS, what="the results selected")
    one.eval('(progn (goto-char (point-min)) (search-forward "(ada)") (forward-line 1) t)')
    before = one.string("(thing-at-point 'line t)")
    lab.ada.log(f"{LOG}* [202] More dropout :exp:\n")
    lab.ada.push()
    one.keys("g")  # whoever moved to a hit stays on it
    _shown(one, "202 More dropout (ada)")
    assert one.string("(thing-at-point 'line t)") == before
    one.keys("RET")
    one.wait_until(lambda: "diverges" in one.buffer_text(ENTRY), what="what is published")
    entry = one.buffer_text(ENTRY)
    assert entry.startswith("e201 in log.org of ada\n")
    assert "[[elisp:(setq e2e-harmed t)][here]]" in entry
    assert one.true(f"(with-current-buffer {lisp(ENTRY)} buffer-read-only)")
    assert one.true("(not (boundp 'e2e-harmed))")
    one.keys("q")
    one.wait_until(lambda: one.current_buffer() != ENTRY, what="the entry left")
    assert one.prompt() == ""
    assert one.buffer_text("*explog stderr*") == ""


def test_a_lab_that_does_not_answer(emacs: EmacsFactory, lab: Lab) -> None:
    mine = lab.bob.log(MINE)
    address = "host=127.0.0.1 port=1 dbname=none user=bob"
    options = (
        f"(setq explog-search-use-consult nil explog-lab {lisp(address)} explog-lab-scope 'lab)"
    )
    one = emacs(explog_init([mine], [], options))
    _search(one, "dropout")
    _shown(one, "201 Dropout at night")
    _shown(one, "(the lab: connection failed")
    one.quit()
    assert "explog:" not in one.screen()  # a train without a net is no problem to solve
    assert one.buffer_text("*explog stderr*") == ""


def _search(one: Emacs, query: str) -> None:
    one.wait_until(lambda: one.true("(explog-server-ready-p)"), what="the server")
    one.command("explog-search")
    one.wait_until(lambda: one.prompt().startswith("Search"), what="the prompt")
    one.type(query)


def _shown(one: Emacs, text: str) -> None:
    one.wait_until(lambda: text in one.buffer_text(RESULTS), what=f"{text!r} in the results")
