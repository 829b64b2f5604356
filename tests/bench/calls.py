"""Rows: what a call from Emacs costs, and what it costs to hand over many rows."""

from __future__ import annotations

from bench.figures import Figure, Row, Target, at, median, spread
from bench.workshop import HERE, PYTHON, Workshop

_ROWS = 5000
_NO_EPC = "epc.el is not installed"


def noop(shop: Workshop) -> list[Row]:
    """A call that does nothing."""
    ours = shop.emacs(
        "call.el", server=[shop.explog], method="noop", rows=0, calls=shop.effort.calls
    )["times"]
    theirs = _epc(shop, "noop", 0, shop.effort.other_calls)
    targets = (
        Target("p50 ≤ 0.3 ms", median(ours), 0.3),
        Target("p99 ≤ 1 ms", at(ours, 0.99), 1),
    )
    return [Row("no-op call from Emacs", spread(ours), theirs, targets, missing=_NO_EPC)]


def hits(shop: Workshop) -> list[Row]:
    """A reply with 5,000 hits."""
    server = [PYTHON, str(HERE / "servers.py"), "explog"]
    times = shop.emacs(
        "call.el", server=server, method="rows", rows=_ROWS, calls=3 * shop.effort.repetitions
    )["times"]
    theirs = _epc(shop, "rows", _ROWS, shop.effort.repetitions)
    ours = (Figure("median", median(times)), Figure("max", max(times)))
    targets = (Target("≤ 60 ms", median(times), 60),)
    return [Row("5,000 hits into Emacs", ours, theirs, targets, missing=_NO_EPC)]


def _epc(shop: Workshop, method: str, rows: int, calls: int) -> tuple[Figure, ...]:
    """Return what epc.el and python-epc take, or nothing where there is no epc.el."""
    server = [PYTHON, str(HERE / "servers.py"), "epc"]
    times = shop.emacs("call-epc.el", server=server, method=method, rows=rows, calls=calls)["times"]
    return (Figure("epc.el + python-epc", median(times)),) if times else ()
