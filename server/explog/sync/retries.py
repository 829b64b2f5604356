"""When to try again to read what could not be read: soon at first, and then ever more seldom."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from explog.errors import ExplogError

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0


@dataclass(frozen=True, slots=True)
class _Failure:
    error: ExplogError
    stamp: str | None
    pause: float
    until: float


class Retries:
    """The logs and repositories that could not be read, by name, and when to try them again.

    What is known of them stays in the index meanwhile. A stamp is what changes if a file does; one
    that has changed is tried at once.
    """

    def __init__(self) -> None:
        self._failures: dict[str, _Failure] = {}

    def early(self, name: str, stamp: str | None) -> ExplogError | None:
        """Return why NAME could not be read, if it is too early to try again."""
        failure = self._failures.get(name)
        if failure is None or failure.stamp != stamp or time.monotonic() >= failure.until:
            return None
        return failure.error

    def failed(self, name: str, stamp: str | None, error: ExplogError) -> None:
        """Take note that NAME could not be read because of ERROR."""
        before = self._failures.get(name)
        pause = _FIRST_PAUSE if before is None else min(2 * before.pause, _LONGEST_PAUSE)
        self._failures[name] = _Failure(error, stamp, pause, time.monotonic() + pause)

    def worked(self, name: str) -> None:
        """Take note that NAME could be read."""
        self._failures.pop(name, None)


def may_be_there(path: str) -> bool:
    """Tell whether the file PATH, which was not found, may be there nevertheless.

    That is so where its folder cannot be looked into.
    """
    try:
        os.stat(path)
        os.scandir(os.path.dirname(path)).close()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return False
