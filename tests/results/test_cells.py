"""A cell keeps the digits that were written, and shows mean and deviation with fitting ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.results.cells import make_cell
from explog.results.values import Number
from support.results import number


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("71.4", "71.4"),
        ("71.40", "71.40"),
        ("71.4 %", "71.4 %"),
        ("1e-3", "1e-3"),
        ("-0.50", "-0.50"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("-inf", "-inf"),
        ("0.7137254901960784", "0.7137254901960784"),
        ("7" * 24, "7" * 24),
        ("7" * 300, "7.77778e+299"),
        # Two and more values: one digit more at most, and two of the deviation.
        ("71.4, 71.9, 72.0", "71.77 ± 0.32"),
        ("71.4 %, 71.6 %", "71.50 ± 0.14 %"),
        ("0.7137254901960784, 0.7158254901960784", "0.7148 ± 0.0015"),
        ("3, 4, 4", "3.7 ± 0.58"),
        ("100, 300, 900", "433 ± 420"),
        ("12000, 12246", "12123 ± 170"),
        ("5, 5", "5 ± 0"),
        ("5.0, 5.0", "5.0 ± 0"),
        ("1e-7, 3e-7", "2.0e-7 ± 1.4e-7"),
        ("1e20, 3e20", "2.0e+20 ± 1.4e+20"),
        ("0, 0.1992", "0.10 ± 0.14"),
        ("1, nan", "nan"),
        ("1, inf", "inf"),
        ("inf, -inf", "nan"),
        ("71.4 %, 0.714", "71.4 %, 0.714"),
    ],
)
def test_text(written: str, shown: str) -> None:
    assert make_cell([number(part.strip()) for part in written.split(",")]).text == shown


def test_mean_and_deviation() -> None:
    cell = make_cell([number(text) for text in ("71.4", "71.9", "72.0")])
    assert cell.mean == pytest.approx(71.7666666)
    assert cell.sd == pytest.approx(0.3214550)


def test_one_value_has_no_deviation() -> None:
    cell = make_cell([number("71.4")])
    assert (cell.mean, cell.sd, cell.sd_text) == (71.4, None, "")


def test_values_of_different_units_have_no_mean() -> None:
    cell = make_cell([number("71.4 %"), number("0.71")])
    assert (cell.mean, cell.sd, cell.unit) == (None, None, "")


@pytest.mark.parametrize("text", ["1" * 400, "-1e400", "1e999999999999"])
def test_what_no_float_holds_is_infinite(text: str) -> None:
    cell = make_cell([Number(text, float(text))])
    assert cell.mean is not None
    assert math.isinf(cell.mean)


@given(st.lists(st.floats(), min_size=1, max_size=5))
def test_any_floats_have_a_text(values: list[float]) -> None:
    cell = make_cell([Number(repr(value), value) for value in values])
    assert cell.text
    finite = all(map(math.isfinite, values))
    assert cell.mean is not None
    assert math.isfinite(cell.mean) is finite or not math.isfinite(math.fsum(values))
    if finite and len(values) > 1:
        assert min(values) <= cell.mean <= max(values)
