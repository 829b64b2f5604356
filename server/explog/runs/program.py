"""Starting the training as a shell would, and ending as it did."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence


def start_program(
    argv: Sequence[str],
    environment: Mapping[str, str],
    folder: str | None,
    ends: Sequence[int | None],
) -> subprocess.Popen[bytes]:
    """Start ARGV with ENVIRONMENT, in FOLDER or where we are; raise OSError if it cannot be.

    ENDS are its standard output and error; None for what we have.
    """

    def start(argv: Sequence[str]) -> subprocess.Popen[bytes]:
        # Descriptors that a shell opened for it, as `<(...)`, stay open.
        return subprocess.Popen(
            argv, env=environment, cwd=folder, stdout=ends[0], stderr=ends[1], close_fds=False
        )

    try:
        return start(argv)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    # A script without `#!` in its first line: a shell runs it by a shell.
    import shutil

    path = shutil.which(argv[0], path=environment.get("PATH")) or argv[0]
    return start(["/bin/sh", path, *argv[1:]])


def die_of(number: int) -> None:
    """End this process by the signal NUMBER, as the training did, without a core of our own."""
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
    os.kill(os.getpid(), number)
