"""Measure explog and what else there is on a made-up world, and print the ratios.

The world is kept in $EXPLOG_BENCH, or in explog-bench in the user's cache folder.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import platformdirs

from bench import (
    agenda,
    calls,
    commits,
    first_index,
    grouping,
    growing,
    loading,
    log_change,
    planning,
    reporting,
    results,
    searching,
    serving,
    sweeping,
    terminal,
)
from bench.figures import Row, table
from bench.machine import machine
from bench.workshop import QUICK, ROOT, Effort, Workshop
from bench.world import make_world, read_scale

Measure = Callable[[Workshop], list[Row]]

# The first one leaves the index that others need; the one of the log changes that log.
MEASURES: dict[str, Measure] = {
    "index": first_index.first_index,
    "index-metrics": first_index.with_metrics,
    "noop": calls.noop,
    "hits": calls.hits,
    "search": searching.searching,
    "growing": growing.growing,
    "lab": grouping.grouping,
    "terminal": terminal.terminal,
    "results": results.results,
    "report": reporting.reporting,
    "ready": serving.starting,
    "memory": serving.memory,
    "planning": planning.planning,
    "log": log_change.log_change,
    "sweep": sweeping.sweeping,
    "agenda": agenda.agenda,
    "commits": commits.commits,
    "commits-beside": commits.beside_the_world,
    "commits-within": commits.within_the_world,
    "amended": commits.amended,
    "load": loading.loading,
}
PAGE = ROOT / "docs/benchmarks.md"


def main() -> int:
    """Measure what the command line says; return 1 if something could not be measured."""
    arguments = _arguments()
    scale = arguments.scale.removesuffix(".0")
    world = make_world(arguments.cache / f"world-{scale}", arguments.scale)
    failed = False
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="explog-bench-") as folder:
        shop = Workshop(Path(folder), world, QUICK if arguments.quick else Effort())
        for name, measure in MEASURES.items():
            if name != "index" and arguments.only and name not in arguments.only:
                continue
            print(f"{name}...", end=" ", file=sys.stderr, flush=True)
            begun = time.monotonic()
            try:
                rows += measure(shop)
            except Exception:  # noqa: BLE001 - the other rows are measured all the same
                failed = True
                rows.append(Row(f"{name}: failed", ()))
                traceback.print_exc()
            print(f"{time.monotonic() - begun:.1f} s", file=sys.stderr)
        text = _text(rows, shop, scale)
    print(text, end="")
    if arguments.write and not failed:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(_INTRODUCTION + text, encoding="utf-8")
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument(
        "--scale", type=read_scale, default="1.0", help="size of the world: a number, or lab"
    )
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    parser.add_argument("--only", action="append", choices=MEASURES, help="one row; repeatable")
    default = Path(os.environ.get("EXPLOG_BENCH") or platformdirs.user_cache_path("explog-bench"))
    parser.add_argument("--cache", type=Path, default=default, help="where the world is kept")
    return parser.parse_args()


def _text(rows: list[Row], shop: Workshop, scale: str) -> str:
    facts = "".join(f"- {fact}\n" for fact in (*_world(shop, scale), *machine(shop)))
    return f"{table(rows)}\n{facts}"


def _world(shop: Workshop, scale: str) -> list[str]:
    counts = shop.counts
    size = shop.world.log.stat().st_size / 1e6
    return [
        f"scale {scale}: {counts.experiments:,} experiments with {counts.steps:,} steps in"
        f" {size:.1f} MB of org, {counts.commits:,} commits in {counts.repositories} repositories"
    ]


_INTRODUCTION = """\
# Benchmarks

Written by `make bench`, with `tests/bench/run --write`; see there for how each figure comes about.
All figures of a line are from one run on one machine, one program at a time. The world they work
on is made up from a fixed seed; a third of its commits bear a reference. `p50` and `p99`: half,
and 99 of 100, take at most so long. Ratios compare the first figure of either side.

- The call that does nothing and the hits go through a whole Emacs and a whole server on either
  side.
- The first index counts the whole process, from its start to its end.
- A search is made for every key of some sixty queries, each character by character, for the best
  200 hits in one process, and for the best 100 from Emacs, as `explog-search` does; `drawn` is the
  time until they stand in the buffer of results.
- `CPU` is time of a processor, the least of some repetitions: what takes little of it is else
  drowned by what the machine does besides. How search grows is measured in an index at rest, whose
  pieces a server has merged. Commands in a terminal count with Python's own start.
- A changed line is seen when the index has it; the log is one file.
- A hash has come when the buffer that visits the log has it. The commit is made by git in a shell:
  no hook of Emacs or git helps.
- The agenda is made with the log open in a buffer, and with it not open. The other one is the
  command `tags-todo`, which org's own matcher answers.

"""

if __name__ == "__main__":
    sys.exit(main())
