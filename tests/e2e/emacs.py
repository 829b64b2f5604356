"""A real Emacs in a terminal, with a home folder of its own, that can be typed to and asked.

Keys do the work, as a user's do; `eval` is for looking. The Emacs reads an early-init.el and
an init.el from its home, so packages, `after-init-hook` and `explog-mode` come in the order
that users get (with -Q they would not).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

from support import processes

from .home import environment, furnish, lisp
from .terminal import COLUMNS, LINES, TIMEOUT, Terminal, TerminalError

PROGRAM = os.environ.get("EMACS", "emacs")

#: The key that only counts itself (probe.el).
COUNTING_KEY = b"\x1b[99;9~"

#: Buffers that a failure report shows in full when they exist.
TELLING_BUFFERS = ("*Messages*", "*Warnings*", "*explog stderr*", "*explog events*")


class EvalError(TerminalError):
    """Emacs signalled an error while it evaluated a form for a test."""


class Emacs(Terminal):
    """Emacs in a terminal. `home` is its home folder, gone after `close`."""

    #: Whether a test failed while it ran, so that nobody knows what it would do next.
    spoiled = False

    def __init__(
        self,
        init: str = "",
        *,
        early_init: str = "",
        env: Mapping[str, str] | None = None,
        arguments: Iterable[str] = (),
        size: tuple[int, int] = (COLUMNS, LINES),
    ) -> None:
        """Start Emacs with INIT as its init.el, and wait until it takes keys.

        EARLY_INIT goes to the early-init.el (before packages are found); ENV comes on top of
        the small environment of the tests; ARGUMENTS go to the command line,
        and SIZE is that of the terminal, in columns and lines.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="e2e-"))  # short: sockets have ≤ 107 bytes
        self._socket = self._folder / "probe"
        self._run = uuid.uuid4().hex
        self.home = self._folder / "home"
        temporary = self._folder / "tmp"
        temporary.mkdir()
        furnish(self.home, init, early_init)
        super().__init__(
            [PROGRAM, "-nw", "--no-site-file", "--no-splash", *arguments],
            cwd=self.home,
            size=size,
            env={
                **environment(self.home, temporary),
                "EXPLOG_E2E_SOCKET": str(self._socket),
                processes.MARK: self._run,
                **(env or {}),
            },
        )
        try:
            self.wait_until(self._started, what="Emacs to read its init file")
            self._check_init()
        except BaseException:
            self.close()
            raise

    def _started(self) -> bool:
        """Whether Emacs has read its init file, drawn its screen, and waits for keys."""
        with contextlib.suppress(OSError):
            return self.true("after-init-time") and bool(self.screen().strip())
        return False

    def _check_init(self) -> None:
        """Raise TerminalError if Emacs met an error in the init file."""
        if self.true("init-file-had-error"):
            raise self.error("the init file has an error:\n" + self.buffer_text("*Warnings*"))

    # Looking

    def eval(self, form: str, timeout: float = TIMEOUT) -> str:
        """Evaluate FORM in the running Emacs; return the value as `prin1` prints it.

        The current buffer is that of the selected window: the minibuffer while it asks.
        Answers come while Emacs waits for keys or for a process, also amid a command.
        """
        return self._ask("p" + form, timeout)

    def string(self, form: str, timeout: float = TIMEOUT) -> str:
        """Evaluate FORM, which gives a string or nil, and return that text itself."""
        return self._ask("s" + form, timeout)

    def true(self, form: str) -> bool:
        """Evaluate FORM; return whether it is other than nil."""
        return self.eval(form) != "nil"

    def _ask(self, request: str, timeout: float) -> str:
        """Send REQUEST to the probe and return its answer, or raise EvalError."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(self._socket))
            connection.sendall(request.encode() + b"\0")
            reply = b""
            try:
                while not reply.endswith(b"\0"):
                    if not (data := connection.recv(1 << 16)):
                        raise self.error(f"Emacs hung up on {request[1:]}")
                    reply += data
            except TimeoutError:
                raise self.error(f"no answer within {timeout:g} s to {request[1:]}") from None
        answer = reply[1:-1].decode("utf-8", "surrogateescape")
        if reply[:1] == b"!":
            raise EvalError(f"{answer}\nin {request[1:]}")
        return answer

    def buffer_text(self, name: str | Path) -> str:
        """Return the whole text of the buffer NAME, or of the one that visits the file NAME."""
        return self.string(f"(e2e-probe-text {lisp(name)})")

    def messages(self) -> str:
        """Return the text of *Messages*."""
        return self.buffer_text("*Messages*")

    def current_buffer(self) -> str:
        """Return the name of the buffer in the selected window."""
        return self.string("(buffer-name)")

    def prompt(self) -> str:
        """Return the question that the user is asked: the minibuffer's, else the echo area's."""
        return self.string("(e2e-probe-question)")

    # Acting

    def command(self, name: str) -> None:
        """Run the command NAME by M-x."""
        self.keys("M-x")
        self.wait_until(lambda: self.prompt().startswith("M-x"), what="the M-x prompt")
        self.type(name)
        self.keys("RET")

    def find_file(self, path: Path) -> None:
        """Visit PATH by C-x C-f."""
        self.keys("C-x C-f")
        self.wait_until(lambda: self.prompt().startswith("Find file"), what="the prompt for a file")
        self.type(str(path))
        self.keys("RET")
        self.wait_until(lambda: self.string("buffer-file-name") == str(path), what=f"visit {path}")

    def settle(self) -> None:
        """Wait until every key typed so far has been read and its command has ended.

        Not while Emacs asks for one single key (`Save file? (y, n, !, ...)`): that is what it gets.
        """
        before = self.eval("e2e-probe-heard")
        self.send(COUNTING_KEY)
        self.wait_until(lambda: self.eval("e2e-probe-heard") != before, what="the keys to be read")

    def redraw(self) -> None:
        """Have Emacs show what is new, and come back when all of it is on the screen."""
        title = uuid.uuid4().hex
        self.eval(f'(progn (redisplay t) (send-string-to-terminal "\\e]2;{title}\\a"))')
        self.wait_until(lambda: self.title() == title, what="the screen to be drawn")

    def quit(self) -> None:
        """Press C-g, and come back when Emacs has obeyed.

        C-g is a signal: the terminal delivers it at once and drops keys that are still unread. So
        none may wait before it, nor follow too early. (An error's bell drops keys in the same way.)
        """
        self.settle()
        self.keys("C-g")
        self.settle()

    # End

    def report(self) -> str:
        """Return all that helps to understand a failure: screen and buffers."""
        parts = [f"=== screen\n{self.screen()}"]
        for name in TELLING_BUFFERS:
            try:
                text = self.buffer_text(name) if self.alive else "(Emacs has ended)"
            except (OSError, TerminalError) as error:
                text = f"(cannot be read: {str(error).splitlines()[0]})"
            if text:
                parts.append(f"=== {name}\n{text}")
        return "\n".join(parts)

    def survivors(self, timeout: float = 5.0) -> dict[int, str]:
        """Return what Emacs started (pid: command) and is still there after TIMEOUT seconds."""
        return processes.wait_gone(self._run, timeout)

    def close(self) -> None:
        """End Emacs and all that it started; remove its folder."""
        super().close()
        processes.kill_marked(self._run)
        shutil.rmtree(self._folder, ignore_errors=True)
