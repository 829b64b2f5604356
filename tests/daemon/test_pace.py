"""How often everything is looked at."""

from __future__ import annotations

import pytest

from explog.daemon.pace import LONGEST_SECONDS, SWEEP_SECONDS, Pace


@pytest.mark.parametrize(
    ("costs", "seconds"),
    [
        ([], SWEEP_SECONDS),
        ([5.0], SWEEP_SECONDS),  # the first sweep knows nothing yet
        ([5.0, 0.001], SWEEP_SECONDS),
        ([5.0, 0.04], 4.0),
        ([0.04, 5.0], 4.0),  # something else took that time
        ([0.04, None, 0.05, 0.06], 5.0),
        ([7.0, 7.0], LONGEST_SECONDS),
        ([7.0, 7.0, 0.0], SWEEP_SECONDS),
    ],
)
def test_a_pause_is_a_hundred_times_as_long_as_a_sweep(
    costs: list[float | None], seconds: float
) -> None:
    pace = Pace()
    for cost in costs:
        pace.swept(cost)
    assert pace.seconds == pytest.approx(seconds)
    assert 0 < pace.left() <= seconds


def test_a_change_is_seen_in_ten_seconds() -> None:
    assert LONGEST_SECONDS < 10
