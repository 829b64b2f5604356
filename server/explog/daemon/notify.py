"""What each connected Emacs is told: what was written, what changed, which problems there are.

A problem is announced once, and only when it has lasted for a moment: whoever saves a log may have
moved the old file away, or written half of the new one, when the server looks.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from explog.errors import ExplogError
from explog.model import Flag
from explog.rpc.client import Client

log = logging.getLogger(__name__)

GRACE_SECONDS = 0.4
"""How long a problem lasts before it is announced."""

# Emacs answers from its main loop, which a command of the user may hold up.
_EMACS_SECONDS = 20.0
# How many of the problems that wait for the user are sent in full.
_MOST_PROBLEMS = 10
_LINE = re.compile(r":\d+: ")


class Notifier:
    """Tells every connected Emacs what it should know, and nothing that it was told already."""

    def __init__(self) -> None:
        self._listeners: list[_Listener] = []
        self._lock = threading.Lock()
        self._announced: dict[str, None] = {}  # in the order in which they were announced
        self._noticed: dict[str, float] = {}

    @property
    def waiting(self) -> bool:
        """Whether a problem was noticed that is not announced yet."""
        return bool(self._noticed)

    def add(self, client: Client) -> None:
        """Tell CLIENT too from now on, until its connection closes."""
        with self._lock:
            self._listeners.append(_Listener(client))

    def tell(self, message: str) -> None:
        """Show MESSAGE to the user of each Emacs."""
        log.info("%s", message)
        for listener in self._connected():
            listener.tell(message)

    def changed(self) -> None:
        """Say that what Emacs keeps of experiments may be out of date."""
        for listener in self._connected():
            listener.changed()

    def show_flags(self, flags: Sequence[Flag]) -> None:
        """Have each Emacs show FLAGS and no others."""
        for listener in self._connected():
            listener.show_flags(flags)

    def show_problems(self, messages: Iterable[str], *, complete: bool) -> None:
        """Announce the new ones among the current problems, and list the announced ones.

        The newest is first in that list.

        Unless COMPLETE, more problems may exist than MESSAGES: those announced before and missing
        now are not forgotten, as they would be announced again.
        """
        now = time.monotonic()
        # A log that is edited above a problem moves it; that does not make it another problem.
        problems = {_LINE.sub(": ", message): message for message in messages}
        if complete:
            self._announced = {key: None for key in self._announced if key in problems}
        new = [key for key in problems if key not in self._announced]
        self._noticed = {key: self._noticed.get(key, now) for key in new}
        for key, since in list(self._noticed.items()):
            if now - since >= GRACE_SECONDS:
                del self._noticed[key]
                self._announced[key] = None
                self.tell(problems[key])
        announced = [problems[key] for key in reversed(self._announced) if key in problems]
        for listener in self._connected():
            listener.show_problems(announced)

    def _connected(self) -> list[_Listener]:
        with self._lock:
            self._listeners = [one for one in self._listeners if not one.client.closed]
            return list(self._listeners)


class _Listener:
    """One Emacs, and what it was told last."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._problems: list[str] = []
        self._flags: list[Flag] = []

    def tell(self, message: str) -> None:
        try:
            self.client.call("tell", message, timeout=_EMACS_SECONDS)
        except ExplogError as error:
            log.warning("not told: %s (%s)", message, error)

    def changed(self) -> None:
        self._notify("changed")

    def show_flags(self, flags: Sequence[Flag]) -> None:
        if flags == self._flags:
            return
        self._flags = list(flags)
        self._notify("flags", self._flags)

    def show_problems(self, messages: list[str]) -> None:
        if messages == self._problems:
            return
        self._problems = messages
        self._notify("attention", len(messages), messages[:_MOST_PROBLEMS])

    def _notify(self, method: str, *args: object) -> None:
        with suppress(ExplogError):  # the connection is closed
            self.client.notify(method, *args)
