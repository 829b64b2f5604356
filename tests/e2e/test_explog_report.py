"""explog-report in a real Emacs: asked for, renewed, written to a file, and as a dynamic block."""

from __future__ import annotations

import pytest

from .emacs import Emacs
from .home import lisp
from .world import INIT, World

pytestmark = pytest.mark.e2e

BUFFER = "*explog report*"


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


@pytest.fixture
def reported(world: World) -> World:
    world.expect(1, world.repository.commit("[e201.1] Results"), ticked=True)
    return world


def ask(emacs: Emacs, period: str) -> None:
    emacs.keys("M-x")
    emacs.type("explog-report")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.prompt().startswith("Report"), what="the question")
    emacs.type(period)
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == BUFFER, what="the report")


def wait_text(world: World, text: str) -> None:
    world.emacs.wait_until(lambda: text in world.emacs.buffer_text(BUFFER), what=text)


def test_report_from_asking_to_the_file(reported: World) -> None:
    emacs, repository = reported.emacs, reported.repository
    ask(emacs, "20y")
    wait_text(reported, f"[[exp:201.1][1]] Test XYZ without ABC · {repository.head[:7]}")
    assert emacs.true("(and (derived-mode-p 'org-mode) buffer-read-only)")
    newer = repository.commit("[e201.2] Start")
    reported.expect(2, newer)
    emacs.keys("g")
    wait_text(
        reported,
        f"* In progress\n** [[exp:201][201]] ABC in XYZ model\nTODO · [1/3]\n- [[exp:201.2][2]] Test XYZ with ABC · {newer[:7]}",
    )
    emacs.keys("M->")
    emacs.wait_until(lambda: "●" in emacs.screen(), what="the timeline as text")
    assert emacs.true('(string-match-p "^\\\\[\\\\[file:/.*-timeline.svg" (buffer-string))')
    file = reported.folder / "report.org"
    emacs.keys("w")
    emacs.wait_until(lambda: emacs.prompt().startswith("Write report"), what="the question")
    emacs.keys("C-a C-k")
    emacs.type(str(file))
    emacs.keys("RET")
    emacs.wait_until(file.exists, what="the file")
    emacs.settle()
    timeline = reported.folder / "report-timeline.svg"
    assert timeline.read_text().startswith("<svg ")
    timeline.unlink()
    emacs.type("All is well.")
    last = repository.commit("[e201.3] Results")
    reported.expect(3, last, ticked=True)
    emacs.keys("M-x")
    emacs.type("explog-report-renew")
    emacs.keys("RET")
    emacs.wait_until(lambda: last[:7] in emacs.buffer_text("report.org"), what="a renewed report")
    assert "* Summary\nAll is well." in emacs.buffer_text("report.org")
    assert "\n[[file:report-timeline.svg]]\n" in emacs.buffer_text("report.org")
    assert timeline.exists()
    emacs.keys("C-x C-s")
    emacs.settle()
    emacs.keys("C-/")  # renewing is undone, and what was typed is kept
    emacs.wait_until(lambda: last[:7] not in emacs.buffer_text("report.org"), what="an undo")
    assert "All is well" in emacs.buffer_text("report.org")


def test_the_key_of_the_agenda(reported: World) -> None:
    emacs = reported.emacs
    emacs.eval('(setq explog-agenda-report-key "w")')
    emacs.keys("M-x")
    emacs.type("org-agenda")
    emacs.keys("RET")
    emacs.wait_until(
        lambda: emacs.true('(get-buffer-window " *Agenda Commands*")'), what="the menu"
    )
    emacs.keys("c w")
    emacs.wait_until(lambda: emacs.current_buffer() == BUFFER, what="the report")
    wait_text(reported, "#+TITLE: Report ")
    assert emacs.true(f"(with-current-buffer {lisp(BUFFER)} (derived-mode-p 'org-mode))")


def test_dynamic_block(reported: World) -> None:
    emacs = reported.emacs
    notes = reported.folder / "notes.org"
    notes.write_text("* Notes\n#+BEGIN: explog-report :period 20y :query e201\n#+END:\nAfter\n")
    emacs.find_file(notes)
    emacs.settle()
    emacs.keys("C-n C-c C-c")
    emacs.wait_until(
        lambda: "*Results*\n\n- [[exp:201][201]]" in emacs.buffer_text("notes.org"),
        what="the block",
    )
    text = emacs.buffer_text("notes.org")
    assert text.startswith("* Notes\n#+BEGIN: explog-report :period 20y :query e201\n")
    assert text.endswith("#+END:\nAfter\n")


def test_the_plot_of_a_file_and_of_a_block(reported: World) -> None:
    emacs, repository = reported.emacs, reported.repository
    for step in (1, 2, 3):
        commit = repository.commit(f"[e201.{step}] Results: acc={step}")
        reported.expect(step, commit, ticked=True)
    notes = reported.folder / "notes.org"
    asked = "#+BEGIN: explog-report :period 20y :query e201 :metric acc :plot acc.svg\n"
    notes.write_text(f"* Notes\n{asked}#+END:\n")
    emacs.find_file(notes)
    emacs.settle()
    emacs.keys("C-n C-c C-c")
    emacs.wait_until(
        lambda: "\n[[file:acc.svg]]\n#+END:" in emacs.buffer_text("notes.org"), what="the block"
    )
    assert ">acc</text>" in (reported.folder / "acc.svg").read_text()
    file = reported.folder / "asked.org"
    marks = (
        '# explog-report: begin 2018-01-01..2100-01-01\n# explog-report: asked {"metric": "acc"}\n'
    )
    file.write_text(f"* Summary\n{marks}old\n# explog-report: end\n")
    emacs.find_file(file)
    emacs.settle()
    emacs.keys("M-x")
    emacs.type("explog-report-renew")
    emacs.keys("RET")
    emacs.wait_until(
        lambda: "[[file:asked-plot.svg]]" in emacs.buffer_text("asked.org"), what="the plot"
    )
    assert (reported.folder / "asked-plot.svg").read_text() == (
        reported.folder / "acc.svg"
    ).read_text()


def test_a_period_that_is_none(reported: World) -> None:
    emacs = reported.emacs
    ask(emacs, "soon")
    emacs.wait_until(lambda: "no period" in emacs.messages(), what="the reason")
    assert not emacs.true(f"(with-current-buffer {lisp(BUFFER)} mode-line-process)")
