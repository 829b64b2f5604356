"""What a table shows of one metric of one step: the values, their mean, their standard deviation.

Numbers keep the digits that were written. The arithmetic is decimal, so that 71.4 is 71.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal, localcontext
from math import isfinite, nan
from typing import NamedTuple

from explog.results.values import Number, Sample

# What is longer than any float that a program prints is shown with a few digits and an exponent.
_LONGEST = 24
_DIGITS_OF_LONG = 6
# Outside of these powers of ten, a mean has an exponent.
_PLAIN = range(-5, 16)
# Infinities and NaN go through, as with floats.
_CONTEXT = Context(prec=60, traps=[])


class Cell(NamedTuple):
    """The values that a step has of one metric, at least one.

    `mean` is theirs, and `sd` the standard deviation of the sample, dividing by n - 1: None for a
    single value. Where they have different units, both are None. `text` is what is shown, and
    `mean_text` and `sd_text` are the parts of it; `unit` is the one that all have, or empty.
    """

    values: tuple[Number, ...]
    mean: float | None
    sd: float | None
    text: str
    mean_text: str
    sd_text: str
    unit: str

    @property
    def finite_mean(self) -> float | None:
        """The mean, if it is a number that can be compared and drawn."""
        return self.mean if self.mean is not None and isfinite(self.mean) else None


def make_cell(values: Sequence[Number]) -> Cell:
    """Return the cell for VALUES, of which there is at least one."""
    unit = values[0].unit
    if len(values) == 1:
        (number,) = values
        text = _written(number)
        value = nan if number.value is None else float(number.value)
        return Cell((number,), value, None, with_unit(text, unit), text, "", unit)
    if any(number.unit != unit for number in values):
        text = ", ".join(with_unit(_written(number), number.unit) for number in values)
        return Cell(tuple(values), None, None, text, text, "", "")
    with localcontext(_CONTEXT):
        numbers = list(map(_decimal, values))
        mean, sd = _mean_and_sd(numbers)
        mean_text, sd_text = _texts(numbers, mean, sd)
    shown = f"{mean_text} ± {sd_text}" if sd_text else mean_text
    deviation = float(sd) if sd.is_finite() else None
    text = with_unit(shown, unit)
    return Cell(tuple(values), float(mean), deviation, text, mean_text, sd_text, unit)


def make_cells(samples: Iterable[Sample]) -> dict[str, Cell]:
    """Return the cell of each metric in SAMPLES, which are of one step."""
    found = gathered(sample.metrics for sample in samples)
    return {name: make_cell(numbers) for name, numbers in found.items()}


def gathered(said: Iterable[Mapping[str, Number]]) -> dict[str, list[Number]]:
    """Return the numbers of each name in what is SAID."""
    found: dict[str, list[Number]] = {}
    for numbers in said:
        for name, number in numbers.items():
            found.setdefault(name, []).append(number)
    return found


def with_unit(text: str, unit: str) -> str:
    """Return the number TEXT with UNIT behind it, if it has one."""
    return f"{text} {unit}" if unit else text


def _decimal(number: Number) -> Decimal:
    """Return NUMBER as it was written; as it was read if Python writes it otherwise."""
    found = _CONTEXT.create_decimal(number.text)
    return _CONTEXT.create_decimal(repr(number.value)) if found.is_nan() else found


def _mean_and_sd(values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    mean = sum(values, Decimal(0)) / len(values)
    squares = sum(((value - mean) ** 2 for value in values), Decimal(0))
    return mean, (squares / (len(values) - 1)).sqrt()


def _written(number: Number) -> str:
    """Return NUMBER as it was written; shorter if it is longer than any float."""
    text = number.text
    if len(text) <= _LONGEST and number.value is not None and isfinite(number.value):
        return text
    found = _decimal(number)
    return f"{found:.{_DIGITS_OF_LONG - 1}e}" if found.is_finite() else _not_finite(found)


def _not_finite(value: Decimal) -> str:
    if value.is_nan():
        return "nan"
    return "inf" if value > 0 else "-inf"


def _texts(values: Sequence[Decimal], mean: Decimal, sd: Decimal) -> tuple[str, str]:
    """Return the texts of MEAN and SD.

    SD has two significant digits. MEAN ends where SD ends, and has one digit more than any of
    VALUES at most.
    """
    if not mean.is_finite():
        return _not_finite(mean), ""
    written = max(map(_places, values))
    if not sd:
        return _fixed(mean, written), "0"
    places = 1 - sd.adjusted()
    rounded = round(sd, places)
    places = 1 - rounded.adjusted()  # 0.0996 is 0.10
    return _fixed(mean, min(written + 1, places)), _fixed(rounded, places)


def _places(value: Decimal) -> int:
    """Return how many digits VALUE has behind the point."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _fixed(value: Decimal, places: int) -> str:
    """Return VALUE with PLACES digits behind the point, or as many as that is with an exponent."""
    if not value or value.adjusted() in _PLAIN:
        return f"{value:.{max(places, 0)}f}"
    digits = min(max(value.adjusted() + places, 0), _DIGITS_OF_LONG - 1)
    return f"{value:.{digits}e}"
