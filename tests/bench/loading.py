"""Row: what `(require 'explog)` takes, and what it brings along."""

from __future__ import annotations

import json
from typing import Any

from bench.figures import Figure, Row, Target, median
from bench.workshop import EMACS, HERE, Workshop

_COMMON = ("seq", "cl-lib", "subr-x")
"""What a user's other packages have loaded long before."""


def loading(shop: Workshop) -> list[Row]:
    """In a new Emacs each time, compiled."""
    bare = [_load(shop) for _ in range(2 * shop.effort.repetitions)]
    after = [_load(shop, *_COMMON) for _ in range(2 * shop.effort.repetitions)]
    time = median([told["time"] for told in bare])
    features, started = bare[0]["features"], bare[0]["started"]
    figures = (
        Figure("in a bare Emacs", time),
        Figure(f"after {', '.join(_COMMON)}", median([told["time"] for told in after])),
        Figure(f"loads {' '.join(features)}:", len(features), "features"),
        Figure("started", started, "processes and timers"),
    )
    targets = (Target("≤ 10 ms", time, 10), Target("nothing started", started, 0))
    return [Row("`(require 'explog)`", figures, targets=targets)]


def _load(shop: Workshop, *features: str) -> dict[str, Any]:
    command = [EMACS, "-Q", "--batch", "-L", str(shop.elisp), "-l", str(HERE / "load.el")]
    told = json.loads(shop.run([*command, *features]).output)
    assert isinstance(told, dict)
    return told
