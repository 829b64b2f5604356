"""The training does not notice: status, signals, standard input, and what it writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.runs import explog_run, only_run, output_of, record_of, run_folders, start_run
from support.waiting import wait_until

PYTHON = sys.executable


@pytest.mark.parametrize("status", [0, 1, 3, 255])
def test_exit_status(status: int, tmp_path: Path) -> None:
    done = explog_run("e1", "--", "sh", "-c", f"exit {status}", cwd=tmp_path)
    assert done.returncode == status
    record = record_of(tmp_path)
    assert (record["exit"], record["signal"]) == (status, None)
    assert record["state"] == ("failed" if status else "ok")


@pytest.mark.parametrize("name", ["KILL", "TERM", "SEGV", "INT", "PIPE"])
def test_it_dies_of_the_signal_that_the_training_died_of(name: str, tmp_path: Path) -> None:
    done = explog_run("e1", "--", "sh", "-c", f"kill -{name} $$", cwd=tmp_path)
    assert done.returncode == -signal.Signals[f"SIG{name}"]
    record = record_of(tmp_path)
    assert (record["state"], record["signal"], record["exit"]) == ("killed", f"SIG{name}", None)
    assert not (tmp_path / "core").exists()


@pytest.mark.parametrize(
    ("make", "status", "said"),
    [
        ("", 127, "there is no such command"),
        ("echo", 126, "Permission denied"),
        ("folder", 126, "Permission denied"),
    ],
)
def test_what_cannot_be_started(make: str, status: int, said: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    if make == "echo":
        program.write_text("#!/bin/sh\n")
    elif make:
        program.mkdir()
    done = explog_run("e1", "--", program, cwd=tmp_path)
    assert done.returncode == status
    assert said in done.stderr.decode()
    assert record_of(tmp_path)["state"] == "failed"
    assert record_of(tmp_path)["exit"] == status


def test_a_script_without_a_first_line_is_run_by_a_shell(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("echo it is $1\n")
    program.chmod(0o755)
    assert explog_run("e1", "--", "./program", "me", cwd=tmp_path).stdout == b"it is me\n"


def test_output_goes_where_it_went_and_into_the_log(tmp_path: Path) -> None:
    script = (
        "import os\n"
        "for n in range(50):\n"
        "    os.write(1, b'%d%%\\r' % n)\n"
        "    os.write(2, b'\\xff\\x1b[%d\\n' % n)\n"
    )
    done = explog_run("e1", "--", PYTHON, "-c", script, cwd=tmp_path)
    assert done.stdout == b"".join(b"%d%%\r" % n for n in range(50))
    assert done.stderr.endswith(b"".join(b"\xff\x1b[%d\n" % n for n in range(50)))
    log = output_of(tmp_path)
    assert len(log) == len(done.stdout) + len(b"".join(b"\xff\x1b[%d\n" % n for n in range(50)))


def test_the_order_is_kept_where_both_outputs_go_to_one_place(tmp_path: Path) -> None:
    script = "import os\nfor n in range(2000): os.write(1 + n % 2, b'%d\\n' % n)"
    with (tmp_path / "both").open("wb") as both:
        command = start_run(
            "e1", "--", PYTHON, "-c", script, cwd=tmp_path, stdout=both, stderr=both
        )
        assert command.wait(60) == 0
    wanted = b"".join(b"%d\n" % n for n in range(2000))
    assert (tmp_path / "both").read_bytes().endswith(wanted)
    assert output_of(tmp_path) == wanted


def test_output_is_not_held_back(tmp_path: Path) -> None:
    script = "import os, sys; os.write(1, b'once'); sys.stdin.read(); os.write(1, b'twice')"
    command = start_run(
        "e1", "--", PYTHON, "-c", script,
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert command.stdin is not None
    assert command.stdout is not None
    assert os.read(command.stdout.fileno(), 10) == b"once"
    wait_until(lambda: output_of(tmp_path) == b"once")
    command.stdin.close()
    assert command.stdout.read() == b"twice"
    assert command.wait(60) == 0
    command.stdout.close()
    assert output_of(tmp_path) == b"oncetwice"


def test_standard_input_is_its_own(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, b"one\ntwo\nthree\n")
    os.close(write)
    # What it does not read is left for who comes next, as in a script.
    command = start_run(
        "e1", "--", "sh", "-c", "read line; echo got $line",
        cwd=tmp_path, stdin=read, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert command.communicate(timeout=60)[0] == b"got one\n"
    assert os.read(read, 100) == b"two\nthree\n"
    os.close(read)


def test_its_environment_names_the_run(tmp_path: Path) -> None:
    said = 'echo "$EXPLOG_REF|$EXPLOG_RUN|$EXPLOG_RUN_DIR"; echo 1 > "$EXPLOG_RUN_DIR/metrics"'
    done = explog_run("e201.1", "--", "sh", "-c", said, cwd=tmp_path)
    folder = only_run(tmp_path)
    assert done.stdout.decode().split("|") == ["e201.1", folder.name, f"{folder}\n"]
    assert (folder / "metrics").read_text() == "1\n"


def test_a_run_in_a_run_has_its_reference(tmp_path: Path) -> None:
    inner = f"{PYTHON} -m explog.runs -- true"
    assert explog_run("e201.1", "--", "sh", "-c", inner, cwd=tmp_path).returncode == 0
    assert [path.name.partition("-")[0] for path in run_folders(tmp_path)] == ["e201.1"] * 2


def test_descriptors_that_a_shell_opened_stay_open(tmp_path: Path) -> None:
    script = f"{PYTHON} -m explog.runs e1 -- cat <(echo sub) /dev/fd/7 7<<<seven"
    done = explog_run("-c", script, cwd=tmp_path, command=("bash",))
    assert done.stdout == b"sub\nseven\n"


def test_whoever_stops_reading_ends_it_as_without_us(tmp_path: Path) -> None:
    script = "import os\nwhile True: os.write(1, b'x' * 1000)"
    command = start_run(
        "e1", "--", PYTHON, "-c", script,
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert command.stdout is not None
    command.stdout.read(2000)
    command.stdout.close()
    assert command.wait(60) == 1  # BrokenPipeError
    assert record_of(tmp_path)["state"] == "failed"


def test_what_it_leaves_in_the_background_does_not_hold_us(tmp_path: Path) -> None:
    command = start_run(
        "e1", "--", "sh", "-c", "sleep 1000 & echo $!",
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert command.stdout is not None
    assert command.wait(60) == 0
    pid = int(command.stdout.readline())
    command.stdout.close()
    os.kill(pid, signal.SIGTERM)


def test_what_it_leaves_may_write_for_ever(tmp_path: Path) -> None:
    command = start_run(
        "e1", "--", "sh", "-c", "yes & sleep 0.1; exit 3",
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert command.wait(60) == 3


# Signals

# Prints what it got, and ends at the end of its input, so that a test can tell when to look. It is
# woken by a pipe: Python calls handlers between two reads only, and a signal may come before one.
LISTENER = """
import os, select, signal
came, note = os.pipe()
os.set_blocking(note, False)
signal.set_wakeup_fd(note)
for name in ("HUP", "INT", "TERM", "USR1", "USR2"):
    signal.signal(getattr(signal, "SIG" + name), lambda *_: None)
os.write(1, b"ready\\n")
while True:
    if came in select.select([0, came], [], [])[0]:
        for number in os.read(came, 100):
            os.write(1, b"%d\\n" % number)
    elif not os.read(0, 100):
        break
"""


class Listening:
    """A run of LISTENER, and what it says."""

    def __init__(self, folder: Path, *before: str, **options: object) -> None:
        self.command = start_run(
            "e1", "--", *before, PYTHON, "-c", LISTENER,
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            **options,
        )  # fmt: skip
        assert self.command.stdout is not None
        assert self.command.stdout.readline() == b"ready\n"

    def end(self) -> list[int]:
        """End it, and return the signals that it got."""
        assert self.command.stdin is not None
        assert self.command.stdout is not None
        self.command.stdin.close()
        heard = self.command.stdout.read().split()
        self.command.stdout.close()
        assert self.command.wait(60) == 0
        return list(map(int, heard))

    def said(self) -> int:
        """Wait until it says that it got a signal, and return that."""
        assert self.command.stdout is not None
        return int(self.command.stdout.readline())


@pytest.mark.parametrize("name", ["HUP", "INT", "TERM", "USR1", "USR2"])
def test_a_signal_to_us_reaches_it(name: str, tmp_path: Path) -> None:
    number = signal.Signals[f"SIG{name}"]
    listening = Listening(tmp_path)
    listening.command.send_signal(number)
    assert listening.said() == number
    assert listening.end() == []


@pytest.mark.parametrize("name", ["HUP", "INT", "TERM", "USR1"])
def test_a_signal_to_the_group_reaches_it_once(name: str, tmp_path: Path) -> None:
    number = signal.Signals[f"SIG{name}"]
    listening = Listening(tmp_path)
    os.killpg(listening.command.pid, number)
    assert listening.said() == number
    # By now the first is decided upon; this one is passed on after it.
    listening.command.send_signal(signal.SIGUSR2)
    assert listening.said() == signal.SIGUSR2
    assert listening.end() == []


def test_a_signal_reaches_it_also_while_nobody_reads(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: (open('terminated', 'w'), os._exit(0)))\n"
        "while True: os.write(1, b'x' * 4096)"
    )
    command = start_run(
        "e1", "--", PYTHON, "-c", script,
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert command.stdout is not None
    sizes: list[int] = []
    wait_until(lambda: blocked(tmp_path, sizes))
    command.terminate()
    wait_until((tmp_path / "terminated").exists)
    command.stdout.read()
    assert command.wait(60) == 0
    command.stdout.close()


def test_signals_that_were_taken_already_are_not_waited_for(tmp_path: Path) -> None:
    script = (
        "import os; from explog.runs.child import Child; from explog.runs.output import OutputLog\n"
        "child = Child(OutputLog(os.getcwd(), ''), os.devnull, print)\n"
        "child._take_signals()\n"
        "print('went on')"
    )
    done = subprocess.run(
        [PYTHON, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stdout == "went on\n", done.stderr


def blocked(folder: Path, sizes: list[int]) -> bool:
    """Tell whether the log of the only run in FOLDER grows no more; SIZES are those seen before."""
    logs = list((folder / "runs").glob("*/output.log"))
    sizes.append(logs[0].stat().st_size if logs else 0)
    return sizes[-1] >= 4096 and len(sizes) > 40 and len(set(sizes[-40:])) == 1


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    script = f"{PYTHON} -m explog.runs e1 -- sh -c 'kill -HUP $PPID $$; echo alive'"
    done = subprocess.run(
        ["nohup", "sh", "-c", script],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "server")},
    )
    assert b"alive" in done.stdout
    assert record_of(tmp_path)["state"] == "ok"


def test_it_is_in_our_group_and_session(tmp_path: Path) -> None:
    script = "import os; print(os.getpgrp(), os.getsid(0), os.getppid())"
    command = start_run(
        "e1", "--", PYTHON, "-c", script,
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    said = command.communicate(timeout=60)[0].split()
    assert list(map(int, said)) == [command.pid, os.getsid(0), command.pid]


def test_stop_and_continue(tmp_path: Path) -> None:
    listening = Listening(tmp_path)
    pid = listening.command.pid
    for stop in (os.kill, os.killpg):
        stop(pid, signal.SIGTSTP)
        stopped, status = os.waitpid(pid, os.WUNTRACED)
        assert stopped == pid
        assert os.WIFSTOPPED(status)
        assert os.WSTOPSIG(status) == signal.SIGTSTP
        os.kill(pid, signal.SIGCONT)
        listening.command.send_signal(signal.SIGUSR1)
        assert listening.said() == signal.SIGUSR1
    assert listening.end() == []


def test_what_stopped_anew_meanwhile_is_not_woken(tmp_path: Path) -> None:
    listening = Listening(tmp_path, "sh", "-c", 'echo $$ > pid; exec "$@"', "sh")
    us, training = listening.command.pid, int((tmp_path / "pid").read_text())
    os.killpg(us, signal.SIGTSTP)
    os.waitpid(us, os.WUNTRACED)
    os.kill(training, signal.SIGCONT)
    wait_until(lambda: "S (sleeping)" in status_of(training))
    os.kill(training, signal.SIGSTOP)
    wait_until(lambda: "T (stopped)" in status_of(training))
    os.kill(us, signal.SIGCONT)
    listening.command.send_signal(signal.SIGUSR1)
    wait_until(lambda: is_waiting(training, signal.SIGUSR1))
    os.kill(training, signal.SIGCONT)
    assert listening.said() == signal.SIGUSR1
    assert listening.end() == []


def test_a_stop_that_was_ignored_is_forgotten(tmp_path: Path) -> None:
    start = "trap '' TSTP; echo $$ > pid; exec \"$@\""
    listening = Listening(tmp_path, "sh", "-c", start, "sh")
    us, training = listening.command.pid, int((tmp_path / "pid").read_text())
    os.kill(us, signal.SIGTSTP)
    listening.command.send_signal(signal.SIGUSR1)
    assert listening.said() == signal.SIGUSR1
    os.kill(us, signal.SIGCONT)
    os.kill(training, signal.SIGSTOP)
    wait_until(lambda: "T (stopped)" in status_of(training))
    listening.command.send_signal(signal.SIGUSR2)
    wait_until(lambda: is_waiting(training, signal.SIGUSR2))  # so we have not stopped
    os.kill(training, signal.SIGCONT)
    assert listening.said() == signal.SIGUSR2
    assert listening.end() == []


def is_waiting(pid: int, number: int) -> bool:
    """Tell whether the signal NUMBER waits for the process PID to go on."""
    mask = status_of(pid).partition("ShdPnd:")[2].split()[0]
    return bool(int(mask, 16) >> (number - 1) & 1)


def status_of(pid: int) -> str:
    """Return what Linux says about the process PID."""
    return Path(f"/proc/{pid}/status").read_text()


def test_its_signals_are_those_that_a_shell_would_give_it(tmp_path: Path) -> None:
    script = "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status"
    plain = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout
    assert explog_run("e1", "--", "sh", "-c", script, cwd=tmp_path).stdout == plain


def test_killed_by_force(tmp_path: Path) -> None:
    listening = Listening(tmp_path)
    listening.command.kill()
    listening.command.wait(60)
    assert listening.command.stdin is not None
    assert listening.command.stdout is not None
    listening.command.stdin.close()
    listening.command.stdout.close()
    assert record_of(tmp_path)["state"] == "running"  # until it is taken for lost
    # The next run is not held up.
    assert explog_run("e1", "--", "true", cwd=tmp_path).returncode == 0


# Files and folders that are in the way


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_a_full_disk_stops_the_log_and_not_the_training(tmp_path: Path) -> None:
    script = "import os\nfor n in range(5): os.write(1, b'%d' % n)\nopen('done', 'w')"
    with Path("/dev/full").open("wb") as full:
        command = start_run(
            "e1", "--", PYTHON, "-c", script, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE
        )
        said = command.communicate(timeout=60)[1].decode()
    assert command.returncode == 0
    assert (tmp_path / "done").exists()
    assert said.count("not passed on from here on: No space left") == 1
    assert output_of(tmp_path) == b"01234"


def test_a_log_that_cannot_be_written_on_ends_and_the_training_does_not(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk that gets full."""
    script = "import os\nfor n in range(100): os.write(1, b'x' * 100)\nos.write(1, b'done')"
    limited = f'ulimit -f 8; exec {PYTHON} -m explog.runs e1 -- {PYTHON} -c "$0"'
    done = explog_run("-c", limited, script, cwd=tmp_path, command=("bash",))
    assert done.returncode == 0
    assert done.stdout == b"x" * 10_000 + b"done"
    assert done.stderr.count(b"the output is not kept from here on: File too large") == 1
    assert (only_run(tmp_path) / "output.log").stat().st_size == 8192
    assert record_of(tmp_path)["state"] == "ok"
    assert "not kept from here on" in record_of(tmp_path)["notes"][-1]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_descriptors_that_are_closed(closed: str, tmp_path: Path) -> None:
    script = f"{PYTHON} -m explog.runs e1 -- sh -c 'exit 3' {closed}"
    done = explog_run("-c", script, cwd=tmp_path, command=("bash",))
    assert done.returncode == 3
    assert record_of(tmp_path)["exit"] == 3


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    script = f"mkdir gone && cd gone && rmdir ../gone && exec {PYTHON} -m explog.runs e1 -- true"
    done = explog_run("-c", script, cwd=tmp_path, command=("bash",))
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
