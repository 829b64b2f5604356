"""How often to look at everything, whatever rings: often, and yet at next to no cost."""

from __future__ import annotations

import time

SWEEP_SECONDS = 2.0
"""How long to wait at least."""

LONGEST_SECONDS = 9.0
"""How long at most: a change that no doorbell rings for is seen in ten seconds."""

# A pause is so many times as long as a sweep took of the processor.
_RATIO = 100


class Pace:
    """When to sweep next, so that sweeps take a hundredth of a core."""

    def __init__(self) -> None:
        self.seconds = SWEEP_SECONDS
        """The pause between two sweeps."""
        self._cost = 0.0
        self._swept = time.monotonic()

    def swept(self, cost: float | None) -> None:
        """Take note of a sweep that took COST of the processor, in seconds.

        None if something had changed, which says nothing of other sweeps. The cheaper one of two
        counts, as a first sweep takes longer, and so does one beside which other threads work.
        """
        self._swept = time.monotonic()
        if cost is not None:
            cheaper, self._cost = min(cost, self._cost), cost
            self.seconds = min(max(SWEEP_SECONDS, _RATIO * cheaper), LONGEST_SECONDS)

    def left(self) -> float:
        """Return in how many seconds to sweep."""
        return max(0.0, self._swept + self.seconds - time.monotonic())
