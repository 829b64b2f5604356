"""Random histories: after each look, explog did what the oracle of the rule allows, no more.

python -m fuzz 1-1000 --operations 40        from the folder tests, for a long run
"""

from pathlib import Path

import pytest

from fuzz.kinds import OPERATIONS
from fuzz.play import play, random_moves, script

OPERATIONS_EACH = 12


def test_there_are_many_kinds_of_operations() -> None:
    assert len(OPERATIONS) >= 57


@pytest.mark.parametrize("seed", range(8))
def test_random_history(tmp_path: Path, seed: int) -> None:
    found = play(random_moves(seed, OPERATIONS_EACH), tmp_path / "world")
    if found.faults:
        shorter = f"`python -m fuzz {seed} --operations {OPERATIONS_EACH}` shows a shorter one"
        pytest.fail(f"{script(found)}\n{shorter}", pytrace=False)
