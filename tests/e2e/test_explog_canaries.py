"""No command of Emacs has git run a program that a repository names, see support/canaries.py."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from support.canaries import Cage

from .conftest import EmacsFactory
from .emacs import Emacs
from .home import CHECKOUT, explog_init, lisp

pytestmark = pytest.mark.e2e


@pytest.fixture
def cage(tmp_path: Path) -> Cage:
    made = Cage(tmp_path)
    made.set_up()
    return made


@pytest.fixture(params=["magit", "vc"])
def caged(request: pytest.FixtureRequest, cage: Cage, emacs: EmacsFactory) -> Emacs:
    """An Emacs that is told of the cage's log and repository, with magit or without it."""
    without = """
        (setq load-path (seq-remove (lambda (folder) (string-match-p "magit" folder)) load-path))
    """
    init = explog_init([cage.log], [cage.repo.path], "(setq make-backup-files nil)")
    one = emacs((without if request.param == "vc" else "") + init)
    one.wait_until(lambda: one.true("(explog-server-ready-p)"), what="the server")
    assert one.true("(require 'magit nil t)") == (request.param == "magit")
    known = '(ignore-errors (explog-server-call-sync "commits" \'("1" "")))'
    one.wait_until(lambda: one.true(known), what="the index")
    return one


def test_no_command_runs_a_program_that_a_repository_names(cage: Cage, caged: Emacs) -> None:
    results, folder = cage.results, lisp(cage.repo.path)
    told = {
        "a commit": f"(explog-search-visit-commit {folder} {lisp(results)})",
        "commits": '(explog-commits "1" nil)',
        "commits of a step": '(explog-commits "1" "1")',
        "a diff": f"(explog-diff-show {folder} {lisp(results + '~3')} {lisp(results)})",
        "the commit that is related": '(explog-write-about-commit (cons "1" "1"))',
        "a hash": f"(explog-visit {lisp(results[:8])})",
        "an option for a commit": '(explog-point-git nil "--batch" "cat-file")',
        "references of a commit": (
            "(explog-point-references (explog-point--make :kind 'commit"
            f" :commit {lisp(results)} :repository {folder}))"
        ),
        "the commits of a file": "(explog-experiments-here)",
    }
    for feature in ("explog-history", "explog-write", "explog-visit"):
        caged.eval(f"(require '{feature})")
    visit(caged, cage.repo.path / "plain.txt", "")
    cage.sang()
    for name, form in told.items():
        caged.eval(
            "(let ((inhibit-interaction t)) (save-window-excursion"
            f' (condition-case err {form} (error (format "%S" err)))) t)'
        )
        settle(caged)
        assert cage.sang() == set(), name
    assert (
        caged.string(
            f"(caar (explog-point-references (explog-point--make :kind 'commit"
            f" :commit {lisp(results)} :repository {folder})))"
        )
        == "1"
    )


@pytest.mark.parametrize("caged", ["magit"], indirect=True)
def test_without_the_settings_a_program_is_run(cage: Cage, caged: Emacs) -> None:
    caged.eval("(require 'explog-history)")
    cage.sang()
    caged.eval(
        "(cl-letf (((symbol-function 'explog-git-call)"
        " (lambda (directory function &rest arguments)"
        "   (let ((default-directory (file-name-as-directory directory)))"
        "     (apply function arguments))))"
        " (explog-git-diff-options nil))"
        f' (explog-diff-show {lisp(cage.repo.path)} "HEAD~3" "HEAD") t)'
    )
    settle(caged)
    assert cage.sang() != set()


#: What may run a program, and the files that do, with what they run.
RUNS = re.compile(
    r"\((?:call-process\S*|process-file\S*|process-lines\S*|make-process|start-\S*process\S*|"
    r"shell-command\S*|async-shell-command|vc-(?:git-(?!diff-switches)|call|diff|print|do-)\S*|"
    r"magit-(?:git|call|run|show|diff|log|rev|get)-\S*)"
)
RUNNERS = {
    ("explog-git", "(make-process"),
    ("explog-install", "(make-process"),
    ("explog-server", "(make-process"),
    ("explog-server", "(call-process"),  # head, for random numbers
}


def test_git_is_run_in_one_place() -> None:
    found = set()
    for file in (CHECKOUT / "elisp").glob("*.el"):
        text = re.sub(
            r"^\s*;.*|\(declare-function \S+ |\(defvar ", "", file.read_text(), flags=re.M
        )
        found |= {(file.stem, match[0]) for match in RUNS.finditer(text)}
    assert found == RUNNERS


def visit(emacs: Emacs, file: Path, text: str) -> None:
    """Visit FILE and go behind TEXT, a regexp; what Emacs and magit do then is theirs."""
    emacs.eval(f"(progn (find-file {lisp(file)}) (goto-char (point-min)) t)")
    emacs.eval(f"(re-search-forward {lisp(text)})")


def settle(emacs: Emacs) -> None:
    """Wait until Emacs has drawn, its processes of git have ended, and the server has answered."""
    emacs.wait_until(
        lambda: emacs.true(
            '(progn (redisplay t) (not (seq-some (lambda (process) (string-match-p "git"'
            ' (format "%s" (process-command process)))) (seq-filter #\'process-live-p'
            " (process-list)))))"
        ),
        what="the end of git",
    )


def test_emacs_and_the_server_keep_git_from_the_same() -> None:
    from explog.git import safe

    form = "(progn (require (quote json)) (princ (json-encode (list explog-git-settings explog-git-variables explog-git-diff-options))))"
    done = subprocess.run(
        [
            "emacs",
            "-Q",
            "--batch",
            "-L",
            str(CHECKOUT / "elisp"),
            "-l",
            "explog-git",
            "--eval",
            form,
        ],
        capture_output=True,
        check=True,
    )
    settings, variables, options = json.loads(done.stdout)
    assert [f"{name}={value}" for name, value in settings.items()] == safe.BARS[1::2]
    given = dict(variable.split("=", 1) for variable in variables)
    assert given == {n: value for n, value in safe.ENVIRONMENT.items() if n != "GIT_FLUSH"}
    assert set(options) < set(safe.OPTIONS["diff-tree"])
