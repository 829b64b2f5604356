"""`explog run` in a real terminal: it stays one for the training, and keys do what they did."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.runs import COMMAND, SERVER, only_run, output_of, record_of
from support.waiting import SECONDS, wait_until

RUN = " ".join(COMMAND)


class Pty:
    """A program in a terminal of its own: what it shows, and keys for it."""

    def __init__(self, *argv: str, cwd: Path) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            environment = {
                **os.environ,
                "PYTHONPATH": str(SERVER),
                "TERM": "xterm",
                "PS1": "ready> ",
            }
            try:
                os.execvpe(argv[0], argv, environment)  # noqa: S606 - a test
            finally:
                os._exit(99)
        self.shown = b""
        self.resize(30, 90)

    def resize(self, rows: int, columns: int) -> None:
        """Change the size of the terminal."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: str) -> None:
        """Press KEYS."""
        os.write(self.fd, keys.encode())

    def wait_for(self, text: str) -> bytes:
        """Wait until TEXT is shown; return what was shown before it, and forget both."""
        wanted = text.encode()
        deadline = time.monotonic() + SECONDS
        while wanted not in self.shown:
            left = deadline - time.monotonic()
            assert left > 0, f"no {text!r} in {self.shown!r}"
            if not self._read(left):
                raise AssertionError(f"it ended without {text!r}: {self.shown!r}")
        before, _text, self.shown = self.shown.partition(wanted)
        return before

    def end(self) -> int:
        """Wait until it ends; return its status as `wait` has it."""
        with contextlib.suppress(AssertionError):
            self.wait_for("\0never\0")
        return os.waitpid(self.pid, 0)[1]

    def _read(self, seconds: float) -> bool:
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            return False
        self.shown += data
        return bool(data)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Pty]:
    """A shell with job control."""
    made = Pty("bash", "--norc", "--noprofile", "-i", cwd=tmp_path)
    made.wait_for("ready> ")
    yield made
    made.type("\x03\nkill %%\nexit\nexit\n")
    with contextlib.suppress(ProcessLookupError):
        os.kill(made.pid, signal.SIGHUP)
    made.end()
    os.close(made.fd)


def script(folder: Path, text: str) -> str:
    """Write TEXT as a script, and return the command for a shell that runs it by `explog run`."""
    (folder / "script.py").write_text(text)
    return f"{RUN} e1 -- {sys.executable} script.py"


def test_a_terminal_stays_one(shell: Pty, tmp_path: Path) -> None:
    said = "import os; print(*map(os.isatty, (0, 1, 2)), os.get_terminal_size(1), flush=True)"
    shell.type(script(tmp_path, said) + "; echo ended $?\n")
    shell.wait_for("True True True os.terminal_size(columns=90, lines=30)\r\n")
    shell.wait_for("ended 0")
    assert output_of(tmp_path) == b"True True True os.terminal_size(columns=90, lines=30)\n"


@pytest.mark.parametrize(
    ("redirection", "said"),
    [
        ("< /dev/null", "False True True"),
        ("2> errors", "True True False"),
        ("> out; cat out", "True False True"),
        ("| cat", "True False True"),
        ("> out 2>&1; cat out", "True False False"),
    ],
)
def test_what_is_none_stays_none(redirection: str, said: str, shell: Pty, tmp_path: Path) -> None:
    text = "import os; print(*map(os.isatty, (0, 1, 2)))"
    shell.type(f"{script(tmp_path, text)} {redirection}; echo ended $?\n")
    shell.wait_for(f"{said}\r\n")
    shell.wait_for("ended 0")


def test_line_ends_are_made_once(shell: Pty, tmp_path: Path) -> None:
    text = "import os; os.write(1, b'10%\\r20%\\r\\nnext\\n\\x1b[1mbold\\xff\\n')"
    shell.type(script(tmp_path, text) + "; echo ended $?\n")
    shell.wait_for("ended 0")
    assert output_of(tmp_path) == b"10%\r20%\r\nnext\n\x1b[1mbold\xff\n"


def test_a_new_size_reaches_it(shell: Pty, tmp_path: Path) -> None:
    # Waited for, as in INTERRUPTS.
    text = (
        "import os, signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
        "print('begun', flush=True)\n"
        "while (columns := os.get_terminal_size(1).columns) != 77:\n"
        "    signal.sigwait([signal.SIGWINCH])\n"
        "print('now', columns)"
    )
    shell.type(script(tmp_path, text) + "; echo ended $?\n")
    shell.wait_for("begun\r\n")
    shell.resize(20, 77)
    shell.wait_for("now 77\r\n")
    shell.wait_for("ended 0")


def test_what_is_typed_reaches_it_and_not_the_log(shell: Pty, tmp_path: Path) -> None:
    text = "import getpass; print('it is', input('name? ') + getpass.getpass('secret? ')[::-1])"
    shell.type(script(tmp_path, text) + "; echo ended $?\n")
    shell.wait_for("name? ")
    shell.type("ada\n")
    shell.wait_for("secret? ")
    shell.type("terces\n")
    shell.wait_for("it is adasecret\r\n")
    shell.wait_for("ended 0")
    assert b"terces" not in output_of(tmp_path)
    assert b"it is adasecret\n" in output_of(tmp_path)


ANSWERS = """
print("begun", flush=True)
while input() != "end":
    print("again", flush=True)
"""


# Not by a handler: Python calls that between two reads only, and the key may come just before one.
INTERRUPTS = """
import signal, threading
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
def listen():
    for n in range(1, 100):
        signal.sigwait([signal.SIGINT])
        print("interrupt", n, flush=True)
threading.Thread(target=listen, daemon=True).start()
print("begun", flush=True)
while input() != "end":
    print("again", flush=True)
"""


def test_the_interrupt_key_reaches_it_once(shell: Pty, tmp_path: Path) -> None:
    shell.type(script(tmp_path, INTERRUPTS) + "; echo ended $?\n")
    shell.wait_for("begun\r\n")
    for n in (1, 2):
        shell.type("\x03")
        shell.wait_for(f"interrupt {n}\r\n")
        shell.type("x\n")
        shell.wait_for("again\r\n")
    shell.type("end\n")
    assert b"interrupt" not in shell.wait_for("ended 0")


def test_the_interrupt_key_ends_it_as_without_us(shell: Pty, tmp_path: Path) -> None:
    # Not a shell: dash loses one in ten that come between two of its commands.
    text = (
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        "os.write(1, b'begun\\n')\n"
        "while True: signal.pause()"
    )
    shell.type(f"{script(tmp_path, text)}; echo ended $?\n")
    shell.wait_for("begun\r\n")
    shell.type("\x03")
    shell.wait_for("ready> ")
    shell.type("echo status $?\n")
    shell.wait_for("status 130\r\n")
    assert (record_of(tmp_path)["state"], record_of(tmp_path)["signal"]) == ("killed", "SIGINT")


def test_stop_and_continue_in_a_shell(shell: Pty, tmp_path: Path) -> None:
    shell.type(script(tmp_path, ANSWERS) + "\n")
    shell.wait_for("begun\r\n")
    for _ in range(2):
        shell.type("\x1a")
        shell.wait_for("Stopped")
        shell.wait_for("ready> ")
        shell.type("echo $((6 * 7))\n")
        shell.wait_for("42\r\n")
        shell.type("fg\n")
        shell.type("x\n")
        shell.wait_for("again\r\n")
    shell.type("end\n")
    shell.wait_for("ready> ")
    assert record_of(tmp_path)["state"] == "ok"


def test_in_the_background_and_back(shell: Pty, tmp_path: Path) -> None:
    shell.type(script(tmp_path, ANSWERS) + " &\n")
    shell.wait_for("begun")
    # It reads from the terminal, and the shell says so at its next prompt.
    wait_until(lambda: process_state(record_of(tmp_path)["pid"]) == "T")
    shell.type("\n")
    shell.wait_for("Stopped")
    shell.type("fg\n")
    shell.type("x\n")
    shell.wait_for("again\r\n")
    shell.type("end\n")
    wait_until(lambda: record_of(tmp_path)["state"] == "ok")


def test_what_it_says_before_it_stops_is_passed_on(shell: Pty, tmp_path: Path) -> None:
    text = (
        "import os, signal, time\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTSTP])\n"
        "os.write(2, b'begun\\n')\n"
        "signal.sigwait([signal.SIGTSTP])\n"
        "time.sleep(0.3)  # longer than a signal waits\n"
        "os.write(1, b'.' * 250000 + b' saved')\n"
        "os.kill(os.getpid(), signal.SIGSTOP)\n"
        "input()"
    )
    shell.type(script(tmp_path, text) + " > out\n")
    shell.wait_for("begun\r\n")
    shell.type("\x1a")
    shell.wait_for("Stopped")
    assert (tmp_path / "out").read_bytes().endswith(b" saved")
    shell.type("fg\n\n")
    wait_until(lambda: record_of(tmp_path)["state"] == "ok")


def test_it_stops_also_while_nobody_reads(shell: Pty, tmp_path: Path) -> None:
    said = "sh -c 'echo begun >&2; exec head -c 3000000 /dev/zero'"
    os.mkfifo(tmp_path / "go")
    shell.type(f"{RUN} e1 -- {said} | sh -c ': < go; exec wc -c'\n")
    shell.wait_for("begun\r\n")
    wait_until(lambda: (only_run(tmp_path) / "output.log").stat().st_size > 1 << 12)
    shell.type("\x1a")
    shell.wait_for("Stopped")
    shell.type("fg\n")
    (tmp_path / "go").write_text("")  # it waits for the reader
    shell.wait_for("3000000\r\n")


def test_it_stops_while_a_program_of_ours_is_looked_up(shell: Pty, tmp_path: Path) -> None:
    os.symlink("/nowhere", tmp_path / "0")
    for n in range(30):
        os.symlink(str(tmp_path / str(n)), tmp_path / str(n + 1))
    (tmp_path / "path").write_text(":".join(["30"] * 40000))  # `nvidia-smi` is in none of them
    shell.type('export PATH="$(/bin/cat path)"\n')
    shell.type(f"{RUN} e1 -- /bin/sh -c 'echo begun; exec /bin/sleep 1000'; echo ended $?\n")
    shell.wait_for("begun\r\n")
    pid = record_of(tmp_path)["pid"]
    wait_until(lambda: len(children_of(pid)) == 3)  # the training, the witness, and that program
    shell.type("\x1a")
    shell.wait_for("Stopped")
    shell.wait_for("ready> ")
    shell.type("fg\n")
    wait_until(lambda: process_state(pid) != "T")  # by now it has the terminal
    shell.type("\x03")
    shell.wait_for("ready> ")


def children_of(pid: int) -> list[str]:
    """Return the processes that those of PID's threads started which live."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [child for thread in threads for child in thread.read_text().split()]


def process_state(pid: int) -> str:
    """Return the letter that `ps` shows for the process PID."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


CURSES = """
import curses, sys
def main(screen):
    screen.addstr(3, 4, "press")
    screen.refresh()
    key = screen.getch()
    screen.addstr(5, 4, "got %d" % key)
    screen.refresh()
    screen.getch()
curses.wrapper(main)
"""


def modes(descriptor: int) -> list[int]:
    return [termios.tcgetattr(descriptor)[n] for n in (0, 1, 2, 3)]


def test_programs_that_draw_the_screen(shell: Pty, tmp_path: Path) -> None:
    shell.type(f"{script(tmp_path, CURSES)}; echo ended $?\n")
    shell.wait_for("press")
    wait_until(lambda: not modes(shell.fd)[3] & termios.ECHO)
    shell.type("q")  # without RET
    shell.wait_for("got 113")
    shell.type("q")
    shell.wait_for("ended 0")
    shell.wait_for("ready> ")
    shell.type("stty -a; echo $((6 * 7))\n")
    assert b" echo " in shell.wait_for("42\r\n")


@pytest.mark.parametrize("name", ["TERM", "KILL"])
def test_the_terminal_is_given_back_also_by_force(name: str, shell: Pty, tmp_path: Path) -> None:
    shell.type(f"{script(tmp_path, CURSES)}; stty sane; echo ended $?\n")
    shell.wait_for("press")
    wait_until(lambda: not modes(shell.fd)[3] & termios.ECHO)
    os.kill(record_of(tmp_path)["pid"], signal.Signals[f"SIG{name}"])
    shell.type("q")
    shell.wait_for("ended ")
