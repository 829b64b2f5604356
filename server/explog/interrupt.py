"""What Ctrl-C does to the program: it says one line and ends with status 130, whenever it comes.

The main thread unwinds, so that no temporary file and no lock stays behind. Imported before all
else, this imports little.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

STATUS = 130
# Keys repeat, and people press them again: until then, the first Ctrl-C is being obeyed.
_PATIENCE_SECONDS = 2.0


class Interrupt(SystemExit):
    """Ctrl-C was pressed. Python shows no traceback of a SystemExit, wherever it is raised."""


_pressed: list[float] = []
_told: list[bool] = []


def install() -> None:
    """Raise Interrupt in the main thread at the first Ctrl-C, and end at once at a late one.

    Who starts programs in the background of a script has them ignore Ctrl-C; that stays.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        return
    signal.signal(signal.SIGINT, _obey)
    sys.unraisablehook = _end_if_lost


def _obey(*_: object) -> None:
    _pressed.append(time.monotonic())
    if len(_pressed) == 1:
        raise Interrupt(STATUS)
    if _pressed[-1] - _pressed[0] > _PATIENCE_SECONDS:
        _end()


def _end_if_lost(unraisable: UnraisableHookArgs) -> None:
    """End the program if Python could not pass on an Interrupt, as from a weak reference's end."""
    if isinstance(unraisable.exc_value, Interrupt):
        _end()
    sys.__unraisablehook__(unraisable)


def _end() -> None:
    tell()
    os._exit(STATUS)


def tell() -> None:
    """Say that the program was interrupted, once, and drop what is not printed yet."""
    if _told:
        return
    _told.append(True)
    with suppress(OSError):
        os.write(2, b"explog: interrupted\n")
    with suppress(OSError):  # whoever read our output may be interrupted too
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


@contextmanager
def taking_precedence() -> Iterator[None]:
    """Raise Interrupt in place of an error that comes after Ctrl-C, as it comes of that.

    SQLite, for one, says only that a function failed in which Interrupt was raised.
    """
    try:
        yield
    except Exception as error:
        if _pressed:
            raise Interrupt(STATUS) from error
        raise
