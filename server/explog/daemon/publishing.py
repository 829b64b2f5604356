"""Publish to the group's lab in the background, whenever what is public may have changed.

Nobody waits for it: it has a thread of its own, and what it cannot send now it sends later. What is
left to send is never noted, but found by comparison (see `explog.lab.memory`), so that nothing
gets lost while the lab is out of reach.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from explog.daemon.snapshot import Snapshot
from explog.errors import ExplogError
from explog.index.commits import RepositoryRecord, all_repositories
from explog.wording import counted

log = logging.getLogger(__name__)

# What comes within this many seconds goes together, as the commits of a pull.
_TOGETHER = 0.2
# Seconds until the next attempt after one that failed, and the most it becomes.
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 600.0
# So often all is compared anew, as the address of a remote may have changed, which no ref tells.
_COMPARE_SECONDS = 3600.0
# A lab that does not answer is no problem for the user to solve: there is no net on a train.
_PASSING = frozenset(("lab-unreachable", "busy"))


class Publishing:
    """What the thread knows. SNAPSHOT returns what is served; TELL is called with news.

    `problem` is what the user is to solve, or empty; `state` says how it stands, for the doctor.
    """

    def __init__(self, snapshot: Callable[[], Snapshot], tell: Callable[[], None]) -> None:
        self.problem = ""
        self.state = ""
        self.reached = True
        self._snapshot, self._tell = snapshot, tell
        self._rung = threading.Event()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pause = 0.0
        self._left = 0
        self._address = ""
        self._compared: dict[str, str | None] = {}
        self._compare_at = 0.0

    def ring(self, *, anew: bool = False) -> None:
        """Publish soon, if there is a lab; compare all repositories ANEW if values were read."""
        if anew:
            self._compare_at = 0.0
        if not self._snapshot().settings.group.address:
            self.problem = self.state = ""
            return
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                thread = threading.Thread(target=self._run, name="publish", daemon=True)
                thread.start()
                self._thread = thread
        self._rung.set()

    def close(self) -> None:
        """Publish no more. What is being sent is sent again another time."""
        self._closed.set()
        self._rung.set()

    def _run(self) -> None:
        while True:
            if not self._pause:
                self._rung.wait()
            if self._closed.wait(self._pause or _TOGETHER):
                return
            self._rung.clear()
            self.publish()

    def publish(self) -> None:
        """Publish now, once; note what failed."""
        now = self._snapshot()
        address = now.settings.group.address
        if not address:
            self._pause, self.problem, self.state = 0.0, "", ""
            return
        if address != self._address:
            self._address, self._compare_at = address, 0.0
        try:
            problems = self._attempt(now)
        except ExplogError as error:
            self._failed(error.message, passing=error.code in _PASSING)
        except Exception as error:
            log.warning("publishing to the lab failed", exc_info=True)
            self._failed(f"publishing to the lab failed: {error!r}", passing=True)
        else:
            self._pause, self.reached = 0.0, True
            self._note("; ".join(problems))

    def _failed(self, message: str, *, passing: bool) -> None:
        self._pause = min(2 * self._pause or _FIRST_PAUSE, _LONGEST_PAUSE)
        self.reached = False
        left = f"; {counted(self._left, 'changes')} to publish" if self._left else ""
        self.state = f"{message}{left}"
        self._note("" if passing else message)

    def _note(self, problem: str) -> None:
        before, self.problem = self.problem, problem
        if problem != before:
            self._tell()

    def _attempt(self, now: Snapshot) -> list[str]:
        """Send and withdraw what there is; return what could not be read."""
        from explog.lab.changes import find_changes
        from explog.lab.connection import connected
        from explog.lab.memory import memory_of
        from explog.lab.publish import Publisher

        settings, index = now.settings, now.index
        contact = time.monotonic() >= self._compare_at
        if contact:
            self._compared = {}
        signatures = {one.common_dir: one.signature for one in all_repositories(index)}
        with memory_of(settings.group.address) as memory:
            changes = find_changes(settings, index, memory, self._is_compared)
            self._left = changes.count()
            if changes or contact:
                with connected(settings.group.address) as connection:
                    publisher = Publisher(connection, memory)
                    if publisher.is_new:  # a lab that was made anew: all is to be sent
                        self._compared = {}
                        changes = find_changes(settings, index, memory)
                    publisher.publish(changes)
        self._left = 0
        if not changes.problems:
            self._compared = signatures
        if contact:
            self._compare_at = time.monotonic() + _COMPARE_SECONDS
        self.state = f"all is published, at {time.strftime('%H:%M')}"
        return changes.problems

    def _is_compared(self, record: RepositoryRecord) -> bool:
        """Tell whether RECORD was compared with what is published as it is now."""
        known = self._compared.get(record.common_dir)
        return known is not None and known == record.signature
