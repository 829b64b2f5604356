"""What the actions in magit.py are made of: waiting, answering, choosing, writing a message.

Keys do the work; forms are evaluated only to look: which buffer, which question, is git running?
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .emacs import Emacs
from .home import lisp
from .repository import Repository

#: Questions that magit and Emacs ask on the way, and the key that goes on. First match wins.
#: A test that wants another answer puts another tuple here (`monkeypatch.setattr`).
ANSWERS: tuple[tuple[str, str], ...] = (
    (r"\ASave file .* \(y, n, !.*\) \Z", "y"),
    (r"\AStage all changes\?", "y"),
    (r"has already been published", "y"),
    (r"\ASecond line is not empty", "y"),
)

#: True while keys wait, a command runs (one that waits for git also answers), a question waits
#: (the first kind uses no minibuffer), or git runs.
_BUSY = r"""
(or (input-pending-p)
    this-command
    (string-match-p "(y, n, !.*) \\'" (or (current-message) ""))
    (active-minibuffer-window)
    (bound-and-true-p transient--prefix)
    (seq-some (lambda (process)
                (and (memq (process-status process) '(run stop))
                     (string-match-p "\\`git" (process-name process))))
              (process-list)))
"""


def status(emacs: Emacs, repository: Repository) -> None:
    """Show the status buffer of REPOSITORY alone, as it is now, with point at its top."""
    folder = f"{repository.path}/"
    emacs.keys("C-x d")
    emacs.wait_until(lambda: emacs.prompt().startswith("Dired"), what="the prompt for a folder")
    emacs.type(folder)
    emacs.keys("RET")
    emacs.wait_until(
        lambda: emacs.true(
            f"(and (derived-mode-p 'dired-mode) (equal default-directory {lisp(folder)}))"
        ),
        what=f"dired of {folder}",
    )
    emacs.keys("C-x g")
    wait_mode(emacs, "magit-status-mode")
    wait_idle(emacs)  # not earlier: magit may still ask whether to save a file
    emacs.keys("C-x 1 M-<")
    wait_idle(emacs)


def wait_mode(emacs: Emacs, mode: str) -> None:
    """Wait until the selected window shows a buffer of MODE, answering questions on the way."""
    answering(emacs, lambda: emacs.true(f"(derived-mode-p '{mode})"), f"a buffer in {mode}")


def wait_idle(emacs: Emacs) -> None:
    """Wait until no git runs in Emacs and nothing is asked, answering questions on the way.

    Twice in a row: a key may still be on its way through the terminal at the first look.
    """
    looks = 0

    def idle() -> bool:
        nonlocal looks
        looks = 0 if emacs.true(_BUSY) else looks + 1
        return looks > 1

    answering(emacs, idle, "git in Emacs to end")


def wait_editor(emacs: Emacs) -> None:
    """Wait until git has opened a file in Emacs: a message, or the list of a rebase."""
    answering(emacs, lambda: editing(emacs), "git to open its editor in Emacs")


def editing(emacs: Emacs) -> bool:
    """Whether the selected window shows a file that git waits for."""
    return emacs.true("(bound-and-true-p with-editor-mode)")


def write_message(emacs: Emacs, message: str) -> None:
    """Wait for the buffer of a commit message, and put MESSAGE in place of all that is in it.

    Long or indented lines are pasted: typed ones would be filled and indented by Emacs.
    """
    wait_editor(emacs)
    emacs.keys("C-x h C-w")
    plain = all(
        len(line) <= 60 and not line.startswith((" ", "\t")) for line in message.split("\n")
    )
    (emacs.type if plain else emacs.paste)(message)
    emacs.settle()
    if (text := emacs.string("(buffer-string)")) != message:
        raise emacs.error(f"the message buffer holds {text!r} after {message!r} was typed")


def finish(emacs: Emacs) -> None:
    """Hand the file that git has opened back to it: C-c C-c."""
    emacs.eval("(defvar e2e-edited)")
    name = emacs.string("(buffer-name (set 'e2e-edited (current-buffer)))")
    emacs.keys("C-c C-c")
    answering(emacs, lambda: not emacs.true("(buffer-live-p e2e-edited)"), f"{name} to close")


def select_commit(emacs: Emacs, abbreviation: str) -> None:
    """Choose the commit with ABBREVIATION in the log that magit offers."""
    wait_mode(emacs, "magit-log-select-mode")
    search(emacs, abbreviation)
    emacs.keys("C-c C-c")


def search(emacs: Emacs, text: str) -> None:
    """Go to the first TEXT in the buffer by C-s."""
    emacs.keys("M-< C-s")
    emacs.type(text)
    emacs.keys("RET")
    emacs.settle()
    line = emacs.string("(buffer-substring (line-beginning-position) (line-end-position))")
    if text not in line:
        raise emacs.error(f"C-s {text} went to the line {line!r}")


def answer(emacs: Emacs, question: str, answer: str) -> None:
    """Wait for a minibuffer QUESTION (a regexp), and type ANSWER and RET."""
    emacs.wait_until(lambda: re.match(question, emacs.prompt()), what=f"the question {question}")
    emacs.type(answer)
    emacs.keys("RET")


def answering(emacs: Emacs, condition: Callable[[], bool], what: str) -> None:
    """Wait for CONDITION, and press what ANSWERS has for each question that comes before."""
    answered = ""

    def look() -> bool:
        nonlocal answered
        if condition():
            return True
        question = emacs.prompt()
        if question != answered:
            for pattern, key in ANSWERS:
                if re.search(pattern, question):
                    emacs.keys(key)
                    answered = question
                    break
        return False

    emacs.wait_until(look, what=what)


def moved(emacs: Emacs, repository: Repository, before: str) -> str:
    """Wait until HEAD is no more BEFORE and git has ended in Emacs; return the new HEAD."""
    answering(emacs, lambda: repository.head != before, f"HEAD to move on from {before}")
    wait_idle(emacs)
    return repository.head
