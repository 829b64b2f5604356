"""`python -m fuzz SEED... --operations N`: play long histories, and show the shortest with a fault."""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from fuzz.judge import Fault
from fuzz.kinds import OPERATIONS
from fuzz.play import in_a_folder, random_moves, script, shorten
from fuzz.world import CONFIG


def _isolate(home: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "EXPLOG_"))]:
        del os.environ[name]
    (home / ".gitconfig").write_text(CONFIG)
    os.environ |= {"HOME": str(home), "TZ": "UTC", "LC_ALL": "C.UTF-8", "EDITOR": "false"}


def main() -> int:
    """Return 1 if a fault was found."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("seeds", nargs="+", help="a number, or two with a dash between: 1-20")
    parser.add_argument("--operations", type=int, default=40)
    parser.add_argument("--without", nargs="*", default=[], choices=sorted(OPERATIONS))
    parser.add_argument("--allow", nargs="*", default=[], help="kinds of faults not to stop at")
    parser.add_argument("--shorten", type=int, default=200, help="how many plays to spend on it")
    parser.add_argument("--scripts", type=Path, help="a folder for the scripts")
    args = parser.parse_args()

    def known(fault: Fault) -> bool:
        return fault.kind in args.allow

    counted: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        _isolate(Path(home))
        for seed in [seed for given in args.seeds for seed in _range(given)]:
            moves = random_moves(seed, args.operations, set(args.without))
            found = in_a_folder(moves, known)
            counted.update(found.done)
            if not found.faults:
                continue
            short = shorten(found, known, args.shorten)
            kinds[short.faults[0].kind] += 1
            print(f"seed {seed}: {short.moves}")
            for fault in short.faults:
                print(f"    {fault}")
            sys.stdout.flush()
            if args.scripts:
                args.scripts.mkdir(exist_ok=True)
                (args.scripts / f"{seed}.sh").write_text(script(short))
    total = sum(counted.values())
    print(
        f"{total} operations of {len(counted)} kinds in {time.monotonic() - start:.0f} s;", end=" "
    )
    print(f"{sum(kinds.values())} histories with faults: {dict(kinds)}")
    print(f"never done: {sorted(OPERATIONS.keys() - counted.keys() - set(args.without))}")
    return 1 if kinds else 0


def _range(given: str) -> range:
    first, _, last = given.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    sys.exit(main())
