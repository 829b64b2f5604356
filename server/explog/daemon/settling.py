"""Settle again and again, until nothing more is written, and know whether to try once more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from explog.daemon.settle import Settled, forget_settled, settle
from explog.daemon.snapshot import Snapshot
from explog.entries.emacs import EmacsEditor

_MOST_ROUNDS = 5
# What could not be written is tried again when the doorbell rings, or else after this long.
_RETRY_SECONDS = 10.0


class Settling:
    """What became of the last attempt to settle what is pending."""

    def __init__(self) -> None:
        self.retry = False
        self.unsaved = False
        """Whether a hash stands in a buffer that is not saved yet."""
        self.problems: list[str] = []
        self._ended = 0.0

    def due(self, rang: bool) -> bool:
        """Return whether to try again, as the doorbell RANG or enough time has passed."""
        waited = time.monotonic() - self._ended >= _RETRY_SECONDS
        return (rang and (self.retry or self.unsaved)) or (self.retry and waited)

    def settle(
        self,
        snapshot: Callable[[], Snapshot],
        editors: Callable[[], Sequence[EmacsEditor]],
        tell: Callable[[str], None],
        sync: Callable[[], object],
    ) -> None:
        """Settle what is pending in SNAPSHOT, unless no Emacs is connected.

        An Emacs that is not connected yet, or that hung up, may visit the logs: nothing is written
        behind its back. TELL gets a message for what was written, and SYNC takes that in.
        """
        if not editors():
            self.retry = True
            return
        # An Emacs that connects from now on sets `retry`.
        self.retry, self.unsaved, self.problems = False, False, []
        settled = self._rounds(snapshot, editors, tell, sync)
        now = snapshot()
        self.unsaved = forget_settled(now.settings, now.index)
        self.problems = settled.problems
        self._ended = time.monotonic()
        if settled.retry:
            self.retry = True

    @staticmethod
    def _rounds(
        snapshot: Callable[[], Snapshot],
        editors: Callable[[], Sequence[EmacsEditor]],
        tell: Callable[[str], None],
        sync: Callable[[], object],
    ) -> Settled:
        settled = Settled()
        for _ in range(_MOST_ROUNDS):
            connected = editors()
            if not connected:  # the last one hung up meanwhile
                return Settled(retry=True)
            now = snapshot()
            settled = settle(now.settings, now.index, connected)
            for message in settled.done:
                tell(message)
            if not settled.done:
                break
            sync()  # take in what was written, and settle what was committed meanwhile
        return settled
