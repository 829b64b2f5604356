"""The harness itself: the terminal, and Emacs in it, without magit and explog."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import EmacsFactory
from .emacs import Emacs, EvalError
from .home import explog_init, lisp
from .keys import encode
from .terminal import TerminalError

pytestmark = pytest.mark.e2e

# Terminal


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        ("C-x g", b"\x18g"),
        ("M-x", b"\x1bx"),
        ("RET TAB SPC ESC DEL", b"\r\t \x1b\x7f"),
        ("C-SPC C-/ C-_", b"\x00\x1f\x1f"),
        ("C-M-x", b"\x1b\x18"),
        ("<f5> <up>", b"\x1b[15~\x1b[A"),
        ("M-<", b"\x1b<"),
        ("C-c C-c -", b"\x03\x03-"),
        ("é", "é".encode()),
    ],
)
def test_keys_are_sent_as_a_terminal_sends_them(keys: str, sent: bytes) -> None:
    assert encode(keys) == sent


@pytest.mark.parametrize("keys", ["magit", "C-<f5>", "C-;"])
def test_keys_that_no_terminal_sends_are_refused(keys: str) -> None:
    with pytest.raises(ValueError, match=r"key|terminal"):
        encode(keys)


def test_typed_text_is_on_the_screen_and_in_the_buffer(shared_emacs: Emacs) -> None:
    shared_emacs.keys("C-x b")
    shared_emacs.type("typed\n")
    shared_emacs.type('Grüße "quoted" \\ done')
    screen = shared_emacs.wait_for("Grüße")
    assert 'Grüße "quoted" \\ done' in screen
    assert shared_emacs.buffer_text("typed") == 'Grüße "quoted" \\ done'


def test_a_wait_in_vain_shows_the_screen(shared_emacs: Emacs) -> None:
    with pytest.raises(TerminalError, match=r"(?s)never there.*(Text|Fundamental|Lisp)"):
        shared_emacs.wait_for(re.compile("never there"), timeout=0.1)


# Evaluation


def test_eval_prints_and_reports_errors(shared_emacs: Emacs) -> None:
    assert shared_emacs.eval("(+ 1 2)") == "3"
    assert shared_emacs.eval('\'(a nil "ü")') == '(a nil "ü")'
    assert shared_emacs.string(lisp('a "b" \\ ü')) == 'a "b" \\ ü'
    assert len(shared_emacs.string("(make-string 3000000 ?é)")) == 3_000_000
    with pytest.raises(EvalError, match="no-such-function"):
        shared_emacs.eval("(no-such-function)")
    with pytest.raises(EvalError):
        shared_emacs.eval("(")


def test_eval_answers_while_emacs_asks(shared_emacs: Emacs) -> None:
    shared_emacs.keys("M-x")
    shared_emacs.wait_until(lambda: shared_emacs.prompt().startswith("M-x"))
    shared_emacs.type("forw")
    shared_emacs.settle()
    assert shared_emacs.prompt() == "M-x forw"
    shared_emacs.quit()
    assert not shared_emacs.true("(active-minibuffer-window)")
    assert "Quit" in shared_emacs.messages()


def test_settle_comes_after_all_typed_keys(shared_emacs: Emacs) -> None:
    shared_emacs.keys("C-x b")
    shared_emacs.type("settled\n")
    shared_emacs.type("word " * 200)
    shared_emacs.settle()
    assert shared_emacs.buffer_text("settled") == "word " * 200


def test_init_file_errors_are_told(emacs: EmacsFactory) -> None:
    with pytest.raises(TerminalError, match="no-such-option"):
        emacs("(no-such-option)")


def test_close_leaves_nothing_running(emacs: EmacsFactory) -> None:
    one = emacs()
    one.eval('(make-process :name "s" :command (list "sleep" "1000") :connection-type \'pipe)')
    assert len(one.survivors(timeout=0)) == 2
    one.close()
    assert one.survivors(timeout=0) == {}
    assert not one.home.exists()


def test_report_shows_what_explog_says(emacs: EmacsFactory) -> None:
    one = emacs()
    one.wait_for("*scratch*")
    one.eval('(with-current-buffer (get-buffer-create "*explog stderr*") (insert "a traceback"))')
    assert "=== *explog stderr*\na traceback" in one.report()
    assert "*scratch*" in one.report()
    one.close()
    assert "(Emacs has ended)" in one.report()


def test_a_spoiled_emacs_is_replaced(keep_emacs: Callable[[], Emacs]) -> None:
    one = keep_emacs()
    assert keep_emacs() is one
    one.spoiled = True
    assert keep_emacs() is not one
    assert not one.alive


def test_explog_init_is_lisp(shared_emacs: Emacs) -> None:
    text = explog_init([Path("/a b/log.org")], [Path("/a"), Path('/"b"')], "(setq x t)")
    assert shared_emacs.eval(f"(mapcar #'car '({text}))") == (
        "(setenv setq setq add-to-list require explog-mode)"
    )
