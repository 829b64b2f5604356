"""explog-results in a real Emacs: the list, its keys, and blocks in a log."""

from __future__ import annotations

import json
import re

import pytest

from support.runs import explog_run
from support.trackers import put_folder

from . import steps
from .emacs import Emacs
from .home import lisp
from .world import INIT, LOG, World

pytestmark = pytest.mark.e2e

LIST = "*explog results*"
BLOCK = '#+BEGIN: explog-results :id 201 :metrics "acc loss" :best "max acc"\n'


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


@pytest.fixture
def measured(world: World) -> World:
    """Two steps with results: a file of metrics, and a message."""
    file = world.repository.path / "metrics.json"
    file.write_text(json.dumps({"acc": 0.714, "loss": 0.31}))
    world.repository.run("add", "metrics.json")
    world.expect(1, world.repository.commit("[e201.1] Results- baseline"), ticked=True)
    world.expect(2, world.repository.commit("[e201.2] Results- acc=0.75"), ticked=True)
    return world


def show(emacs: Emacs) -> None:
    emacs.keys("M-x")
    emacs.type("explog-results")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.prompt().startswith("Results of"), what="the question")
    emacs.type("e201")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == LIST, what="the list")
    wait_text(emacs, "0.75")


def wait_text(emacs: Emacs, text: str) -> None:
    emacs.wait_until(lambda: text in emacs.buffer_text(LIST), what=text)


def line(emacs: Emacs) -> str:
    return emacs.string(
        "(buffer-substring-no-properties (line-beginning-position) (line-end-position))"
    )


def test_list_and_keys(measured: World) -> None:
    emacs = measured.emacs
    show(emacs)
    first, second = emacs.buffer_text(LIST).splitlines()
    assert "201.1" in first
    assert "0.714" in first
    assert "0.31" in first
    assert "metrics.json" in first
    assert "201.2" in second
    assert "message" in second
    emacs.keys("m m d")
    emacs.wait_until(
        lambda: emacs.true('(get-buffer "*explog results diff*")'), what="a comparison"
    )
    assert "  acc  0.714 → 0.75\n" in emacs.buffer_text("*explog results diff*")
    steps.wait_idle(emacs)
    show(emacs)
    emacs.keys("w")
    emacs.wait_until(lambda: emacs.prompt().startswith("Copy as"), what="the question")
    emacs.keys("RET")
    emacs.wait_until(lambda: "copied as org" in emacs.messages(), what="a copy")
    assert emacs.string("(substring-no-properties (car kill-ring))").startswith("| step")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == "log.org", what="the log")
    assert line(emacs).startswith(("1. [X] Test XYZ without ABC", "2. [X] Test XYZ with ABC"))


def test_the_list_follows_commits(measured: World) -> None:
    emacs = measured.emacs
    show(emacs)
    measured.repository.commit("[e201.3] Results- acc=0.8")
    wait_text(emacs, "0.8 ")
    assert len(emacs.buffer_text(LIST).splitlines()) == 3


def test_the_list_follows_runs(measured: World) -> None:
    emacs = measured.emacs
    show(emacs)
    write = 'printf \'{"acc": 0.9}\' >"$EXPLOG_RUN_DIR/metrics.json"'
    done = explog_run("e201.3", "--", "sh", "-c", write, cwd=measured.repository.path)
    assert done.returncode == 0, done.stderr
    wait_text(emacs, "0.9 ")
    (third,) = (one for one in emacs.buffer_text(LIST).splitlines() if "201.3" in one)
    assert "runs/e201.3-" in third
    assert measured.repository.head[:7] in third


def test_a_run_that_has_no_commit(measured: World) -> None:
    emacs = measured.emacs
    put_folder("wandb", measured.repository.path)
    show(emacs)
    wait_text(emacs, "wandb (bold-fox-4)")
    emacs.eval('(progn (goto-char (point-min)) (search-forward "bold-fox"))')
    emacs.keys("v")
    emacs.wait_until(lambda: "a run without a commit" in emacs.messages(), what="why there is none")


def test_block_of_a_step_that_was_just_placed(measured: World) -> None:
    emacs = measured.emacs
    text = measured.log.read_text(encoding="utf-8")
    measured.log.write_text(
        text.replace("** Notes\n", f"** Notes\n{BLOCK}#+CAPTION: ABC\n#+END:\n")
    )
    measured.visit()
    emacs.keys("M-x")
    emacs.type("org-update-all-dblocks")
    emacs.keys("RET")
    emacs.wait_until(lambda: "*0.75*" in measured.buffer(), what="the table")
    assert f"{BLOCK}#+CAPTION: ABC\n| step" in measured.buffer()
    emacs.keys("C-x C-s")
    emacs.settle()
    before = measured.buffer()
    measured.expect(3, measured.repository.commit("[e201.3] Results- acc=0.8"), ticked=True)
    emacs.wait_until(lambda: "*0.8*" in measured.buffer(), what="a row more")
    measured.same_in_buffer()
    emacs.keys("C-/")  # hash and row are one step
    emacs.wait_until(lambda: measured.buffer() == before, what="what was there before")


def test_insert_a_block(measured: World) -> None:
    emacs = measured.emacs
    measured.visit()
    emacs.eval(
        f"(with-current-buffer (find-buffer-visiting {lisp(measured.log)})"
        ' (goto-char (point-min)) (search-forward "** Notes\\n"))'
    )
    emacs.keys("M-x")
    emacs.type("explog-results-insert")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.prompt().startswith("Metrics"), what="the question")
    emacs.type("acc")
    emacs.keys("RET")
    emacs.wait_until(lambda: "0.75" in measured.buffer(), what="the table")
    assert '#+BEGIN: explog-results :id 201 :metrics "acc"\n| step' in measured.buffer()
    assert LOG.splitlines()[0] in measured.buffer()


def test_one_metric_in_an_agenda(measured: World) -> None:
    emacs = measured.emacs
    show(emacs)  # the values are read
    emacs.eval('(setq explog-agenda-metric "acc")')
    emacs.keys("M-x")
    emacs.type("explog-agenda-view")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.prompt().startswith("Agenda"), what="the question")
    emacs.type("e201 ")
    emacs.keys("RET")
    emacs.wait_until(
        lambda: (
            emacs.true("(derived-mode-p 'org-agenda-mode)")
            and "[201]" in emacs.string("(buffer-string)")
        ),
        what="an agenda",
    )
    text = emacs.string("(buffer-string)")
    emacs.eval("(setq explog-agenda-metric nil)")
    assert re.search(r"\[2/3\] +\S+ +0\.75 +TODO \[201\] ABC", text), text
    assert "[202]" not in text
