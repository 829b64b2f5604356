"""Keeps the tests out of the home folder of whoever runs them."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {"os.chmod", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate"}
LINKS = {"os.link", "os.symlink"}  # these change the second path only


class HomeGuard:
    """Refuses, and remembers, what Python code of a test would change in the real home.

    The checkout, the interpreter and the folder for temporary files may lie in it. Programs that
    a test starts are not watched; they see the HOME that the test has.
    """

    def __init__(self, home: Path) -> None:
        """Be ready to guard the folder `home`."""
        self._home = _inside(home)
        allowed = [str(CHECKOUT), tempfile.gettempdir(), sys.prefix, sys.base_prefix, "/dev"]
        self._allowed = tuple(_inside(folder) for folder in allowed)
        self._trespasses: list[str] | None = None
        sys.addaudithook(self._audit)

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Guard until the end of the block, and fail there even if something caught the error."""
        trespasses: list[str] = []
        self._trespasses = trespasses
        try:
            yield
        finally:
            self._trespasses = None
        assert not trespasses, "a test tried to change the real home"

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if self._trespasses is None:
            return
        for path in _changed_paths(event, args):
            if self._is_forbidden(path):
                self._trespasses.append(f"{event} {path!r}")
                raise AssertionError(f"a test would change the real home: {event} {path!r}")

    def _is_forbidden(self, path: object) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        name = _inside(os.fsdecode(path))
        in_home = name.startswith(self._home) and name != self._home
        return in_home and not name.startswith(self._allowed)


def _changed_paths(event: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """What an audit event of Python is about to change, as far as we care."""
    if event == "open":
        path, mode, flags = args
        return (path,) if set(mode or "") & set("wax+") or (flags or 0) & WRITING else ()
    if event in LINKS:
        return args[1:2]
    return args if event in CHANGES else ()


def _inside(folder: str | Path) -> str:
    """How the names of all that lies in `folder` begin, and `folder` itself with its slash."""
    return os.path.join(os.path.realpath(folder), "")  # the slash is the point
