"""Plays a history of operations in a new world, and cuts one that shows a fault as short as it can.

A history is a list of moves; a move is the kind of an operation and the seed of its choices, or a
look: explog runs, and the judge compares.
"""

import random
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import fuzz.commits
import fuzz.edits
import fuzz.rewriting  # noqa: F401  (these three register the operations)
from fuzz.judge import Fault, Judge
from fuzz.kinds import OPERATIONS, WEIGHTS, Pick
from fuzz.program import BrokenError
from fuzz.world import Unfit, World, make_world

LOOK = "look"
Move = tuple[str, int]
Known = Callable[[Fault], bool]


def none_is_known(_fault: Fault) -> bool:
    """Tell of no fault that it need not be shown."""
    return False


@dataclass
class Play:
    """How a history went: the faults of the first look that showed any, and the moves until it."""

    moves: list[Move]
    faults: list[Fault]
    world: World
    done: dict[str, int]


def random_moves(seed: int, operations: int, leave_out: Collection[str] = ()) -> list[Move]:
    """Return a history with so many OPERATIONS, and looks among them."""
    source = random.Random(seed)
    names = [name for name in OPERATIONS if name not in leave_out]
    weights = [WEIGHTS[name] for name in names]
    moves: list[Move] = []
    while operations:
        some = min(operations, source.choice([1, 1, 2, 3]))
        operations -= some
        kinds = source.choices(names, weights, k=some)
        moves += [(kind, source.getrandbits(32)) for kind in kinds]
        moves.append((LOOK, 0))
    return moves


def play(moves: list[Move], folder: Path, known: Known = none_is_known) -> Play:
    """Play MOVES in FOLDER until a look shows a fault that is not KNOWN."""
    judge = Judge(make_world(folder))
    done: dict[str, int] = {}
    for at, (kind, seed) in enumerate(moves):
        if kind == LOOK:
            try:
                faults = [fault for fault in judge.look() if not known(fault)]
            except BrokenError as error:
                faults = [Fault("broken", "explog", str(error))]
            if faults:
                return Play(moves[: at + 1], faults, judge.world, done)
            continue
        judge.world.script.append(f"# {kind}")
        try:
            OPERATIONS[kind](Pick(seed, judge))
        except Unfit:
            continue
        done[kind] = done.get(kind, 0) + 1
    return Play(moves, [], judge.world, done)


def in_a_folder(moves: list[Move], known: Known) -> Play:
    """Play MOVES in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        return play(moves, Path(folder) / "world", known)


def shorten(found: Play, known: Known, most: int = 300) -> Play:
    """Return a shorter history that shows a fault of the same kind, by MOST plays."""
    kind = found.faults[0].kind
    best, size = found, max(1, len(found.moves) // 2)
    while most > 0:
        shorter = None
        for start in range(0, len(best.moves), size):
            most -= 1
            kept = best.moves[:start] + best.moves[start + size :]
            if (LOOK, 0) not in kept:
                continue
            again = in_a_folder(kept, known)
            if again.faults and again.faults[0].kind == kind:
                shorter = again
                break
            if most <= 0:
                break
        if shorter:
            best = shorter
        elif size == 1:
            break
        size = max(1, min(size // (1 if shorter else 2), len(best.moves) // 2))
    return best


def script(found: Play) -> str:
    """Return a shell script that does the same."""
    begin = [
        "#!/bin/bash",
        "X=${X:-explog}; cd $(mktemp -d); export HOME=$PWD",
        "git config --global user.name 'Ada Tester'; git config --global user.email ada@example.org",
        "git config --global init.defaultBranch main; git config --global advice.detachedHead false",
    ]
    end = [f"# {fault}" for fault in found.faults]
    return "\n".join([*begin, *found.world.script, *end])
