"""Row: the experiments in progress, in an agenda."""

from __future__ import annotations

from bench.figures import Figure, Row, Target, median, number
from bench.workshop import BenchError, Workshop


def agenda(shop: Workshop) -> list[Row]:
    """`C-c a ci` as explog has it, and as org itself does it, the log open in a buffer or not."""
    told = {
        whose: shop.emacs(
            "agenda.el",
            whose=whose,
            server=[shop.explog],
            settings=shop.settings,
            commits=shop.counts.commits,
            repetitions=shop.effort.repetitions,
        )
        for whose in ("org", "explog")
    }
    counts = {whose: one["entries"] for whose, one in told.items()}
    if len(set(counts.values())) > 1 or not counts["org"]:
        raise BenchError(f"they do not show the same number of entries: {counts}")
    theirs, ours = (
        (
            Figure(f"{name}median", median(one["times"])),
            Figure("first", one["first"]),
            Figure("log not open", one["closed"]),
        )
        for name, one in (("org-agenda, ", told["org"]), ("", told["explog"]))
    )
    closed, opening = told["explog"]["closed"], told["explog"]["opening"]
    share = median(told["org"]["times"]) / 15
    targets = (
        Target("≤ 1/15 of org's", median(told["explog"]["times"]) / share, 1),
        Target("≤ 0.3 s", median(told["explog"]["times"]), 300),
        Target(
            f"log not open: as opening it, {number(opening)} ms, and 0.3 s", closed, opening + 300
        ),
    )
    what = f"`C-c a ci`: {counts['org']:,} of {shop.counts.experiments:,} experiments"
    return [Row(what, ours, theirs, targets)]
