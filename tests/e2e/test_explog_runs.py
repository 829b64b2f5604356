"""explog-run and explog-runs in a real Emacs: start a run, follow it, compare, end it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.runs import explog_run

from . import steps
from .emacs import Emacs
from .home import lisp
from .world import INIT, LOG, World

pytestmark = pytest.mark.e2e

LIST = "*explog runs*"
BUFFER = "*explog run e201.1*"


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


def command(emacs: Emacs, name: str) -> None:
    emacs.keys("M-x")
    emacs.type(name)
    emacs.keys("RET")


def start(world: World, line: str) -> None:
    """Run LINE for step 1 by the keys of a user who is on it, in the log."""
    emacs = world.emacs
    world.visit()
    emacs.keys("M-<")
    emacs.eval(f"(goto-char (+ (string-search {lisp('Test XYZ without')} (buffer-string)) 1))")
    command(emacs, "explog-run")
    emacs.wait_until(lambda: emacs.prompt().startswith("Run for e201.1"), what="the question")
    emacs.type(line)
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.true(f"(get-buffer {lisp(BUFFER)})"), what="a run")


def show_list(emacs: Emacs) -> None:
    command(emacs, "explog-runs")
    emacs.wait_until(lambda: emacs.current_buffer() == LIST, what="the list")


def wait_list(emacs: Emacs, *words: str) -> str:
    """Wait until a line of the list has all WORDS; return it."""

    def found() -> list[str]:
        lines = emacs.buffer_text(LIST).splitlines()
        return [line for line in lines if all(word in line for word in words)]

    emacs.wait_until(found, what=f"{words} in the list")
    return found()[0]


def records(world: World) -> list[dict[str, object]]:
    """Return the records of the runs in the repository, the oldest first."""
    paths = sorted((world.repository.path / "runs").glob("*/run.json"))
    found = [json.loads(path.read_text()) for path in paths]
    return sorted(found, key=lambda record: record["start"])


def go_on(world: World) -> None:
    """Let the run that waits for it end."""
    (world.folder / "go").touch()


def waiting(folder: Path) -> str:
    """Return a line for a shell that prints, waits for a file, and prints again."""
    return f"echo begun for [e202.1]; while ! test -e {folder}/go; do sleep 0.1; done; echo done"


def test_run_list_and_follow(world: World) -> None:
    emacs = world.emacs
    start(world, waiting(world.folder))
    emacs.wait_until(lambda: "begun" in emacs.buffer_text(BUFFER), what="its output")
    assert emacs.true(f"(buffer-local-value 'explog-ref-mode (get-buffer {lisp(BUFFER)}))")
    show_list(emacs)
    line = wait_list(emacs, "running", "e201.1")
    assert "sh -c 'echo begun" in line
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == "output.log", what="the output")
    assert emacs.true("buffer-read-only")
    assert "begun for [e202.1]" in emacs.string("(buffer-string)")
    go_on(world)
    emacs.wait_until(
        lambda: emacs.string("(buffer-string)").endswith("done\n"), what="the rest of the output"
    )
    assert emacs.string("(buffer-string)").count("begun") == 2  # in the first line, too
    wait_list(emacs, "ok", "e201.1")
    (record,) = records(world)
    assert (record["state"], record["reference"]) == ("ok", "e201.1")
    assert record["repository"] == str(world.repository.path)
    assert world.line(1, None) in world.lines()  # no box is ticked


def test_a_reference_says_what_runs(world: World) -> None:
    emacs = world.emacs
    start(world, waiting(world.folder))
    emacs.wait_until(
        lambda: "▶ 0:" in emacs.string('(or (explog-ref-describe "201" "1") "")'),
        what="what runs for e201.1",
    )
    command(emacs, "explog-agenda-view")
    emacs.wait_until(lambda: emacs.prompt().startswith("Agenda"), what="the question")
    emacs.type("e201 ")
    emacs.keys("RET")
    emacs.wait_until(
        lambda: re.search(r"▶ 0:\d\d \S+ +TODO \[201\] ABC", emacs.string("(buffer-string)")),
        what="what runs, in an agenda",
    )
    go_on(world)
    emacs.wait_until(
        lambda: "▶" not in emacs.string('(or (explog-ref-describe "201" "1") "▶")'),
        what="the end of the run",
    )


def test_end_a_run(world: World) -> None:
    emacs = world.emacs
    start(world, "sleep 1000")
    show_list(emacs)
    wait_list(emacs, "running", "sleep 1000")
    emacs.keys("M-< k")
    emacs.wait_until(lambda: emacs.prompt().startswith("End process"), what="the question")
    emacs.type("yes")
    emacs.keys("RET")
    wait_list(emacs, "killed (SIGTERM)", "sleep 1000")
    emacs.keys("k")
    emacs.wait_until(lambda: "It is not running" in emacs.messages(), what="a refusal")


def test_record_and_difference(world: World) -> None:
    emacs = world.emacs
    file = world.repository.path / "train.py"
    for number in (1, 2):
        file.write_text(f"lr = {number}\n")
        start(world, f"true {number}")
        emacs.wait_until(
            lambda: [one["state"] for one in records(world)] == ["ok"] * number,  # noqa: B023
            what="the end of the run",
        )
    show_list(emacs)
    wait_list(emacs, "ok", "true 1")
    wait_list(emacs, "ok", "true 2")
    emacs.keys("M-< v")
    emacs.wait_until(lambda: emacs.true('(get-buffer "*explog run*")'), what="the record")
    assert "command   true 2\n" in emacs.buffer_text("*explog run*")
    assert emacs.true(f"(eq (current-buffer) (get-buffer {lisp(LIST)}))")
    emacs.keys("m m d")
    emacs.wait_until(lambda: "true 1 → true 2" in emacs.messages(), what="the commands")
    steps.wait_mode(emacs, "magit-diff-mode")
    emacs.wait_until(lambda: "+lr = 2" in emacs.string("(buffer-string)"), what="the change")
    assert "-lr = 1" in emacs.string("(buffer-string)")


# Notes

NOTE = r"   - \[\d{4}-\d\d-\d\d \w{3} \d\d:\d\d\] "


def wait_notes(world: World, *said: str) -> None:
    """Wait until the notes on step 2 are those that end with what is SAID, and all else is as ever."""

    def notes() -> list[str]:
        return [line for line in world.lines() if re.match(NOTE, line)]

    world.emacs.wait_until(lambda: len(notes()) == len(said), what=f"the notes {said}")
    commit = re.escape(f"({world.short(world.repository.head)}) ")
    for note, end in zip(notes(), said, strict=True):
        assert re.fullmatch(f"{NOTE}{commit}{end} on [\\w-]+", note), note
    text = "".join(f"{note}\n" for note in notes())
    step = f"{world.line(2, None)}\n"
    assert world.log.read_text(encoding="utf-8") == LOG.replace(step, step + text)


def test_the_end_of_a_run_is_noted_once_in_the_buffer(world: World) -> None:
    emacs = world.emacs
    world.repository.commit("Begin")
    world.visit()
    explog_run("e201.2", "--", "sh", "-c", "exit 3", cwd=world.repository.path)
    wait_notes(world, r"failed \(3\), 0:0\d")
    world.said(re.compile(r"e201\.2: failed \(3\), 0:0\d on "))
    world.same_in_buffer()
    emacs.eval("(undo)")
    emacs.eval("(save-buffer)")
    assert world.log.read_text(encoding="utf-8") == LOG
    explog_run("e201.2", "--", "true", cwd=world.repository.path)
    wait_notes(world, r"ok, 0:0\d")
    world.same_in_buffer()
    emacs.eval("(goto-char (point-max))")
    emacs.type("mine")
    explog_run("e201.2", "--", "true", cwd=world.repository.path)
    emacs.wait_until(
        lambda: len(re.findall(NOTE, world.buffer())) == 2, what="a note in the buffer"
    )
    assert world.buffer().endswith("mine")
    assert len(re.findall(NOTE, "\n".join(world.lines()))) == 1
    emacs.eval("(save-buffer)")


def test_the_end_of_a_run_is_noted_in_the_file_that_nobody_visits(world: World) -> None:
    world.repository.commit("Begin")
    explog_run("e201.2", "--", "true", cwd=world.repository.path)
    wait_notes(world, r"ok, 0:0\d")
    world.said(re.compile(r"e201\.2: ok, 0:0\d on "))


def test_no_note_is_written_where_the_option_is_off(world: World) -> None:
    emacs = world.emacs
    world.visit()
    emacs.eval("(setq explog-run-notes nil)")
    explog_run("e201.2", "--", "true", cwd=world.repository.path)
    show_list(emacs)
    wait_list(emacs, "ok", "e201.2")
    world.prove()
    assert not re.search(NOTE, world.buffer())
    emacs.eval("(setq explog-run-notes t)")


# Search


def test_a_search_finds_runs_and_shows_what_one_printed(world: World) -> None:
    emacs = world.emacs
    explog_run("e201.2", "--", "sh", "-c", "echo lr 0.01; exit 3", cwd=world.repository.path)
    explog_run("e201.2", "--", "true", cwd=world.repository.path)
    wait_notes(world, r"failed \(3\), 0:0\d", r"ok, 0:0\d")
    command(emacs, "explog-search")
    emacs.type("state:failed lr")
    emacs.wait_until(
        lambda: re.search(
            r"run +e201\.2 .* failed \(3\), 0:0\d on .*echo ⟦?lr",
            emacs.buffer_text("*explog search*"),
        ),
        what="the run",
    )
    assert "1 found" in emacs.buffer_text("*explog search*")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == "*explog search*", what="the results")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == "output.log", what="the output")
    assert emacs.string("(buffer-string)").endswith("lr 0.01\n")
