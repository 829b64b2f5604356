"""What never answers: git that sleeps, files that are pipes, a drive that hangs."""

from __future__ import annotations

import ctypes
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from explog import stuck

from .waiting import SECONDS


def be_impatient(patch: pytest.MonkeyPatch, seconds: float = 0.5) -> None:
    """Have nobody wait for longer than SECONDS."""
    patch.setattr("explog.git.process._TICK", seconds / 10)
    patch.setattr(stuck, "PATIENCE", seconds)
    patch.setattr(stuck, "_LEAST_PATIENCE", seconds / 2)
    patch.setattr(stuck, "_SOON", 0.1)
    patch.setattr(stuck, "_silent", {})


class StandIn:
    """A git on PATH that does SCRIPT for the commands that have WORD in them, while it is on."""

    def __init__(self, folder: Path, script: str, word: str = "") -> None:
        self._switch = folder / "on"
        program = folder / "git"
        folder.mkdir()
        program.write_text(
            f'#!/bin/sh\nif [ -e "{self._switch}" ]; then case "$*" in *{word}*)\n{script}\n;; esac; fi\n'
            f'exec {shutil.which("git")} "$@"\n'
        )
        program.chmod(0o755)
        self.path = f"{folder}:{os.environ['PATH']}"

    def turn(self, *, on: bool) -> None:
        """Turn it on or off, after which it is git itself."""
        self._switch.touch() if on else self._switch.unlink(missing_ok=True)


@contextmanager
def _closed_at_last(device: int) -> Iterator[Callable[[], None]]:
    """Close DEVICE, upon which its drive answers with errors: in the end, or if a test hangs.

    Yield what closes it earlier.
    """
    once = threading.Lock()

    def close() -> None:
        if once.acquire(blocking=False):
            os.close(device)

    timer = threading.Timer(SECONDS, close)
    timer.start()
    try:
        yield close
    finally:
        timer.cancel()
        close()


@contextmanager
def hanging_drive(folder: Path, *, broken: bool = False) -> Iterator[None]:
    """Mount a drive at FOLDER that answers nothing, or with errors if BROKEN, until the end."""
    folder.mkdir(exist_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        device = os.open("/dev/fuse", os.O_RDWR)
    except OSError:
        pytest.skip("there is no /dev/fuse")
    try:
        options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
        if libc.mount(b"hanging", os.fsencode(folder), b"fuse", 0, options.encode()) != 0:
            os.close(device)
            pytest.skip("no drive can be mounted")
        with _closed_at_last(device) as close:
            if broken:
                close()
            yield
    finally:
        libc.umount2(os.fsencode(folder), 2)
