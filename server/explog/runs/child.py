"""The training: started, listened to, and left alone.

It has the process group, the session, the standard input and the working folder that it would have
without us, and every signal reaches it once. What it writes passes through us: by a pipe, or by a
terminal of its own where it would write to a terminal (`explog.runs.terminal`). Standard output and
standard error share one where they lead to the same place, so that the order is kept.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from explog.runs.channel import PIPE_BYTES, Channel, close_channel, open_channel, place_of
from explog.runs.output import OutputLog
from explog.runs.program import start_program
from explog.runs.terminal import Terminal
from explog.runs.witness import Witness

_PASSED_ON = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2,
    signal.SIGALRM, signal.SIGTSTP, signal.SIGTTIN,
)  # fmt: skip
# These stop the training and us, but us only when its output has been passed on. SIGTTOU is none of
# them: it may come of what we write ourselves, which is tried again until we stop.
_STOPPING = {signal.SIGTSTP, signal.SIGTTIN}
_NOTICED = (signal.SIGCHLD, signal.SIGCONT, signal.SIGWINCH)
# So long a sender may take that goes from process to process, as schedulers do.
_GRACE_SECONDS = 0.03
_CHUNK = 1 << 16
_MOST_LEFT_BYTES = 4 * PIPE_BYTES
NOT_FOUND, NOT_EXECUTABLE = 127, 126


class Outcome(NamedTuple):
    """How a training ended: by an exit status or by a signal, and with what usage of resources.

    `problem` says why it could not be started.
    """

    exit: int | None
    signal: int | None = None
    usage: Any = None
    problem: str | None = None


class Child:
    """A training that runs. `wait` returns when it has ended."""

    def __init__(self, log: OutputLog, record: str, say: Callable[[str], None]) -> None:
        """Keep what it writes in LOG, touch the file RECORD, and tell the user by SAY."""
        self._log, self._say = log, say
        self._signals = [n for n in _PASSED_ON if signal.getsignal(n) is not signal.SIG_IGN]
        self._witness = Witness(self._signals, record)
        self._wake, wake = os.pipe()
        for end in (self._wake, wake):
            os.set_blocking(end, False)
        for number in (*self._signals, *_NOTICED):
            signal.signal(number, _notice)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._channels: dict[int, Channel] = {}
        self._pending: set[int] = set()
        self._due = 0.0
        self._stopped = False
        self._stopped_by = 0  # the signal by which we are to stop together with the training
        self._outcome: Outcome | None = None
        self._poll = select.poll()
        self._pid = self._left = 0

    def start(
        self, argv: Sequence[str], environment: Mapping[str, str], folder: str | None
    ) -> Outcome | None:
        """Start ARGV with ENVIRONMENT, in FOLDER or where we are; return an Outcome if it fails."""
        ends = self._open_channels()
        try:
            self._process = start_program(argv, environment, folder, ends)
        except OSError as error:
            missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
            why = "there is no such command" if missing else error.strerror
            status = NOT_FOUND if missing else NOT_EXECUTABLE
            return Outcome(status, problem=f"{argv[0]}: {why}")
        finally:
            for end in {end for end in ends if end is not None}:
                os.close(end)
        self._pid = self._process.pid
        return None

    def wait(self) -> Outcome:
        """Pass on output and signals until it has ended; return how it did."""
        self._poll.register(self._wake, select.POLLIN)
        self._reap()  # it may have ended before we could notice
        while self._outcome is None:
            for descriptor, _event in self._poll.poll(self._patience()):
                if descriptor == self._wake:
                    self._take_signals()
                elif descriptor in self._channels:
                    self._pass(self._channels[descriptor])
            self._pass_on()
            if self._is_to_stop():
                self._drain()
                self._stop_too()
        self._drain()
        return self._outcome

    def close(self) -> None:
        """Release what `wait` used; from now on signals act on us as on any program."""
        signal.set_wakeup_fd(-1)
        for number in (*self._signals, *_NOTICED):
            signal.signal(number, signal.SIG_DFL)
        for channel in list(self._channels.values()):
            self._close(channel)
        self._witness.close()

    # Output

    def _open_channels(self) -> list[int | None]:
        """Return what the training gets as standard output and error; None for what it has."""
        ends: list[int | None] = []
        known: dict[object, int] = {}
        for sink in (1, 2):
            place = place_of(sink)
            if place is None:
                ends.append(None)
                continue
            if place not in known:
                channel, known[place] = open_channel(sink)
                self._channels[channel.source] = channel
                self._poll.register(channel.source, select.POLLIN)
            ends.append(known[place])
        return ends

    def _pass(self, channel: Channel) -> None:
        """Pass on what is there of CHANNEL."""
        try:
            data = os.read(channel.source, _CHUNK)
        except OSError:  # so a terminal says that nobody has it any more
            data = b""
        if not data:
            self._close(channel)
            return
        self._left -= len(data)
        if channel.terminal is not None:
            channel.terminal.follow()
        self._write(channel, data)
        problem = self._log.write(data)
        if problem:
            self._say(problem)

    def _write(self, channel: Channel, data: bytes) -> None:
        if channel.sink < 0:
            return
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(channel.sink, view) :]
                except BlockingIOError:
                    self._wait_for_reader(channel.sink)
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.EIO):
                self._close(channel)  # so that the training learns of it
            else:
                self._channels[channel.source] = channel._replace(sink=-1)
                self._say(f"the output is not passed on from here on: {error.strerror}")

    def _wait_for_reader(self, sink: int) -> None:
        """Wait until SINK takes more, and pass on signals meanwhile."""
        self._stop_too()
        poll = select.poll()
        poll.register(sink, select.POLLOUT)
        poll.register(self._wake, select.POLLIN)
        if self._wake in dict(poll.poll(self._patience())):
            self._take_signals()
        self._pass_on()

    def _close(self, channel: Channel) -> None:
        if self._channels.pop(channel.source, None) is None:
            return
        self._poll.unregister(channel.source)
        close_channel(channel)

    def _drain(self) -> None:
        """Pass on what the training wrote before it stopped or ended.

        What it left running in the background may go on to write.
        """
        # More than a pipe holds came later, as from `yes &`.
        self._left = _MOST_LEFT_BYTES
        while self._left > 0:
            ready = [n for n, _event in self._poll.poll(0) if n in self._channels]
            if not ready:
                return
            for descriptor in ready:
                if descriptor in self._channels:
                    self._pass(self._channels[descriptor])

    # Signals

    def _patience(self) -> float | None:
        """Return for how many milliseconds to wait for something to happen; None is for ever."""
        if not self._pending:
            return None
        return max(0.0, self._due - time.monotonic()) * 1000 + 1

    def _take_signals(self) -> None:
        # They may have been taken since `poll` told of them, while we waited for a reader.
        with contextlib.suppress(BlockingIOError):
            # SIGCONT first: it is about what we knew of the training when it came.
            for number in sorted(os.read(self._wake, 512), key=lambda n: n != signal.SIGCONT):
                self._take(number)

    def _take(self, number: int) -> None:
        if number == signal.SIGCHLD:
            self._reap()
        elif number == signal.SIGCONT:
            self._go_on()
        elif number == signal.SIGWINCH:
            self._resize()
        else:
            if not self._pending:
                self._due = time.monotonic() + _GRACE_SECONDS
            self._pending.add(number)

    def _pass_on(self) -> None:
        """Pass on the signals that we alone got, once it can be told."""
        if not self._pending or time.monotonic() < self._due:
            return
        heard = self._witness.heard()
        pending, self._pending = self._pending, set()
        for number in pending - heard:
            self._kill(number)
        for number in pending & _STOPPING:
            self._stopped_by = number

    def _reap(self) -> bool:
        """Learn whether the training has stopped, goes on or has ended; tell if there is news."""
        if self._outcome is not None:
            return False
        pid, status, usage = os.wait4(self._pid, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
        if pid == 0:
            return False
        if os.WIFSTOPPED(status) or os.WIFCONTINUED(status):
            self._stopped = os.WIFSTOPPED(status)
            return True
        self._process.returncode = 0  # it is we who waited for it
        if os.WIFSIGNALED(status):
            self._outcome = Outcome(None, os.WTERMSIG(status), usage)
        else:
            self._outcome = Outcome(os.WEXITSTATUS(status), None, usage)
        return True

    def _is_to_stop(self) -> bool:
        """Tell whether the training has stopped, and we were asked to stop with it."""
        return self._stopped and bool(self._stopped_by)

    def _stop_too(self) -> None:
        """Stop if we and the training were asked to, so that the shell sees its job stop."""
        if not self._is_to_stop():
            return
        number, self._stopped_by = self._stopped_by, 0
        for terminal in self._terminals():
            terminal.restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, _notice)

    def _go_on(self) -> None:
        self._resize()
        self._stopped_by = 0  # whoever ignored that signal may stop by another much later
        # It may go on already, and even have stopped anew: then it must not be woken.
        if not self._reap() and self._stopped:
            self._stopped = False
            self._kill(signal.SIGCONT)
        for terminal in self._terminals():
            terminal.follow()

    def _resize(self) -> None:
        terminals = self._terminals()
        for terminal in terminals:
            terminal.resize()
        if terminals:  # it may have looked before we came to it
            self._kill(signal.SIGWINCH)

    def _terminals(self) -> list[Terminal]:
        channels = self._channels.values()
        return [channel.terminal for channel in channels if channel.terminal is not None]

    def _kill(self, number: int) -> None:
        if self._outcome is None:
            with contextlib.suppress(OSError):
                os.kill(self._pid, number)


def _notice(*_: object) -> None:
    """Do nothing: that a signal came is read from the descriptor that wakes us."""
